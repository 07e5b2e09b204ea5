/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Builds whose records changed, to be applied here: first those that end, so that their VMs and
 * ports are free for others; the others once the whole store is known. Those that are new and
 * plain, or end, go many at a time; of a batch that sallyportd refuses those alone that are to
 * blame go one by one. What it refuses then is tried again now and then.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fleet;
struct record;
struct stale_wait;

/* Makes the queue, which is fleet->queue. Result: 0, -ENOMEM, or what sd-event says. */
int fleet_queue_open(struct fleet *fleet);

void fleet_queue_close(struct fleet *fleet);

/* The record of this build has changed, by this revision; or, 0, it has gone, or there is none of
 * what is open here. */
void fleet_queue_add(struct fleet *fleet, const char *id, int64_t revision);

struct fleet_queue_figures {
	size_t waiting; /* with the one at work */
	size_t refused; /* by sallyportd, for now */
};

struct fleet_queue_figures fleet_queue_figures(const struct fleet *fleet);

/* Result: whether sallyportd refused this one when it was tried last. */
bool fleet_queue_refused(const struct fleet *fleet, const char *id);

/*
 * A change is about to make this build here itself, of a record that the watch may not have told
 * yet: what the queue has at work of it is older, and cancels nothing any more. Result: true, or
 * false if a cancellation is on its way: then wait->go is called when that is over.
 */
bool fleet_queue_overtake(struct fleet *fleet, const char *id, struct stale_wait *wait);

/*
 * Result: whether a build that has ended here by its clock goes on elsewhere, and is to here: it
 * was extended before this edge knew. sallyportd takes it again once it has forgotten it.
 */
bool fleet_queue_goes_on(const struct fleet *fleet, const struct record *record);

/* The store was read: what waited for that goes on. */
void fleet_queue_wake(struct fleet *fleet);
