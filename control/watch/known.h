/* SPDX-License-Identifier: BSD-3-Clause */
/* The connections that are known, by client and by lease: what connections.c is about. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "watch/connections.h"

#define KNOWN_CHAINS 16384u
#define KNOWN_SLOTS  4096u
#define KNOWN_ENDED  4096u

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
};

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
