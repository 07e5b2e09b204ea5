/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The edges of the fleet: this one says in the store that it is alive and how far it is, and knows
 * what the others say.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

struct fleet;
struct problem;
struct roll_wait;

/* Makes the roll, which is fleet->roll. Result: 0 or -ENOMEM. */
int fleet_roll_open(struct fleet *fleet);

/* Begins to say that this edge is alive, once etcd is open. Result: as edges_self_open(). */
int fleet_roll_begin(struct fleet *fleet);

void fleet_roll_close(struct fleet *fleet);

/* What the store says of an edge, by its name: value NULL: it has gone. */
void fleet_roll_put(struct fleet *fleet, const char *name, const char *value);

/* All of the store comes; that was all; and what is open here has been compared with it. */
void fleet_roll_read(struct fleet *fleet);
void fleet_roll_whole(struct fleet *fleet);
void fleet_roll_compared(struct fleet *fleet);

/* What is to be done here for one build: which is under way as long as this is kept. */
struct roll_task {
	int build, end; /* batches; -1: none */
};

/* Adds what is not there yet: that the build becomes as the store says, and if it ends, its end. */
void fleet_roll_add(struct fleet *fleet, struct roll_task *task, bool end);

/* Everything up to this revision has been told, and added. */
void fleet_roll_see(struct fleet *fleet, int64_t revision);

void fleet_roll_finish(struct fleet *fleet, struct roll_task task);

/* Result: why this edge may lack what the store has, so that others are better; NULL: it has all,
 * and the others know that it is there. */
const char *fleet_roll_lack(const struct fleet *fleet);

/*
 * Result: the wall time by the slowest clock of the edges that are alive, which are all there by
 * then, whatever ours says; 0: not known yet.
 */
uint64_t fleet_roll_wall_ns(const struct fleet *fleet);

/* Sets *problem if this edge's clock is no good for promises to other edges. */
void fleet_roll_judge_clock(const struct fleet *fleet, struct problem *problem);

/*
 * Calls done() once each other edge has removed what had ended up to this revision, or gets no
 * packets any more, or fleet.fence_after has passed: with the names of those that have not removed
 * it, NULL if all have. Result: 0 and a wait that lives until done() or fleet_roll_cancel(),
 * -ENOMEM or what sd-event says.
 */
int fleet_roll_await(struct fleet *fleet, int64_t revision,
		     void (*done)(void *context, const char *unconfirmed), void *context,
		     struct roll_wait **ret_wait);

/* NULL is allowed. */
void fleet_roll_cancel(struct roll_wait *wait);

/* Result: the names of all other edges, to be freed; NULL: there are none, or no memory. */
char *fleet_roll_others(const struct fleet *fleet);

/* Result: the answer to GET /v1/fleet; NULL without memory. */
json_t *fleet_roll_show(const struct fleet *fleet);
