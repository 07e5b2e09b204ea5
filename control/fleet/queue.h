/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Builds whose records changed, to be applied here one after the other: first those that end, so
 * that their VMs and ports are free for others; the others once the whole store is known. What
 * sallyportd refuses is tried again now and then.
 */
#pragma once

#include <stdint.h>

struct fleet;

/* Makes the queue, which is fleet->queue. Result: 0, -ENOMEM, or what sd-event says. */
int fleet_queue_open(struct fleet *fleet);

void fleet_queue_close(struct fleet *fleet);

/* The record of this build has changed, by this revision; or, 0, it has gone, or there is none of
 * what is open here. */
void fleet_queue_add(struct fleet *fleet, const char *id, int64_t revision);

/* The store was read: what waited for that goes on. */
void fleet_queue_wake(struct fleet *fleet);
