/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker: one lcore, its own queues of every port, its own rows of counters and usage, run to
 * completion. It shares nothing that it writes with another worker. The stages, in their order,
 * are the path of a packet; worker_run_batch() calls them.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <sallyport/table_host.h>

#include <sallyport/limit.h>
#include <sallyport/openings.h>
#include <sallyport/wire.h>

#include "batch.h"
#include "hop/nexthop.h"
#include "hop/park.h"
#include "port/port.h"
#include "yield.h"

/*
 * How long a burst may take before its deadlines are looked at again: the most that a packet can be
 * late by, but for the time that the call into the driver takes.
 */
#define WORKER_STALE_NS 100000ull

#define WORKER_OWN 64u /* a power of two, more than SP_PUBLICS_MAX */

/* A queue that a worker polls, and what the hints of its packets were worth, over starts. */
struct worker_queue {
	uint32_t in_port;
	uint32_t queue; /* of that port */
	uint16_t eth_id;
	uint16_t eth_queue;    /* of that ethdev */
	struct sp_queue *beat; /* NULL where nobody asks for a heartbeat */
	uint64_t hints[SP_HINTS_NR];
};

struct worker {
	/* Set before it runs, then only read. */
	struct sp_table table;
	const struct sp_opening *openings; /* the XDP program's; NULL: nobody notes any */
	const struct ports *ports;
	const struct nexthops *nexthops;
	struct worker_queue rx[PORTS_MAX * SP_QUEUES_MAX];
	uint32_t nr_rx;
	uint32_t toward_port[2];      /* the port to leave by, by enum sp_direction */
	uint16_t tx_eth[PORTS_MAX];   /* the ethdev of that port that this worker transmits on */
	uint16_t tx_queue[PORTS_MAX]; /* and its queue of that */
	struct sp_worker *progress;   /* shared: written by this worker alone */
	struct sp_counters *counters; /* shared: written by this worker alone */
	struct sp_usage *usage;	      /* shared: this worker's row */
	uint32_t nr_usage;
	struct sp_rows limit_rows; /* shared: its own is written by this worker alone */
	bool spin;		   /* dataplane.idle: never sleep */
	const struct sp_counters *xdp_counters; /* shared: rows of the CPUs */
	uint32_t nr_cpus;

	struct exception *from_kernel[PORTS_MAX]; /* that this worker sends for; NULL: none */

	struct park_end park; /* where packets wait for a neighbour */

	/* This worker's own. */
	uint64_t beat_ns;  /* last heartbeat written */
	uint64_t round_ns; /* begin of the last round */
	uint64_t busy_ns;  /* last round that had a packet */
	uint32_t sleep_ns; /* next sleep */
	struct yield yield;
	__u64 error_ns[2]; /* its last ICMP errors, see sp_error_due() */
	/* Where public addresses were found, by a hash of them; each is looked at again. */
	const struct sp_host *own[WORKER_OWN];
	struct batch batch;
	uint64_t *hints; /* of the queue that the batch was received from */

	_Atomic bool stop; /* written by the main lcore */
} __attribute__((__aligned__(64)));

/*
 * Runs until worker->stop, on an lcore of its own. Writes heartbeats while it polls; when stopping
 * it withdraws them first, so that the XDP program takes over, and then empties its queues.
 * Result: 0.
 */
int worker_main(void *worker);

/* One round over all queues. Result: the number of packets received. The worker's thread. */
uint32_t worker_round(struct worker *worker);

/* Takes batch->mbuf[0..nr) from arrival to departure. The worker's thread. */
void worker_run_batch(struct worker *worker, struct batch *batch);

/* The same without the lane: by the stages that know everything. */
void worker_run_stages(struct worker *worker, struct batch *batch);

/* A packet leaves its batch with a verdict that is not SP_FORWARDED. For stages. */
void worker_leave(struct worker *worker, struct batch *batch, uint32_t i, enum sp_verdict verdict,
		  uint16_t mtu);

static inline void worker_count(struct worker *worker, enum sp_verdict verdict, uint64_t packets)
{
	worker->counters->verdict[verdict] += packets;
}

/* Link addresses of a frame to send, as they lie in it in the low 48 bits. */
static inline void worker_set_links(char *data, uint64_t to, uint64_t from)
{
	struct sp_eth *eth = (void *)data;

	memcpy(eth->to, &to, sizeof(eth->to));
	memcpy(eth->from, &from, sizeof(eth->from));
}

/* Carries what is plain from end to end, and leaves all else to the stages that follow. */
void stage_lane(struct worker *worker, struct batch *batch);

/* The stages. Each works on batch->[0, nr) and leaves there what goes on. */
void stage_parse(struct worker *worker, struct batch *batch);
void stage_find(struct worker *worker, struct batch *batch);
void stage_nexthop(struct worker *worker, struct batch *batch);
void stage_rewrite(struct worker *worker, struct batch *batch);
void stage_send(struct worker *worker, struct batch *batch);
/* What left on the way: answered, handed to the main lcore to wait, to the kernel, or freed. */
void stage_answer(struct worker *worker, struct batch *batch);
void stage_wait(struct worker *worker, struct batch *batch);
void stage_except(struct worker *worker, struct batch *batch);
void stage_drop(struct worker *worker, struct batch *batch);
