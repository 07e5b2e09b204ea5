// SPDX-License-Identifier: BSD-3-Clause
#include "watch/connections.h"

#include <stdlib.h>
#include <string.h>

#include <sallyport/addr.h>
#include <sallyport/wire.h>

#define CHAINS	   16384u
#define SLOT_CHAIN 4096u

/* In a chain by its client, and in a list with the others of its slot's chain. */
struct record {
	struct connection connection;
	struct record *next;
	struct record *slot_next;
	struct record *slot_before;
};

struct connections {
	struct record *by_client[CHAINS];
	struct record *by_slot[SLOT_CHAIN];
	struct connections_figures figures;
};

struct connections *watch_connections_new(void)
{
	return calloc(1, sizeof(struct connections));
}

void watch_connections_free(struct connections *connections)
{
	if (!connections)
		return;
	for (unsigned int i = 0; i < SLOT_CHAIN; i++)
		while (connections->by_slot[i]) {
			struct record *record = connections->by_slot[i];

			connections->by_slot[i] = record->slot_next;
			free(record);
		}
	free(connections);
}

static struct record **client_chain(struct connections *connections, uint32_t slot_index,
				    const struct sp_addr *client, uint16_t client_port)
{
	uint64_t seed = (uint64_t)slot_index << 16 | client_port;

	return &connections->by_client[sp_addr_hash(client, seed) % CHAINS];
}

static struct record **chain_of(struct connections *connections, const struct connection *it)
{
	return client_chain(connections, it->slot_index, &it->client, it->client_port);
}

static struct record **slot_chain(struct connections *connections, uint32_t slot_index)
{
	return &connections->by_slot[slot_index % SLOT_CHAIN];
}

static bool same(const struct connection *connection, const struct sp_note *note)
{
	return connection->slot_index == note->slot_index &&
	       connection->generation == note->generation &&
	       connection->client_port == SP_HOST16(note->client_port_be) &&
	       sp_addr_equal(&connection->client, &note->client);
}

static struct record *find(struct connections *connections, const struct sp_note *note)
{
	struct record *record = *client_chain(connections, note->slot_index, &note->client,
					      SP_HOST16(note->client_port_be));

	while (record && !same(&record->connection, note))
		record = record->next;
	return record;
}

static bool full(struct connections *connections, uint32_t slot_index)
{
	unsigned int nr = 0;

	for (const struct record *record = *slot_chain(connections, slot_index); record;
	     record = record->slot_next)
		nr += record->connection.slot_index == slot_index;
	return nr >= CONNECTIONS_PER_LEASE || connections->figures.open >= CONNECTIONS_MAX;
}

static struct record *insert(struct connections *connections, const struct connection *connection)
{
	struct record *record = NULL, **chain, **list;

	if (!full(connections, connection->slot_index))
		record = calloc(1, sizeof(*record));
	if (!record) {
		connections->figures.left_out++;
		return NULL;
	}
	record->connection = *connection;
	chain = chain_of(connections, connection);
	record->next = *chain;
	*chain = record;
	list = slot_chain(connections, connection->slot_index);
	record->slot_next = *list;
	if (*list)
		(*list)->slot_before = record;
	*list = record;
	connections->figures.open++;
	return record;
}

/* It has ended, and is here for its bytes alone. */
static bool is_cut(const struct record *record)
{
	return record->connection.end == CONNECTION_CUT;
}

static void forget(struct connections *connections, struct record *record)
{
	struct record **at = chain_of(connections, &record->connection);

	while (*at != record)
		at = &(*at)->next;
	*at = record->next;
	if (record->slot_before)
		record->slot_before->slot_next = record->slot_next;
	else
		*slot_chain(connections, record->connection.slot_index) = record->slot_next;
	if (record->slot_next)
		record->slot_next->slot_before = record->slot_before;
	connections->figures.open -= !is_cut(record);
	free(record);
}

static void end(struct connections *connections, struct record *record, enum connection_end how,
		uint64_t now_ns, connections_visitor *visit, void *context)
{
	record->connection.end = how;
	record->connection.ended_ns = now_ns;
	visit(&record->connection, CONNECTION_ENDED, context);
	forget(connections, record);
}

static bool is_counted(const struct connection *connection)
{
	return connection->counted == (1u << SP_TOWARD_VM | 1u << SP_TOWARD_CLIENT);
}

static void cut(struct connections *connections, struct record *record, uint64_t now_ns,
		connections_visitor *visit, void *context)
{
	record->connection.end = CONNECTION_CUT;
	record->connection.ended_ns = now_ns;
	connections->figures.open--;
	visit(&record->connection, CONNECTION_ENDED, context);
	if (!record->connection.accepted_ns || is_counted(&record->connection))
		forget(connections, record);
}

