// SPDX-License-Identifier: BSD-3-Clause
#include "watch/known.h"

#include <stdlib.h>

#include <sallyport/addr.h>
#include <sallyport/compiler.h>

static struct record **client_chain(struct connections *connections, uint32_t slot_index,
				    const struct sp_addr *client, uint16_t client_port)
{
	uint64_t seed = (uint64_t)slot_index << 16 | client_port;

	return &connections->by_client[sp_addr_hash(client, seed) % KNOWN_CHAINS];
}

static struct record **chain_of(struct connections *connections, const struct connection *it)
{
	return client_chain(connections, it->slot_index, &it->client, it->client_port);
}

struct record **watch_known_of_slot(struct connections *connections, uint32_t slot_index)
{
	return &connections->by_slot[slot_index % KNOWN_SLOTS];
}

static bool same(const struct connection *connection, const struct sp_note *note)
{
	return connection->slot_index == note->slot_index &&
	       connection->generation == note->generation &&
	       connection->client_port == SP_HOST16(note->client_port_be) &&
	       sp_addr_equal(&connection->client, &note->client);
}

struct record *watch_known_find(struct connections *connections, const struct sp_note *note)
{
	struct record *record = *client_chain(connections, note->slot_index, &note->client,
					      SP_HOST16(note->client_port_be));

	while (record && !same(&record->connection, note))
		record = record->next;
	return record;
}

struct known_share watch_known_share(struct connections *connections, uint32_t slot_index)
{
	struct known_share share = {0};

	for (struct record *record = *watch_known_of_slot(connections, slot_index); record;
	     record = record->slot_next) {
		if (record->connection.slot_index != slot_index)
			continue;
		if (!watch_known_is_half_open(record)) {
			share.nr++;
			continue;
		}
		share.nr_half_open++;
		if (!share.oldest ||
		    record->connection.opened_ns < share.oldest->connection.opened_ns)
			share.oldest = record;
	}
	return share;
}

void watch_known_count(struct connections *connections, const struct record *record, int by)
{
	if (watch_known_is_half_open(record))
		connections->figures.half_open += (unsigned int)by;
	else if (!watch_known_is_cut(record))
		connections->figures.open += (unsigned int)by;
}

struct record *watch_known_insert(struct connections *connections,
				  const struct connection *connection)
{
	struct record *record = calloc(1, sizeof(*record)), **chain, **list;

	if (!record)
		return NULL;
	record->connection = *connection;
	chain = chain_of(connections, connection);
	record->next = *chain;
	*chain = record;
	list = watch_known_of_slot(connections, connection->slot_index);
	record->slot_next = *list;
	if (*list)
		(*list)->slot_before = record;
	*list = record;
	if (watch_known_is_half_open(record))
		TAILQ_INSERT_TAIL(&connections->half_open, record, half_open);
	watch_known_count(connections, record, 1);
	return record;
}

void watch_known_forget(struct connections *connections, struct record *record)
{
	struct record **at = chain_of(connections, &record->connection);

	while (*at != record)
		at = &(*at)->next;
	*at = record->next;
	if (record->slot_before)
		record->slot_before->slot_next = record->slot_next;
	else
		*watch_known_of_slot(connections, record->connection.slot_index) =
			record->slot_next;
	if (record->slot_next)
		record->slot_next->slot_before = record->slot_before;
	if (watch_known_is_half_open(record))
		TAILQ_REMOVE(&connections->half_open, record, half_open);
	watch_known_count(connections, record, -1);
	free(record);
}
