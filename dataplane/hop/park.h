/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets that wait for the kernel to resolve a neighbour, on the main lcore: at most
 * PARK_PACKETS, each for at most PARK_NS, then given back to the worker they came from. That one
 * tries again from the start, and drops and counts those whose neighbour is still not known.
 */
#pragma once

#include <stdint.h>

#include "worker.h"

#define PARK_PACKETS 256u
#define PARK_NS	     1000000000ull

struct mirror;

struct parked {
	struct rte_mbuf *mbuf;
	uint64_t until_ns;
	uint32_t worker;
};

struct park {
	struct worker *workers;
	uint32_t nr_workers;
	int fd; /* an eventfd: a worker has something for us */
	uint32_t nr;
	struct parked parked[PARK_PACKETS];
};

/*
 * Makes the rings between the main lcore and each worker, and the eventfd. Result: 0, or -errno.
 * Undone by park_close(), which frees what is still parked, after the workers have ended.
 */
int park_open(struct park *park, struct worker *workers, uint32_t nr_workers);
void park_close(struct park *park);

/* Takes in what workers have handed over, and asks the kernel for the neighbours. */
void park_take(struct park *park, struct mirror *mirror, uint64_t now_ns);

/* Gives back the packets whose neighbour is known by now, and those that have waited enough. */
void park_give_back(struct park *park, const struct nexthops *nexthops, uint64_t now_ns);

/* Result: milliseconds until park_give_back() wants to be called, -1 if nothing waits. */
int park_timeout_ms(const struct park *park, uint64_t now_ns);
