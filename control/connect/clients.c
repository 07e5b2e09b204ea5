/* SPDX-License-Identifier: BSD-3-Clause */
#include "connect/clients.h"

#include "host/table_map.h"
#include "watch/connections.h"

struct search {
	struct connect_clients *clients;
	const struct instant *now;
	uint32_t node;
	const char *forward;
};

/* Result: where that client's connections to this port are counted, or NULL if all is full. */
static struct connect_client *find_client(struct search *search, const struct sp_addr *addr)
{
	struct connect_clients *clients = search->clients;

	for (unsigned int i = 0; i < clients->nr; i++) {
		struct connect_client *client = &clients->item[i];

		if (client->forward == search->forward && sp_addr_equal(&client->addr, addr))
			return client;
	}
	if (clients->nr == CONNECT_CLIENTS_MAX)
		return NULL;
	clients->item[clients->nr] = (struct connect_client){
		.node = search->node, .forward = search->forward, .addr = *addr};
	return &clients->item[clients->nr++];
}

static void take(struct connection *connection, enum connection_change change, void *context)
{
	struct search *search = context;
	struct connect_client *client;
	uint64_t since_wall_ns = clock_wall_at(search->now, connection->opened_ns);

	if (!connection->established_ns)
		return;
	client = find_client(search, &connection->client);
	if (!client) {
		search->clients->left_out++;
		return;
	}
	if (client->nr_connections++ == 0 || since_wall_ns < client->since_wall_ns)
		client->since_wall_ns = since_wall_ns;
}

void connect_clients_find(struct connections *connections, const struct table_map *table,
			  const struct build *build, const struct instant *now,
			  struct connect_clients *ret_clients)
{
	struct search search = {.clients = ret_clients, .now = now};

	ret_clients->nr = ret_clients->left_out = 0;
	for (unsigned int i = 0; i < build->nr_nodes && build_is_open(build); i++) {
		const struct node *node = &build->nodes[i];

		search.node = node->index;
		for (unsigned int j = 0; j < node->nr_forwards; j++) {
			uint32_t slot_index = node->forwards[j].slot_index;
			const struct sp_slot *slot = table_map_slot(table, slot_index);

			search.forward = node->forwards[j].name;
			if (slot)
				watch_connections_each(connections, slot_index, slot->generation,
						       take, &search);
		}
	}
}