bool watch_connections_awaits(struct connections *connections, const struct connection *connection)
{
	const struct sp_note like = {
		.slot_index = connection->slot_index,
		.generation = connection->generation,
		.client = connection->client,
		.client_port_be = SP_BE16(connection->client_port),
	};
	const struct record *record = find(connections, &like);

	return record && is_cut(record);
}

bool watch_connections_restore(struct connections *connections, const struct connection *connection)
{
	return insert(connections, connection) != NULL;
}

/* A SYN: a new connection, or one sent again. Other numbers: the client began anew on its port. */
static void note_opens(struct connections *connections, const struct sp_note *note,
		       struct record *record, connections_visitor *visit, void *context)
{
	struct connection connection = {
		.slot_index = note->slot_index,
		.generation = note->generation,
		.client = note->client,
		.client_port = SP_HOST16(note->client_port_be),
		.opened_ns = note->ring.at_ns,
		.syn_seq[SP_TOWARD_VM] = note->seq,
	};

	if (record && record->connection.syn_seq[SP_TOWARD_VM] == note->seq)
		return;
	if (record)
		end(connections, record,
		    record->connection.fins ? record->connection.end : CONNECTION_RESET_BY_CLIENT,
		    note->ring.at_ns, visit, context);
	record = insert(connections, &connection);
	if (!record)
		return;
	connections->figures.opened++;
	visit(&record->connection, CONNECTION_OPENED, context);
}

static struct record *oldest_unanswered(struct connections *connections, uint32_t slot_index)
{
	struct record *oldest = NULL;

	for (struct record *record = *slot_chain(connections, slot_index); record;
	     record = record->slot_next)
		if (record->connection.slot_index == slot_index &&
		    !record->connection.accepted_ns &&
		    (!oldest || record->connection.opened_ns < oldest->connection.opened_ns))
			oldest = record;
	return oldest;
}

/*
 * A SYN that was left out, and is answered: what the answer acknowledges is the SYN's number. It
 * takes the place of one that nobody has answered. Result: NULL if there is none.
 */
static struct record *open_answered(struct connections *connections, const struct sp_note *note,
				    connections_visitor *visit, void *context)
{
	struct sp_note syn = *note;
	struct record *unanswered;

	if (!full(connections, note->slot_index))
		return NULL;
	unanswered = oldest_unanswered(connections, note->slot_index);
	if (!unanswered)
		return NULL;
	end(connections, unanswered, CONNECTION_UNANSWERED, note->ring.at_ns, visit, context);
	syn.seq = note->ack - 1;
	note_opens(connections, &syn, NULL, visit, context);
	return find(connections, note);
}

static void note_accepted(struct connections *connections, const struct sp_note *note,
			  struct record *record, connections_visitor *visit, void *context)
{
	if (!record)
		record = open_answered(connections, note, visit, context);
	if (!record || record->connection.accepted_ns)
		return;
	record->connection.accepted_ns = note->ring.at_ns;
	record->connection.syn_seq[SP_TOWARD_CLIENT] = note->seq;
	visit(&record->connection, CONNECTION_ACCEPTED, context);
}

/*
 * What went one way: from the number after the SYN's to end_seq, the one after the last byte. One
 * before all that is of a probe, and says nothing.
 */
static void count_to(struct connection *connection, unsigned int direction, uint32_t end_seq)
{
	if (!connection->accepted_ns || connection->counted & 1u << direction ||
	    end_seq == connection->syn_seq[direction])
		return;
	connection->bytes[direction] = (uint32_t)(end_seq - connection->syn_seq[direction] - 1);
	connection->counted |= (uint8_t)(1u << direction);
}

/* What the sender of the segment has sent. */
static void count_sent(struct connection *connection, const struct sp_note *note)
{
	count_to(connection, note->direction & 1, note->seq + note->payload_bytes);
}

/* What the sender of the segment has received, in one piece. */
static void count_received(struct connection *connection, const struct sp_note *note)
{
	if (note->tcp_flags & SP_TCP_ACK)
		count_to(connection, !(note->direction & 1), note->ack);
}

static void note_closes(struct connections *connections, const struct sp_note *note,
			struct record *record, connections_visitor *visit, void *context)
{
	struct connection *connection = &record->connection;
	uint8_t both = 1u << SP_TOWARD_VM | 1u << SP_TOWARD_CLIENT;

	count_sent(connection, note);
	if (!connection->fins) {
		connection->end = note->direction == SP_TOWARD_VM ? CONNECTION_CLOSED_BY_CLIENT
								  : CONNECTION_CLOSED_BY_VM;
		connection->ended_ns = note->ring.at_ns;
	}
	if (connection->fins & 1u << (note->direction & 1))
		return;
	connection->fins |= (uint8_t)(1u << (note->direction & 1));
	if (connection->fins == both)
		end(connections, record, connection->end, note->ring.at_ns, visit, context);
	else
		visit(connection, CONNECTION_CLOSING, context);
}

