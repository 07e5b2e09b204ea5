// SPDX-License-Identifier: BSD-3-Clause
#include "watch/connections.h"

#include <stdlib.h>

#include <sallyport/addr.h>
#include <sallyport/compiler.h>
#include <sallyport/wire.h>

#include "watch/known.h"

/* Who is told of what one call changes. */
struct visit {
	struct connections *connections;
	connections_visitor *tell;
	void *context;
	uint64_t now_ns;
};

struct connections *watch_connections_new(void)
{
	struct connections *connections = calloc(1, sizeof(*connections));

	if (connections)
		TAILQ_INIT(&connections->half_open);
	return connections;
}

void watch_connections_share(struct connections *connections)
{
	connections->shared = true;
}

const struct strays *watch_connections_strays(const struct connections *connections)
{
	return &connections->strays;
}

void watch_connections_told(struct connections *connections, const char *edge, struct sp_note *note,
			    connections_visitor *tell_of, void *context)
{
	notes_strays_mark(note);
	connections->teller = watch_known_edge(connections, edge);
	watch_connections_note(connections, note, tell_of, context);
	connections->teller = NULL;
}

void watch_connections_free(struct connections *connections)
{
	if (!connections)
		return;
	for (unsigned int i = 0; i < KNOWN_SLOTS; i++)
		while (connections->by_slot[i]) {
			struct record *record = connections->by_slot[i];

			connections->by_slot[i] = record->slot_next;
			free(record);
		}
	free(connections);
}

static void tell(const struct visit *visit, struct record *record, enum connection_change change)
{
	visit->tell(&record->connection, change, visit->context);
}

static void end(const struct visit *visit, struct record *record, enum connection_end how)
{
	record->connection.end = how;
	record->connection.ended_ns = visit->now_ns;
	tell(visit, record, CONNECTION_ENDED);
	watch_known_forget(visit->connections, record);
}

static void cut(const struct visit *visit, struct record *record)
{
	struct connections *connections = visit->connections;

	if (!watch_known_is_half_open(record)) {
		watch_known_count(connections, record, -1);
	} else if (!watch_known_is_answered_elsewhere(connections, record, visit->now_ns)) {
		end(visit, record, watch_known_end_unheard(&record->connection));
		return;
	}
	record->connection.end = CONNECTION_CUT;
	record->connection.ended_ns = visit->now_ns;
	tell(visit, record, CONNECTION_ENDED);
	if (watch_known_is_counted(&record->connection))
		watch_known_forget(connections, record);
}

static const struct record *find_like(struct connections *connections,
				      const struct connection *connection)
{
	const struct sp_note like = {
		.slot_index = connection->slot_index,
		.generation = connection->generation,
		.client = connection->client,
		.client_port_be = SP_BE16(connection->client_port),
	};

	return watch_known_find(connections, &like);
}

bool watch_connections_awaits(struct connections *connections, const struct connection *connection)
{
	const struct record *record = find_like(connections, connection);

	return record && watch_known_is_cut(record);
}

bool watch_connections_holds(struct connections *connections, const struct connection *connection)
{
	const struct record *record = find_like(connections, connection);

	return record && record->connection.number == connection->number;
}

static bool is_full(struct connections *connections, uint32_t slot_index)
{
	return watch_known_share(connections, slot_index).nr >= CONNECTIONS_PER_LEASE ||
	       connections->figures.open >= CONNECTIONS_MAX;
}

bool watch_connections_restore(struct connections *connections, const struct connection *connection)
{
	if (!is_full(connections, connection->slot_index) &&
	    watch_known_insert(connections, connection))
		return true;
	connections->figures.left_out++;
	return false;
}

