// SPDX-License-Identifier: BSD-3-Clause
#include "watch/known.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sallyport/addr.h>
#include <sallyport/compiler.h>

#include "host/boottime.h"

static uint64_t client_hash(uint32_t slot_index, const struct sp_addr *client, uint16_t client_port)
{
	return sp_addr_hash(client, (uint64_t)slot_index << 16 | client_port);
}

static struct record **client_chain(struct connections *connections, uint32_t slot_index,
				    const struct sp_addr *client, uint16_t client_port)
{
	uint64_t hash = client_hash(slot_index, client, client_port);

	return &connections->by_client[hash % KNOWN_CHAINS];
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

static unsigned int place_of_ended(uint32_t slot_index, const struct sp_addr *client,
				   uint16_t client_port)
{
	return (unsigned int)(client_hash(slot_index, client, client_port) % KNOWN_ENDED);
}

bool watch_known_has_ended(const struct connections *connections, const struct sp_note *note)
{
	uint16_t client_port = SP_HOST16(note->client_port_be);
	const struct ended *ended =
		&connections->ended[place_of_ended(note->slot_index, &note->client, client_port)];

	if (ended->slot_index != note->slot_index || ended->generation != note->generation ||
	    ended->client_port != client_port || !sp_addr_equal(&ended->client, &note->client))
		return false;
	switch (note->kind) {
	case SP_NOTE_OPENS:
		return note->seq == ended->syn_seq[SP_TOWARD_VM];
	case SP_NOTE_ACCEPTED:
		return ended->accepted && note->seq == ended->syn_seq[SP_TOWARD_CLIENT] &&
		       note->ack - 1 == ended->syn_seq[SP_TOWARD_VM];
	case SP_NOTE_ESTABLISHED:
		return ended->accepted && note->ack - 1 == ended->syn_seq[SP_TOWARD_CLIENT];
	default:
		return false;
	}
}

/* One that is only given up may still come to something. */
static bool is_over(const struct record *record)
{
	enum connection_end end = record->connection.end;

	return !watch_known_is_half_open(record) || end == CONNECTION_RESET_BY_VM ||
	       end == CONNECTION_RESET_BY_CLIENT;
}

static void remember_ended(struct connections *connections, const struct connection *it)
{
	unsigned int place = place_of_ended(it->slot_index, &it->client, it->client_port);

	connections->ended[place] = (struct ended){
		.client = it->client,
		.slot_index = it->slot_index,
		.generation = it->generation,
		.syn_seq = {it->syn_seq[0], it->syn_seq[1]},
		.client_port = it->client_port,
		.accepted = it->accepted_ns != 0,
	};
}

bool watch_known_is_answered_elsewhere(const struct connections *connections,
				       const struct record *record, uint64_t now_ns)
{
	/* When Linux sends it again, after the first time; a SYN that is sent again has its own. */
	static const unsigned int again_s[] = {1, 3, 7, 15, 31};
	uint64_t first_ns = record->connection.accepted_ns;

	if (!connections->shared || !first_ns || !watch_known_is_half_open(record))
		return false;
	for (unsigned int i = 0; i < sizeof(again_s) / sizeof(again_s[0]); i++) {
		uint64_t next_ns = first_ns + again_s[i] * NS_PER_S;

		if (next_ns > record->accepted_again_ns + NS_PER_S / 2)
			return now_ns >= next_ns + NS_PER_S;
	}
	return false;
}

/* What was noted after now was read is not overdue. */
bool watch_known_is_overdue(const struct connections *connections, const struct record *record,
			    uint64_t now_ns)
{
	const struct connection *connection = &record->connection;
	uint64_t since_ns =
		connection->accepted_ns ? connection->accepted_ns : connection->opened_ns;

	if (connection->fins)
		return now_ns >= connection->ended_ns + CONNECTIONS_HALF_NS;
	return !connection->established_ns && now_ns >= since_ns + CONNECTIONS_UNANSWERED_NS &&
	       !watch_known_is_answered_elsewhere(connections, record, now_ns);
}

const char *watch_known_edge(struct connections *connections, const char *name)
{
	for (unsigned int i = 0; i < KNOWN_EDGES; i++) {
		char *edge = connections->edges[i];

		if (!*edge)
			snprintf(edge, CONFIG_NAME_SIZE, "%s", name);
		if (strcmp(edge, name) == 0)
			return edge;
	}
	return NULL;
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

	if (is_over(record))
		remember_ended(connections, &record->connection);
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
