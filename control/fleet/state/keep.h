/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Removals that the store cannot be told of are kept on this edge's disk before they are made: one
 * sync is for all that come while the loop is busy.
 */
#pragma once

#include <sys/queue.h>

struct fleet;

/* Who waits for that. All zero at first. */
struct keep_wait {
	LIST_ENTRY(keep_wait) link;
	void (*go)(void *context);
	void *context;
};

/* Makes it, which is fleet->keep. Result: 0, -ENOMEM, or what sd-event says. */
int state_keep_open(struct fleet *fleet);

/* Nobody waits any more. */
void state_keep_close(struct fleet *fleet);

/* Keeps the removal of a build. wait->go is called once it is on the disk, or cannot be, which has
 * been logged. */
void state_keep_add(struct fleet *fleet, const char *id, struct keep_wait *wait);

/* Also of one that does not wait. */
void state_keep_wait_no_more(struct keep_wait *wait);
