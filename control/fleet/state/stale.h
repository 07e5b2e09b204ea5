/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A build that this edge has, and that the store does not have, or has as another one: it is
 * cancelled here, once the store itself has said so. The watch may be behind, and so may what is
 * told by it: a change that makes the build here meanwhile comes first.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "fleet/store/record.h"

struct etcd_range;
struct fleet;
struct transfer;
struct transfer_end;

/* Who waits for the end of a cancellation. All zero at first. */
struct stale_wait {
	LIST_ENTRY(stale_wait) link;
	void (*go)(void *context);
	void *context;
};

struct stale {
	struct fleet *fleet;
	/* end: what sallyportd says of the cancellation; NULL: there was none. */
	void (*done)(void *context, const struct transfer_end *end);
	void *context;
	char id[STORE_ID_BYTES]; /* in question */
	int64_t revision;	 /* of the record of the other one; 0: there is none */
	int64_t seen;		 /* of the record that the store has; 0: none */
	bool overtaken;		 /* a change has made it here since it is in question */
	bool cancelling;
	struct etcd_range *look;
	struct transfer *transfer;
	LIST_HEAD(, stale_wait) waits;
};

/* From now on, until the next one: whatever a change makes of this build is newer. */
void state_stale_begin(struct stale *stale, const char *id);

/*
 * Looks at it, and cancels what is here if the store has the record of that revision still, or if
 * there is none, 0, none. Result: 0, and done is called later; or -ENOMEM.
 */
int state_stale_look(struct stale *stale, int64_t revision);

bool state_stale_is_busy(const struct stale *stale);

/*
 * A change is about to make a build here. Result: true, or false if it is just being cancelled:
 * then wait->go is called when that is over.
 */
bool state_stale_overtake(struct stale *stale, const char *id, struct stale_wait *wait);

/* Also of one that does not wait. */
void state_stale_wait_no_more(struct stale_wait *wait);

/* What is under way is given up, and nobody waits any more. */
void state_stale_end(struct stale *stale);
