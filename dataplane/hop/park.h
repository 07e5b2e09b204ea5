/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets that wait for the kernel to resolve a neighbour, on the main lcore: at most
 * PARK_PACKETS, each for at most PARK_NS, then given back to the worker they came from. That one
 * tries again from the start, and drops and counts those whose neighbour is still not known. No
 * lease keeps the others' packets out, nor fills the kernel's table of neighbours (seeks.h).
 */
#pragma once

#include <stdint.h>

#include <sallyport/table.h>

#include "host/seeks.h"
#include "port/port.h"

#define PARK_PACKETS   256u
#define PARK_PER_LEASE 64u /* of these */
#define PARK_NS	       1000000000ull

/* Room in each of a worker's rings to and from the main lcore; the number must be a power of two.
 */
#define PARK_RING 512u

struct mirror;
struct nexthops;
struct rte_mbuf;
struct rte_ring;

/*
 * A worker's end: packets that wait for a neighbour, to the main lcore, and back, by the port they
 * came in on. The rings are NULL where no park is open.
 */
struct park_end {
	struct rte_ring *to_main;
	struct rte_ring *from_main[PORTS_MAX];
	int waiting_fd; /* the park's eventfd, told of each burst; -1: nobody asks */
};

struct parked {
	struct rte_mbuf *mbuf;
	uint64_t until_ns;
	uint32_t worker;
};

struct park {
	struct park_end *ends[SP_WORKERS_MAX]; /* the workers' */
	uint32_t nr_ends;
	int fd; /* an eventfd: a worker has something for us */
	uint32_t nr;
	struct parked parked[PARK_PACKETS];
	struct seeks seeks;
};

/*
 * Makes the eventfd of a park without workers. Result: 0, or -errno. Undone by park_close(), which
 * frees what is still parked and the rings, after the workers have ended.
 */
int park_open(struct park *park);

/* Makes the rings of one more worker, whose end outlives the park. Result: 0, or -errno. */
int park_join(struct park *park, struct park_end *end, uint32_t nr_ports);
void park_close(struct park *park);

/* Takes in what workers have handed over, and asks the kernel for the neighbours. */
void park_take(struct park *park, struct mirror *mirror, uint64_t now_ns);

/* Gives back the packets whose neighbour is known by now, and those that have waited enough. */
void park_give_back(struct park *park, const struct nexthops *nexthops, uint64_t now_ns);

/* Result: milliseconds until park_give_back() wants to be called, -1 if nothing waits. */
int park_timeout_ms(const struct park *park, uint64_t now_ns);
