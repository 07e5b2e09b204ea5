/* SPDX-License-Identifier: BSD-3-Clause */
#include "worker.h"

#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <rte_branch_prediction.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_pause.h>
#include <rte_ring.h>

#include "host/boottime.h"
#include "port/exception.h"
#include "port/trunk.h"

/* Each round takes a burst from each queue, and one from each ring back from the main lcore. */
_Static_assert(PORT_RING_FRAMES / BATCH_MAX < SP_DRAIN_ROUNDS, "a round less than may be begun");
_Static_assert(PARK_RING / BATCH_MAX < SP_DRAIN_ROUNDS, "a round less than may be begun");

#define BEAT_STEP_NS 100000ull /* heartbeats at most so often */

/*
 * An idle worker spins for a while, then sleeps: briefly at first, and never for as long as would
 * make its heartbeat look stale (dataplane.failover, at least 1 ms).
 */
#define SPIN_NS	     50000ull
#define SLEEP_MIN_NS 50000u
#define SLEEP_MAX_NS 200000u

/* When stopping: how long the queues must have been empty, and how long to try at most. */
#define DRAIN_QUIET_NS 1000000ull
#define DRAIN_MAX_NS   20000000ull

void worker_run_stages(struct worker *worker, struct batch *batch)
{
	stage_parse(worker, batch);
	stage_find(worker, batch);
	stage_nexthop(worker, batch);
	stage_rewrite(worker, batch);
	stage_send(worker, batch);

	stage_answer(worker, batch);
	stage_wait(worker, batch);
	stage_except(worker, batch);
	stage_drop(worker, batch);
}

/* On a trunk, before anything looks at a frame. */
static void untag(struct worker *worker, struct batch *batch)
{
	const struct port *port = &worker->ports->port[batch->in_port];
	uint32_t kept = 0;

	for (uint32_t i = 0; i < batch->nr; i++) {
		if (trunk_untag(port, batch->mbuf[i]) == 0)
			batch->mbuf[kept++] = batch->mbuf[i];
		else
			worker_leave(worker, batch, i, SP_NOT_IP, 0);
	}
	batch->nr = kept;
}

/*
 * Where the kernel's routing is beyond us, all that a port of our own takes goes to the XDP program
 * behind its exception interface: beside AF_XDP the heartbeats say so instead.
 */
static bool leave_all(struct worker *worker, struct batch *batch)
{
	if (likely(!worker->ports->port[batch->in_port].exception) ||
	    atomic_load_explicit(&worker->nexthops->left, memory_order_relaxed) == 0)
		return false;
	for (uint32_t i = 0; i < batch->nr; i++)
		worker_leave(worker, batch, i, SP_NO_LEASE, 0);
	batch->nr = 0;
	stage_except(worker, batch);
	stage_drop(worker, batch);
	return true;
}

void worker_run_batch(struct worker *worker, struct batch *batch)
{
	if (leave_all(worker, batch))
		return;
	if (worker->ports->port[batch->in_port].vlan != 0 && !batch->returned)
		untag(worker, batch);
	stage_lane(worker, batch);
	worker_run_stages(worker, batch);
}

static void begin_batch(struct worker *worker, uint32_t in_port, bool returned, uint64_t now_ns)
{
	worker->batch.now_ns = now_ns;
	worker->batch.in_port = in_port;
	worker->batch.role = worker->ports->port[in_port].role;
	worker->batch.returned = returned;
}

static uint32_t poll_queue(struct worker *worker, struct worker_queue *queue, uint64_t now_ns)
{
	struct batch *batch = &worker->batch;
	uint32_t nr = rte_eth_rx_burst(queue->eth_id, queue->eth_queue, batch->mbuf, BATCH_MAX);

	if (nr == 0)
		return 0;
	worker->counters->burst[sp_burst_index(nr)]++;
	worker->progress->nr_received += nr;
	batch->nr = nr;
	worker->hints = queue->hints;
	begin_batch(worker, queue->in_port, false, now_ns);
	worker_run_batch(worker, batch);
	return nr;
}