/* What is half open longest has had its time: of the same lease first, then of all. */
static void make_way(const struct visit *visit, uint32_t slot_index)
{
	struct connections *connections = visit->connections;
	struct known_share share = watch_known_share(connections, slot_index);
	struct record *oldest = NULL;

	if (share.nr_half_open >= CONNECTIONS_HALF_OPEN_PER_LEASE)
		oldest = share.oldest;
	else if (connections->figures.half_open >= CONNECTIONS_HALF_OPEN_MAX)
		oldest = TAILQ_FIRST(&connections->half_open);
	if (!oldest)
		return;
	connections->figures.gave_way++;
	end(visit, oldest, watch_known_end_unheard(&oldest->connection));
}

/* Result: a new half-open connection whose client's SYN had that number, NULL without memory. */
static struct record *open(const struct visit *visit, const struct sp_note *note, uint32_t seq)
{
	struct connection connection = watch_known_of_note(note);
	struct record *record;

	connection.syn_seq[SP_TOWARD_VM] = seq;
	make_way(visit, note->slot_index);
	record = watch_known_insert(visit->connections, &connection);
	if (!record)
		return NULL;
	visit->connections->figures.attempts++;
	tell(visit, record, CONNECTION_OPENED);
	return record;
}

/* Of one whose port its client uses anew. */
static void end_anew(const struct visit *visit, struct record *record)
{
	end(visit, record,
	    record->connection.fins ? record->connection.end : CONNECTION_RESET_BY_CLIENT);
}

/*
 * A SYN: a new connection, or one sent again. Other numbers: the client began anew on its port; but
 * one that is established ends by nobody's SYN, only once the VM accepts it.
 */
static void note_opens(const struct visit *visit, const struct sp_note *note, struct record *record)
{
	if (record && (!watch_known_is_half_open(record) ||
		       record->connection.syn_seq[SP_TOWARD_VM] == note->seq))
		return;
	if (record)
		end_anew(visit, record);
	open(visit, note, note->seq);
}

/* What the VM answers: the number that it acknowledges is the one after the client's. */
static void note_accepted(const struct visit *visit, const struct sp_note *note,
			  struct record *record)
{
	bool first;

	if (record && !watch_known_is_half_open(record)) {
		if (record->connection.syn_seq[SP_TOWARD_VM] == note->ack - 1)
			return;
		end_anew(visit, record);
		record = NULL;
	}
	if (!record)
		record = open(visit, note, note->ack - 1);
	if (!record)
		return;
	first = !record->connection.accepted_ns;
	record->accepted_again_ns = note->ring.at_ns;
	record->connection.syn_seq[SP_TOWARD_CLIENT] = note->seq;
	if (!first)
		return;
	record->connection.accepted_ns = note->ring.at_ns;
	tell(visit, record, CONNECTION_ACCEPTED);
}

/* Result: whether there was room among the established; else it is forgotten. */
static bool establish(const struct visit *visit, struct record *record)
{
	struct connections *connections = visit->connections;

	if (is_full(connections, record->connection.slot_index)) {
		connections->figures.left_out++;
		watch_known_forget(connections, record);
		return false;
	}
	TAILQ_REMOVE(&connections->half_open, record, half_open);
	watch_known_count(connections, record, -1);
	record->connection.established_ns = visit->now_ns;
	if (!record->connection.accepted_ns)
		record->connection.accepted_ns = visit->now_ns;
	watch_known_count(connections, record, 1);
	connections->figures.opened++;
	tell(visit, record, CONNECTION_ESTABLISHED);
	return true;
}

/*
 * The client's answer to the VM, who had not been heard of if its note was lost, or gave way: the
 * numbers of both are in it.
 */
static void note_established(const struct visit *visit, const struct sp_note *note,
			     struct record *record)
{
	if (record && !watch_known_is_half_open(record)) {
		if (record->connection.syn_seq[SP_TOWARD_CLIENT] == note->ack - 1)
			return;
		end_anew(visit, record);
		record = NULL;
	}
	if (!record)
		record = open(visit, note, note->seq - 1);
	if (!record)
		return;
	record->connection.syn_seq[SP_TOWARD_CLIENT] = note->ack - 1;
	establish(visit, record);
}

