/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two workers of sallyport-dp over one table, with the same routes and neighbours: one has its
 * lane, the other has not. What they do to the same packets has to be the same.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/host_engine.h"
#include "fixture.h"

#include <sallyport/decide.h>
#include <sallyport/link/hint.h>

#define PAIR_BURST 64u

struct pair;

/* What to run, and under which circumstances. */
struct burst {
	struct frame frame[PAIR_BURST];
	uint32_t nr;
	uint64_t now_ns; /* when it was received */
	enum sp_role role;
	bool hinted; /* the port is one where the XDP program says what it found, */
	struct sp_hint hint[PAIR_BURST]; /* or what lies there, before each packet */
	uint32_t room;			 /* in the transmit ring; 0: for all of them */
	struct sp_slot
		*lost; /* NULL, or another lease's before the worker looks at the clock again */
};

/* Starts EAL, once in a process. Result: 0 or -errno. Undone by pair_close(), which takes NULL. */
int pair_open(struct fixture *fixture, struct pair **ret);
void pair_close(struct pair *pair);

/* Changes where some packets go, to the nth of several ways, so that all must be looked up anew. */
int pair_change_ways(struct pair *pair, uint32_t nth);

/* Forgets what both have counted, remembered and let in. */
void pair_forget(struct pair *pair);

/*
 * Runs a burst through both. Result: NULL, or what they did not do alike: what left, by which port
 * and how it looked; verdicts, and bytes counted, which must be those that left; usage with all
 * that is remembered there; limits; or that the lane left packets in another order than it found
 * them in.
 */
const char *pair_run(struct pair *pair, const struct burst *burst);

/* The nth of those that left the worker with the lane last. Result: 0, or -ENOENT. */
int pair_sent(const struct pair *pair, uint32_t nth, struct frame *ret);

/* Result: how many packets the lane has taken so far. */
uint64_t pair_taken(const struct pair *pair);

/* Result: how many hints of the lane's packets were worth that so far. */
uint64_t pair_hints(const struct pair *pair, enum sp_hint_worth worth);

/* Result: how many packets had that verdict so far. */
uint64_t pair_seen(const struct pair *pair, enum sp_verdict verdict);