static uint32_t take_back(struct worker *worker, uint32_t in_port, uint64_t now_ns)
{
	struct batch *batch = &worker->batch;
	uint32_t nr;

	if (!worker->park.from_main[in_port])
		return 0;
	nr = rte_ring_sc_dequeue_burst(worker->park.from_main[in_port], (void **)batch->mbuf,
				       BATCH_MAX, NULL);
	if (nr == 0)
		return 0;
	batch->nr = nr;
	begin_batch(worker, in_port, true, now_ns);
	worker_run_batch(worker, batch);
	return nr;
}

/* What the kernel sends by a port of our own, a burst of it each round. */
static uint32_t send_for_kernel(struct worker *worker, uint32_t port)
{
	struct rte_mbuf *mbufs[BATCH_MAX];
	uint32_t nr, sent;

	if (likely(!worker->from_kernel[port]))
		return 0;
	nr = exception_take(worker->from_kernel[port], mbufs, BATCH_MAX);
	if (nr == 0)
		return 0;
	sent = rte_eth_tx_burst(worker->tx_eth[port], worker->tx_queue[port], mbufs, (uint16_t)nr);
	worker_count(worker, SP_TX_FULL, nr - sent);
	if (sent < nr)
		rte_pktmbuf_free_bulk(&mbufs[sent], nr - sent);
	return nr;
}

/*
 * Where the kernel's routing is beyond us no heartbeat is written, so that the XDP program carries;
 * unless it would drop instead (dataplane.fallback).
 */
static uint64_t beat_of(struct worker *worker, uint64_t now_ns)
{
	uint32_t left = atomic_load_explicit(&worker->nexthops->left, memory_order_relaxed);

	if (worker->progress->left != left)
		SP_STORE(worker->progress->left, left);
	return left != 0 && SP_LOAD(worker->table.settings->fallback) ? 0 : now_ns;
}

/* Beside the heartbeat, for the XDP program reads that line: not more often. */
static void tell_hints(const struct worker_queue *queue)
{
	for (uint32_t i = 0; i < SP_HINTS_NR; i++)
		if (queue->beat->hints[i] != queue->hints[i])
			SP_STORE(queue->beat->hints[i], queue->hints[i]);
}

static void write_beats(struct worker *worker, uint64_t now_ns)
{
	uint64_t value_ns = beat_of(worker, now_ns);

	for (uint32_t i = 0; i < worker->nr_rx; i++) {
		if (!worker->rx[i].beat)
			continue;
		SP_STORE(worker->rx[i].beat->beat_ns, value_ns);
		tell_hints(&worker->rx[i]);
	}
	worker->beat_ns = now_ns;
}

/*
 * Counted before the table is read, and seen by others before: without the fence a slot could be
 * read before sallyportd can see that a round has begun.
 */
static void begin_round(struct worker *worker)
{
	SP_STORE(worker->progress->rounds, worker->progress->rounds + 1);
	atomic_thread_fence(memory_order_seq_cst);
}

static uint32_t round_at(struct worker *worker, uint64_t now_ns)
{
	uint32_t received = 0;

	begin_round(worker);
	for (uint32_t i = 0; i < worker->nr_rx; i++)
		received += poll_queue(worker, &worker->rx[i], now_ns);
	for (uint32_t i = 0; i < worker->ports->nr; i++) {
		received += take_back(worker, i, now_ns);
		received += send_for_kernel(worker, i);
	}
	return received;
}

uint32_t worker_round(struct worker *worker)
{
	uint64_t now_ns = boottime_now_ns();
	uint32_t received;

	if (now_ns - worker->beat_ns >= BEAT_STEP_NS)
		write_beats(worker, now_ns);
	if (worker->busy_ns == worker->round_ns)
		worker->progress->busy_ns += now_ns - worker->round_ns;
	worker->round_ns = now_ns;
	received = round_at(worker, now_ns);
	if (received > 0) {
		worker->busy_ns = now_ns;
		worker->sleep_ns = SLEEP_MIN_NS;
	}
	return received;
}