/*
 * What went one way: from the number after the SYN's to end_seq, the one after the last byte. One
 * before all that is of a probe, and says nothing.
 */
static void count_to(struct connection *connection, unsigned int direction, uint32_t end_seq)
{
	if (!connection->established_ns || connection->counted & 1u << direction ||
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

/*
 * Does a FIN show what the note of the first answer would have? A VM closes what it holds for
 * established, a client acknowledges the number that the VM chose.
 */
static bool proves(const struct connection *connection, const struct sp_note *note)
{
	if (!connection->accepted_ns)
		return false;
	return note->direction == SP_TOWARD_CLIENT ||
	       (note->tcp_flags & SP_TCP_ACK &&
		note->ack == connection->syn_seq[SP_TOWARD_CLIENT] + 1);
}

static void name_edge(const struct visit *visit, struct connection *connection)
{
	if (visit->connections->teller)
		connection->at_edge = visit->connections->teller;
}

static void note_closes(const struct visit *visit, const struct sp_note *note,
			struct record *record)
{
	struct connection *connection = &record->connection;
	uint8_t both = 1u << SP_TOWARD_VM | 1u << SP_TOWARD_CLIENT;

	if (watch_known_is_half_open(record) && !proves(connection, note)) {
		notes_strays_add(&visit->connections->strays, note);
		return;
	}
	if (watch_known_is_half_open(record) && !establish(visit, record))
		return;
	name_edge(visit, connection);
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
		end(visit, record, connection->end);
	else
		tell(visit, record, CONNECTION_CLOSING);
}

/* A reset loses what its sender has not received, so that is not counted. */
static void note_reset(const struct visit *visit, const struct sp_note *note, struct record *record)
{
	count_sent(&record->connection, note);
	count_received(&record->connection, note);
	name_edge(visit, &record->connection);
	end(visit, record,
	    note->direction == SP_TOWARD_VM ? CONNECTION_RESET_BY_CLIENT : CONNECTION_RESET_BY_VM);
}

/* Its payload did not get through, all before that may have. A SYN is sent again, if anything. */
static void count_late(struct connection *connection, const struct sp_note *note)
{
	if (note->tcp_flags & SP_TCP_SYN)
		return;
	count_to(connection, note->direction & 1, note->seq);
	count_received(connection, note);
}

/*
 * One whose client's answer went another way: a VM that has the connection answers what provokes it
 * by an ACK, one that has not by a SYN-ACK. Result: whether it is known as established now.
 */
static bool prove_late(const struct visit *visit, const struct sp_note *note, struct record *record)
{
	uint8_t flags = note->tcp_flags & (SP_TCP_SYN | SP_TCP_RST | SP_TCP_ACK);

	if (note->kind != SP_NOTE_LATE || flags != SP_TCP_ACK || !establish(visit, record))
		return false;
	tell(visit, record, CONNECTION_ENDED);
	return true;
}

/* A note of one that was cut: of its last moment, or of the VM's answer after that. */
static void note_cut(const struct visit *visit, const struct sp_note *note, struct record *record)
{
	struct connection *connection = &record->connection;

	if (watch_known_is_half_open(record) && !prove_late(visit, note, record))
		return;
	if (note->kind == SP_NOTE_LATE)
		count_late(connection, note);
	else if (note->kind == SP_NOTE_CLOSES || note->kind == SP_NOTE_RESET)
		count_sent(connection, note);
	if (!watch_known_is_counted(connection))
		return;
	tell(visit, record, CONNECTION_COUNTED);
	watch_known_forget(visit->connections, record);
}

void watch_connections_note(struct connections *connections, const struct sp_note *note,
			    connections_visitor *tell_of, void *context)
{
	struct visit visit = {connections, tell_of, context, note->ring.at_ns};
	struct record *record = watch_known_find(connections, note);

	if (record && watch_known_is_cut(record)) {
		note_cut(&visit, note, record);
		return;
	}
	if (!record && watch_known_has_ended(connections, note))
		return;
	switch (note->kind) {
	case SP_NOTE_OPENS:
		note_opens(&visit, note, record);
		return;
	case SP_NOTE_ACCEPTED:
		note_accepted(&visit, note, record);
		return;
	case SP_NOTE_ESTABLISHED:
		note_established(&visit, note, record);
		return;
	default:
		break;
	}
	if (!record)
		notes_strays_add(&connections->strays, note);
	else if (note->kind == SP_NOTE_CLOSES)
		note_closes(&visit, note, record);
	else if (note->kind == SP_NOTE_RESET)
		note_reset(&visit, note, record);
	else if (note->kind == SP_NOTE_LATE) /* its end is not known here yet */
		count_late(&record->connection, note);
}

static void expire(const struct visit *visit, struct record *record)
{
	struct connection *connection = &record->connection;

	if (watch_known_is_cut(record)) {
		if (visit->now_ns >= connection->ended_ns + CONNECTIONS_LATE_NS)
			watch_known_forget(visit->connections, record);
	} else if (watch_known_is_overdue(visit->connections, record, visit->now_ns)) {
		end(visit, record,
		    connection->fins ? connection->end : watch_known_end_unheard(connection));
	}
}

void watch_connections_expire(struct connections *connections, uint64_t now_ns,
			      connections_visitor *tell_of, void *context)
{
	struct visit visit = {connections, tell_of, context, now_ns};

	for (unsigned int i = 0; i < KNOWN_SLOTS; i++)
		for (struct record *record = connections->by_slot[i], *next; record;
		     record = next) {
			next = record->slot_next;
			expire(&visit, record);
		}
}

static bool is_of(const struct record *record, uint32_t slot_index, uint32_t generation)
{
	return record->connection.slot_index == slot_index &&
	       record->connection.generation == generation && !watch_known_is_cut(record);
}

void watch_connections_each(struct connections *connections, uint32_t slot_index,
			    uint32_t generation, connections_visitor *tell_of, void *context)
{
	for (struct record *record = *watch_known_of_slot(connections, slot_index); record;
	     record = record->slot_next)
		if (is_of(record, slot_index, generation) && !watch_known_is_half_open(record))
			tell_of(&record->connection, CONNECTION_UNCHANGED, context);
}

unsigned int watch_connections_nr(struct connections *connections, uint32_t slot_index,
				  uint32_t generation)
{
	unsigned int nr = 0;

	for (const struct record *record = *watch_known_of_slot(connections, slot_index); record;
	     record = record->slot_next)
		nr += is_of(record, slot_index, generation) && !watch_known_is_half_open(record);
	return nr;
}

void watch_connections_cut(struct connections *connections, uint32_t slot_index,
			   uint32_t generation, uint64_t now_ns, connections_visitor *tell_of,
			   void *context)
{
	struct visit visit = {connections, tell_of, context, now_ns};

	for (struct record *record = *watch_known_of_slot(connections, slot_index), *next; record;
	     record = next) {
		next = record->slot_next;
		if (is_of(record, slot_index, generation))
			cut(&visit, record);
	}
}

void watch_connections_cut_if(struct connections *connections,
			      bool (*is_over)(const struct connection *connection, void *context),
			      uint64_t now_ns, connections_visitor *tell_of, void *context)
{
	struct visit visit = {connections, tell_of, context, now_ns};

	for (unsigned int i = 0; i < KNOWN_SLOTS; i++)
		for (struct record *record = connections->by_slot[i], *next; record;
		     record = next) {
			next = record->slot_next;
			if (!watch_known_is_cut(record) && is_over(&record->connection, context))
				cut(&visit, record);
		}
}

void watch_connections_figures(const struct connections *connections,
			       struct connections_figures *ret_figures)
{
	*ret_figures = connections->figures;
}
