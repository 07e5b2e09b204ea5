/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * While packets are few, a worker may leave them to the XDP program and sleep (dataplane.idle):
 * when that is to begin, and when to end. Packets are counted over a period: before, those that the
 * worker had, a second long; then those that the XDP program forwarded, as long as a nap.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define YIELD_PERIOD_NS 1000000000ull
#define YIELD_NAP_NS	25000000ull

/* Of one worker, and its thread's alone. */
struct yield {
	uint64_t below;	     /* packets a second; 0: never */
	uint64_t since_ns;   /* when the period began */
	uint64_t nr_packets; /* that had been counted by then */
};

/* A period begins. nr_packets: what is counted, as it is now. */
void yield_begin(struct yield *yield, uint64_t nr_packets, uint64_t now_ns);

/*
 * Result: whether a period has ended in which a worker, awake, had less than half of what it is to
 * be awake for. Half, so that it does not go to and fro. A period that has ended begins anew.
 */
bool yield_is_due(struct yield *yield, uint64_t nr_packets, uint64_t now_ns);

/* Result: whether one has ended in which so many came that it is to be awake. */
bool yield_is_over(struct yield *yield, uint64_t nr_packets, uint64_t now_ns);