static void sleep_for(struct worker *worker, uint32_t sleep_ns)
{
	const struct timespec duration = {.tv_nsec = sleep_ns};

	SP_STORE(worker->progress->active, 0);
	nanosleep(&duration, NULL);
	SP_STORE(worker->progress->active, 1);
}

/* The XDP program carries from here on; what it had steered to us before is still ours to send. */
static void hand_over(struct worker *worker)
{
	uint64_t begun_ns = boottime_now_ns(), now_ns = begun_ns, busy_ns = begun_ns;

	write_beats(worker, 0);
	while (now_ns - busy_ns < DRAIN_QUIET_NS && now_ns - begun_ns < DRAIN_MAX_NS) {
		if (round_at(worker, now_ns) > 0)
			busy_ns = now_ns;
		now_ns = boottime_now_ns();
	}
}

static uint64_t count_forwarded_by_xdp(const struct worker *worker)
{
	uint64_t sum = 0;

	for (uint32_t cpu = 0; cpu < worker->nr_cpus; cpu++)
		sum += SP_LOAD(worker->xdp_counters[cpu].verdict[SP_FORWARDED]);
	return sum;
}

/* A packet that was steered to us at the last moment, or comes back from the main lcore, waits for
 * the end of a nap. */
static void yield_to_xdp(struct worker *worker)
{
	uint64_t now_ns;

	SP_STORE(worker->progress->yields, 1);
	hand_over(worker);
	yield_begin(&worker->yield, count_forwarded_by_xdp(worker), boottime_now_ns());
	do {
		sleep_for(worker, YIELD_NAP_NS);
		now_ns = boottime_now_ns();
		write_beats(worker, 0);
		round_at(worker, now_ns);
	} while (!atomic_load_explicit(&worker->stop, memory_order_relaxed) &&
		 !yield_is_over(&worker->yield, count_forwarded_by_xdp(worker), now_ns));
	SP_STORE(worker->progress->yields, 0);
	yield_begin(&worker->yield, worker->progress->nr_received, now_ns);
	worker->busy_ns = now_ns;
}

/* Between two rounds, holding no packet. */
static void idle(struct worker *worker)
{
	if (worker->spin || worker->round_ns - worker->busy_ns < SPIN_NS) {
		rte_pause();
		return;
	}
	if (yield_is_due(&worker->yield, worker->progress->nr_received, worker->round_ns)) {
		yield_to_xdp(worker);
		return;
	}
	sleep_for(worker, worker->sleep_ns);
	worker->sleep_ns = RTE_MIN(worker->sleep_ns * 2, SLEEP_MAX_NS);
}

/* What the worker before remembered, it numbered by epochs of its own. */
static void forget_hops(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->nr_usage; i++)
		if (worker->usage[i].hop_epoch != 0)
			worker->usage[i].hop_epoch = 0;
}

static void count_hints_on(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->nr_rx; i++)
		if (worker->rx[i].beat)
			memcpy(worker->rx[i].hints, worker->rx[i].beat->hints,
			       sizeof(worker->rx[i].hints));
}

static void begin(struct worker *worker)
{
	forget_hops(worker);
	count_hints_on(worker);
	/* The default slack of 50 us would be added to each sleep. */
	prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul);
	worker->sleep_ns = SLEEP_MIN_NS;
	worker->busy_ns = 0;
	worker->round_ns = boottime_now_ns();
	yield_begin(&worker->yield, worker->progress->nr_received, worker->round_ns);
	SP_STORE(worker->progress->yields, 0);
	worker->progress->pid = (uint32_t)getpid();
	worker->progress->started_ns = worker->round_ns;
	SP_STORE(worker->progress->active, 1);
}

int worker_main(void *argument)
{
	struct worker *worker = argument;

	begin(worker);
	while (!atomic_load_explicit(&worker->stop, memory_order_relaxed))
		if (worker_round(worker) == 0)
			idle(worker);
	hand_over(worker);
	write_beats(worker, 0);
	SP_STORE(worker->progress->active, 0);
	return 0;
}
