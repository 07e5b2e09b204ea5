/* SPDX-License-Identifier: BSD-3-Clause */
/* All workers together: who polls what, their start, their end, and whether they still move. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "worker.h"

struct table_map;

struct crew {
	uint32_t nr;
	struct worker *workers; /* EAL memory */
	uint64_t seen_rounds[SP_WORKERS_MAX];
};

/* What a worker does without packets, or with few: dataplane.idle. */
struct crew_idle {
	bool spin;
	uint64_t yield_below; /* packets a second; 0: it never yields */
};

/*
 * Sets up nr workers (at most as many as each port has queues, and as the table has rows): worker w
 * polls queue q of each port where q % nr == w, and transmits on its own queue of the port that a
 * packet leaves by. Result: 0 or -ENOMEM. Undone by crew_close(), once they have ended.
 */
int crew_open(struct crew *crew, uint32_t nr, const struct crew_idle *idle,
	      const struct table_map *table, const struct ports *ports,
	      const struct nexthops *nexthops);
void crew_close(struct crew *crew);

/* Tells each worker its ethdevs, once the ports have them. */
void crew_assign_devices(struct crew *crew);

/* Starts worker w on lcore w + 1, also after crew_stop(). Result: 0, or -EBUSY if EAL has no such
 * lcore. */
int crew_start(struct crew *crew);

/* Tells all to stop and waits for them. */
void crew_stop(struct crew *crew);

/* Result: whether every worker has begun a round since the last call. */
bool crew_moves(struct crew *crew);

/* Result: the records of a port's queues, by queue. */
struct sp_queue *crew_queues(const struct table_map *table, const struct port *port);

/*
 * Clears every heartbeat and every worker's record in the table, so that the XDP program hands
 * nothing to sockets that nobody polls yet. Before the ports are started.
 */
void crew_clear_table(const struct table_map *table);

/*
 * Adds what a port's sockets lost to the records of its queues, and logs it, and an MTU that has
 * outgrown the buffers: that costs no frame, but speed. Now and then, on the main lcore.
 */
void crew_look_at_port(const struct table_map *table, struct port *port);
