/* SPDX-License-Identifier: BSD-3-Clause */
/* The connections that are known, by client and by lease: what connections.c is about. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <sallyport/compiler.h>

#include "host/config.h"
#include "watch/connections.h"
#include "watch/notes/strays.h"

#define KNOWN_CHAINS 16384u
#define KNOWN_SLOTS  4096u
#define KNOWN_ENDED  4096u
#define KNOWN_EDGES  256u

/*
 * In a chain by its client, in a list with the others of its slot's chain, and while it is half
 * open in the queue of those.
 */
struct record {
	struct connection connection;
	struct record *next;
	struct record *slot_next;
	struct record *slot_before;
	TAILQ_ENTRY(record) half_open;
	uint64_t accepted_again_ns; /* the latest SYN-ACK of the VM */
};

/*
 * One that is over. What it is known by stays for a while, in a place that the next may take:
 * segments of its opening that were sent twice may come after its end, and open nothing.
 */
struct ended {
	struct sp_addr client;
	uint32_t slot_index;
	uint32_t generation;
	uint32_t syn_seq[2]; /* by enum sp_direction */
	uint16_t client_port;
	bool accepted;
};

struct connections {
	struct record *by_client[KNOWN_CHAINS];
	struct record *by_slot[KNOWN_SLOTS];
	TAILQ_HEAD(half_open, record) half_open; /* the oldest first */
	struct ended ended[KNOWN_ENDED];
	struct connections_figures figures;
	bool shared; /* other edges carry packets of them too */
	struct strays strays;
	const char *teller; /* the edge whose note is taken; NULL: this one */
	char edges[KNOWN_EDGES][CONFIG_NAME_SIZE]; /* that told some; up to the first empty one */
};

/* Result: what a note says of a connection that begins with it. */
static inline struct connection watch_known_of_note(const struct sp_note *note)
{
	return (struct connection){
		.slot_index = note->slot_index,
		.generation = note->generation,
		.client = note->client,
		.client_port = SP_HOST16(note->client_port_be),
		.opened_ns = note->ring.at_ns,
	};
}

/* Result: the one that a note is about, or NULL. */
struct record *watch_known_find(struct connections *connections, const struct sp_note *note);

/* Result: whether a note that would open a connection is of one that is over. */
bool watch_known_has_ended(const struct connections *connections, const struct sp_note *note);

/* Result: where those of a slot, and of some others, begin. */
struct record **watch_known_of_slot(struct connections *connections, uint32_t slot_index);

/* It has ended, and is here for its bytes alone. */
static inline bool watch_known_is_cut(const struct record *record)
{
	return record->connection.end == CONNECTION_CUT;
}

static inline bool watch_known_is_half_open(const struct record *record)
{
	return !record->connection.established_ns;
}

/* Result: whether it is known how much went each way. */
static inline bool watch_known_is_counted(const struct connection *connection)
{
	return connection->counted == (1u << SP_TOWARD_VM | 1u << SP_TOWARD_CLIENT);
}

/* How one that is half open ends if nothing more is heard of it. */
static inline enum connection_end watch_known_end_unheard(const struct connection *connection)
{
	return connection->accepted_ns ? CONNECTION_UNCONFIRMED : CONNECTION_UNANSWERED;
}

/*
 * Result: whether the VM has had an answer by another edge. It sends its SYN-ACK again until then,
 * at times that are known, and has not when it was time.
 */
bool watch_known_is_answered_elsewhere(const struct connections *connections,
				       const struct record *record, uint64_t now_ns);

/* Result: whether it has ended by now, or is given up, though nothing more was heard of it. */
bool watch_known_is_overdue(const struct connections *connections, const struct record *record,
			    uint64_t now_ns);

/* Result: the name of an edge, as long as the connections; NULL: there are too many. */
const char *watch_known_edge(struct connections *connections, const char *name);

/* What a lease has: how many of either kind, and the oldest that is half open. */
struct known_share {
	unsigned int nr;
	unsigned int nr_half_open;
	struct record *oldest;
};

struct known_share watch_known_share(struct connections *connections, uint32_t slot_index);

/* Result: a copy of its own, NULL without memory. */
struct record *watch_known_insert(struct connections *connections,
				  const struct connection *connection);
void watch_known_forget(struct connections *connections, struct record *record);

/* Counts it in, by 1, or out, by -1: before and after what it is changes. */
void watch_known_count(struct connections *connections, const struct record *record, int by);
