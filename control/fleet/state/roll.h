/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The edges of the fleet: this one says in the store that it is alive and how far it is, and knows
 * what the others say.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct edges_known;
struct edges_table;
struct fleet;
struct problem;

/* Makes the roll, which is fleet->roll. Result: 0, -ENOMEM or what sd-event says. */
int state_roll_open(struct fleet *fleet);

/* Begins to say that this edge is alive, once etcd is open. Result: as edges_self_open(). */
int state_roll_begin(struct fleet *fleet);

void state_roll_close(struct fleet *fleet);

/* What the store says of an edge, by its name, as of this revision; value NULL, and 0: it has gone.
 */
void state_roll_put(struct fleet *fleet, const char *name, const char *value, int64_t revision);

/* All of the store comes; that was all; and what is open here has been compared with it. */
void state_roll_read(struct fleet *fleet);
void state_roll_whole(struct fleet *fleet);
void state_roll_compared(struct fleet *fleet);

/* What is to be done here for one build: which is under way as long as this is kept. */
struct roll_task {
	int build, end; /* batches; -1: none */
};

/* Adds what is not there yet: that the build becomes as the store says, and if it ends, its end. */
void state_roll_add(struct fleet *fleet, struct roll_task *task, bool end);

/* One build of this revision has been told, or its end, and added. Others of it may follow: it is
 * complete with the first of a later one, or once nothing more has come at once. */
void state_roll_note(struct fleet *fleet, int64_t revision, bool end);

void state_roll_finish(struct fleet *fleet, struct roll_task task);

/* Result: why this edge may lack what the store has, so that others are better; NULL: it has all,
 * and the others know that it is there. */
const char *state_roll_lack(const struct fleet *fleet);

/*
 * Result: the wall time by the slowest clock of the edges that are alive, which are all there by
 * then, whatever ours says; 0: not known yet.
 */
uint64_t state_roll_wall_ns(const struct fleet *fleet);

/* Sets *problem if this edge's clock is no good for promises to other edges. */
void state_roll_judge_clock(const struct fleet *fleet, struct problem *problem);

/* Result: the edges, and the newest revision of a build that the store has told of. */
struct edges_table *state_roll_table(const struct fleet *fleet);
int64_t state_roll_revision(const struct fleet *fleet);

/* Result: that of the newest end, or of a record's removal, that this edge knows of. */
int64_t state_roll_ended(const struct fleet *fleet);
bool state_roll_is_self(const struct fleet *fleet, const struct edges_known *known);

/* What routers are told of this edge, and why not all; "": nothing to say. Others are to see it. */
void state_roll_announced(struct fleet *fleet, const char *state, const char *why);
