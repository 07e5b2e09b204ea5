// SPDX-License-Identifier: BSD-3-Clause
#include "engine/dp_engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "fixture.h"
#include "hop/mirror.h"
#include "host/boottime.h"
#include "worker.h"

#include "../../unit/dataplane/eal.h"

#define PUBLIC	   0 /* ports */
#define BUILDS	   1
#define RING_SIZE  64u
#define NR_BUFFERS 4095u

struct dp_engine {
	struct worker worker;
	struct ports ports;
	struct nexthops nexthops;
	struct mirror *mirror;
	struct sp_counters counters;
	struct sp_worker progress;
	struct sp_usage usage[FIXTURE_USAGE];
	struct rte_ring *in[PORTS_MAX], *out[PORTS_MAX];
	struct rte_mempool *pool;
	struct sp_hint hint;
	uint64_t hints[SP_HINTS_NR];
};

static int open_port(struct dp_engine *engine, uint32_t index, const char *name, uint32_t role)
{
	struct port *port = &engine->ports.port[index];
	struct rte_eth_conf plain = {0};
	char ring[32];
	int eth_id;

	snprintf(ring, sizeof(ring), "in_%s", name);
	engine->in[index] = rte_ring_create(ring, RING_SIZE, SOCKET_ID_ANY, 0);
	snprintf(ring, sizeof(ring), "out_%s", name);
	engine->out[index] = rte_ring_create(ring, RING_SIZE, SOCKET_ID_ANY, 0);
	if (!engine->in[index] || !engine->out[index])
		return -ENOMEM;
	eth_id = rte_eth_from_rings(name, &engine->in[index], 1, &engine->out[index], 1, 0);
	if (eth_id < 0 || rte_eth_dev_configure(eth_id, 1, 1, &plain) ||
	    rte_eth_rx_queue_setup(eth_id, 0, 64, 0, NULL, engine->pool) ||
	    rte_eth_tx_queue_setup(eth_id, 0, 64, 0, NULL) || rte_eth_dev_start(eth_id))
		return -EIO;
	engine->worker.tx_eth[index] = eth_id;
	return port_probe(port, name, role);
}

static void set_up_worker(struct dp_engine *engine, const struct sp_table *table)
{
	struct worker *worker = &engine->worker;

	worker->table = *table;
	worker->ports = &engine->ports;
	worker->nexthops = &engine->nexthops;
	worker->toward_port[SP_TOWARD_VM] = BUILDS;
	worker->toward_port[SP_TOWARD_CLIENT] = PUBLIC;
	worker->progress = &engine->progress;
	worker->counters = &engine->counters;
	worker->usage = engine->usage;
	worker->nr_usage = FIXTURE_USAGE;
	worker->limit_rows =
		(struct sp_rows){table->nr_rows - 1, table->nr_rows - 1, table->nr_rows};
	worker->hints = engine->hints;
	worker->park.waiting_fd = -1;
	engine->ports.nr = 2;
}

int dp_engine_open(const struct sp_table *table, struct dp_engine **ret)
{
	struct dp_engine *engine = aligned_alloc(64, sizeof(*engine));
	int r;

	if (!engine)
		return -ENOMEM;
	memset(engine, 0, sizeof(*engine));
	set_up_worker(engine, table);
	r = eal_start();
	if (!r)
		r = nexthops_open(&engine->nexthops);
	if (!r) {
		engine->pool = port_pool_make("buffers", NR_BUFFERS, FRAME_BYTES_MAX);
		r = engine->pool ? 0 : -ENOMEM;
	}
	if (!r)
		r = open_port(engine, PUBLIC, "public", SP_ROLE_PUBLIC);
	if (!r)
		r = open_port(engine, BUILDS, "builds", SP_ROLE_BUILDS);
	if (!r)
		r = mirror_open(&engine->ports, &engine->nexthops, &engine->mirror);
	if (r)
		dp_engine_close(engine);
	else
		*ret = engine;
	return r;
}

void dp_engine_close(struct dp_engine *engine)
{
	if (!engine)
		return;
	mirror_close(engine->mirror);
	rte_mempool_free(engine->pool);
	nexthops_close(&engine->nexthops);
	free(engine);
	rte_eal_cleanup();
}

void dp_engine_trunk(struct dp_engine *engine, uint32_t public_vlan, uint32_t builds_vlan)
{
	engine->ports.port[PUBLIC].vlan = public_vlan;
	engine->ports.port[BUILDS].vlan = builds_vlan;
}

void dp_engine_hint(struct dp_engine *engine, const struct sp_hint *hint)
{
	struct port *port = &engine->ports.port[BUILDS];

	port->hint_bytes = hint ? port_hint_bytes(port) : 0;
	engine->hint = hint ? *hint : (struct sp_hint){0};
}

uint64_t dp_engine_hints(const struct dp_engine *engine, enum sp_hint_worth worth)
{
	return engine->hints[worth];
}

static struct rte_mbuf *make_mbuf(struct dp_engine *engine, const struct frame *in)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(engine->pool);
	char *data = mbuf ? rte_pktmbuf_append(mbuf, in->len_bytes) : NULL;

	if (data) {
		memcpy(data - sizeof(engine->hint), &engine->hint, sizeof(engine->hint));
		memcpy(data, in->bytes, in->len_bytes);
	}
	return mbuf;
}

/* Takes what left by a port. Result: the number of frames. */
static int take_sent(struct dp_engine *engine, uint32_t port, struct dp_result *ret)
{
	void *taken;
	int nr = 0;

	for (; rte_ring_dequeue(engine->out[port], &taken) == 0; nr++) {
		struct rte_mbuf *mbuf = taken;

		ret->sent = 1;
		ret->to_builds = port == BUILDS;
		ret->out.len_bytes = rte_pktmbuf_data_len(mbuf);
		memcpy(ret->out.bytes, rte_pktmbuf_mtod(mbuf, void *), ret->out.len_bytes);
		rte_pktmbuf_free(mbuf);
	}
	return nr;
}

static int take_verdict(struct dp_engine *engine, enum sp_verdict *ret)
{
	__u64 nr = 0;

	for (int verdict = 0; verdict < SP_VERDICT_COUNT; verdict++) {
		nr += engine->counters.verdict[verdict];
		if (engine->counters.verdict[verdict])
			*ret = (enum sp_verdict)verdict;
		engine->counters.verdict[verdict] = 0;
	}
	return nr == 1 ? 0 : -EPROTO;
}

int dp_engine_run(struct dp_engine *engine, enum sp_role role, const struct frame *in,
		  struct dp_result *ret)
{
	struct worker *worker = &engine->worker;
	struct batch *batch = &worker->batch;
	int nr_sent;

	batch->mbuf[0] = make_mbuf(engine, in);
	if (!batch->mbuf[0])
		return -ENOMEM;
	batch->nr = 1;
	batch->now_ns = boottime_now_ns();
	batch->in_port = role == SP_ROLE_BUILDS ? BUILDS : PUBLIC;
	batch->role = role;
	batch->returned = false;
	memset(worker->error_ns, 0, sizeof(worker->error_ns));
	ret->sent = 0;
	worker_run_batch(worker, batch);
	nr_sent = take_sent(engine, PUBLIC, ret) + take_sent(engine, BUILDS, ret);
	if (nr_sent > 1 || rte_mempool_avail_count(engine->pool) != NR_BUFFERS)
		return -EPROTO;
	memcpy(ret->bytes, engine->counters.bytes, sizeof(ret->bytes));
	memset(engine->counters.bytes, 0, sizeof(engine->counters.bytes));
	return take_verdict(engine, &ret->verdict);
}
