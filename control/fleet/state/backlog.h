/* SPDX-License-Identifier: BSD-3-Clause */
/* Builds that are to be made here as the store has them, and what is known of that. */
#pragma once

#include <stddef.h>

#include <jansson.h>

#include "fleet/state/roll.h"

struct fleet;

struct backlog {
	struct fleet *fleet;
	json_t *ends, *ids; /* as keys, in the order in which they came; with their tasks */
	json_t *refused;    /* likewise, and told already; with the task of an end, which is not
			     * done */
	json_t *alone;	    /* likewise: no batch takes it */
};

/* Result: 0 or -ENOMEM; to be cleared in any case. */
int state_backlog_init(struct backlog *backlog, struct fleet *fleet);
void state_backlog_clear(struct backlog *backlog);

/* One waits, with the task that it has already, if any. Without memory it is forgotten, until the
 * store is read again. */
void state_backlog_put(struct backlog *backlog, const char *id, struct roll_task task);

/* Result: the task of one that waits. */
struct roll_task state_backlog_task(const struct backlog *backlog, const char *id);

/* Result: ends or ids, whose turn it is; NULL: there is nothing, or it cannot be done now. */
json_t *state_backlog_next(const struct backlog *backlog);

/* Result: how many wait. */
size_t state_backlog_count(const struct backlog *backlog);