/* A reset loses what its sender has not received, so that is not counted. */
static void note_reset(struct connections *connections, const struct sp_note *note,
		       struct record *record, connections_visitor *visit, void *context)
{
	count_sent(&record->connection, note);
	count_received(&record->connection, note);
	end(connections, record,
	    note->direction == SP_TOWARD_VM ? CONNECTION_RESET_BY_CLIENT : CONNECTION_RESET_BY_VM,
	    note->ring.at_ns, visit, context);
}

/* Its payload did not get through, all before that may have. A SYN is sent again, if anything. */
static void count_late(struct connection *connection, const struct sp_note *note)
{
	if (note->tcp_flags & SP_TCP_SYN)
		return;
	count_to(connection, note->direction & 1, note->seq);
	count_received(connection, note);
}

/* A note of one that was cut: of its last moment, or of the VM's answer after that. */
static void note_cut(struct connections *connections, const struct sp_note *note,
		     struct record *record, connections_visitor *visit, void *context)
{
	struct connection *connection = &record->connection;

	if (note->kind == SP_NOTE_LATE)
		count_late(connection, note);
	else if (note->kind == SP_NOTE_CLOSES || note->kind == SP_NOTE_RESET)
		count_sent(connection, note);
	if (!is_counted(connection))
		return;
	visit(connection, CONNECTION_COUNTED, context);
	forget(connections, record);
}

void watch_connections_note(struct connections *connections, const struct sp_note *note,
			    connections_visitor *visit, void *context)
{
	struct record *record = find(connections, note);

	if (record && is_cut(record)) {
		note_cut(connections, note, record, visit, context);
		return;
	}
	if (note->kind == SP_NOTE_OPENS) {
		note_opens(connections, note, record, visit, context);
		return;
	}
	if (note->kind == SP_NOTE_ACCEPTED) {
		note_accepted(connections, note, record, visit, context);
		return;
	}
	if (!record)
		return;
	if (note->kind == SP_NOTE_CLOSES) {
		note_closes(connections, note, record, visit, context);
	} else if (note->kind == SP_NOTE_RESET) {
		note_reset(connections, note, record, visit, context);
	} else if (note->kind == SP_NOTE_LATE) { /* its end is not known here yet */
		count_late(&record->connection, note);
	}
}

/* What was noted after now was read is not overdue. */
static bool overdue(const struct connection *connection, uint64_t now_ns)
{
	if (connection->fins)
		return now_ns >= connection->ended_ns + CONNECTIONS_HALF_NS;
	return !connection->accepted_ns &&
	       now_ns >= connection->opened_ns + CONNECTIONS_UNANSWERED_NS;
}

void watch_connections_expire(struct connections *connections, uint64_t now_ns,
			      connections_visitor *visit, void *context)
{
	for (unsigned int i = 0; i < SLOT_CHAIN; i++)
		for (struct record *record = connections->by_slot[i], *next; record;
		     record = next) {
			next = record->slot_next;
			if (is_cut(record)) {
				if (now_ns >= record->connection.ended_ns + CONNECTIONS_LATE_NS)
					forget(connections, record);
				continue;
			}
			if (overdue(&record->connection, now_ns))
				end(connections, record,
				    record->connection.fins ? record->connection.end
							    : CONNECTION_UNANSWERED,
				    now_ns, visit, context);
		}
}

void watch_connections_each(struct connections *connections, uint32_t slot_index,
			    uint32_t generation, connections_visitor *visit, void *context)
{
	for (struct record *record = *slot_chain(connections, slot_index); record;
	     record = record->slot_next)
		if (record->connection.slot_index == slot_index &&
		    record->connection.generation == generation && !is_cut(record))
			visit(&record->connection, CONNECTION_UNCHANGED, context);
}

void watch_connections_cut(struct connections *connections, uint32_t slot_index,
			   uint32_t generation, uint64_t now_ns, connections_visitor *visit,
			   void *context)
{
	for (struct record *record = *slot_chain(connections, slot_index), *next; record;
	     record = next) {
		next = record->slot_next;
		if (record->connection.slot_index == slot_index &&
		    record->connection.generation == generation && !is_cut(record))
			cut(connections, record, now_ns, visit, context);
	}
}

void watch_connections_cut_if(struct connections *connections,
			      bool (*is_over)(const struct connection *connection, void *context),
			      uint64_t now_ns, connections_visitor *visit, void *context)
{
	for (unsigned int i = 0; i < SLOT_CHAIN; i++)
		for (struct record *record = connections->by_slot[i], *next; record;
		     record = next) {
			next = record->slot_next;
			if (!is_cut(record) && is_over(&record->connection, context))
				cut(connections, record, now_ns, visit, context);
		}
}

void watch_connections_figures(const struct connections *connections,
			       struct connections_figures *ret_figures)
{
	*ret_figures = connections->figures;
}
