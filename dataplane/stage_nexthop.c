/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From leases to link addresses, in the order in which the kernel answers the XDP program: route,
 * size, neighbour. What leads elsewhere than to the port of its direction has no route: a lease
 * leads to the builds network and its replies to the public one.
 *
 * Where the packets of a lease go is remembered beside their count, until anything changes among
 * routes and neighbours: a line that is needed anyway, instead of three that are not (9.1 against
 * 7.2 Mpps in the pipeline benchmark). Where a route insists on an MTU of its own nothing is: what
 * is recalled is compared with the interface's alone. Nor where the way depends on who sends.
 */
#include "worker.h"

#include <rte_branch_prediction.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

/* What all packets of a burst have in common here. */
struct way_out {
	uint32_t port;
	uint32_t mtu;
	uint32_t epoch; /* of the next hops, loaded before any of them is looked up */
};

/* Where the look-up left a packet. */
struct outcome {
	enum sp_verdict verdict;
	uint16_t mtu; /* of SP_TOO_BIG */
};

struct unknown {
	uint32_t nr;
	uint32_t at[BATCH_MAX]; /* in the batch */
};

static struct sp_usage *memory_of(const struct worker *worker, const struct batch *batch,
				  uint32_t i)
{
	const struct sp_hit *hit = &batch->hit[i];
	struct sp_usage *usage = &worker->usage[hit->slot->usage_index];

	if (hit->direction != SP_TOWARD_VM || hit->slot->usage_index >= worker->nr_usage ||
	    usage->generation != sp_life_generation(hit->life))
		return NULL;
	return usage;
}

static bool recall(const struct worker *worker, struct batch *batch, uint32_t i,
		   const struct way_out *out)
{
	const struct sp_usage *usage = memory_of(worker, batch, i);

	if (!usage || usage->hop_epoch != out->epoch || batch->packet[i].l3_len_bytes > out->mtu)
		return false;
	batch->hop[i] = usage->hop;
	return true;
}

static void remember(const struct worker *worker, struct batch *batch, uint32_t i,
		     const struct way_out *out)
{
	struct sp_usage *usage = memory_of(worker, batch, i);

	if (!usage)
		return;
	usage->hop = batch->hop[i];
	usage->hop_epoch = out->epoch;
}

static void find_ways(const struct worker *worker, const struct batch *batch,
		      const struct unknown *unknown, const struct way_out *out,
		      struct nexthop_way *ret_ways)
{
	const struct sp_tuple *packets[BATCH_MAX];
	uint8_t families[BATCH_MAX];

	for (uint32_t u = 0; u < unknown->nr; u++) {
		packets[u] = &batch->after[unknown->at[u]];
		families[u] = batch->packet[unknown->at[u]].family;
		rte_prefetch0(
			&worker->nexthops->neighbours[nexthop_neighbour_first(&packets[u]->to)]);
	}
	nexthop_way_find(worker->nexthops, packets, families, out->port, ret_ways, unknown->nr);
}

/* For the main lcore, should the packet have to wait. */
static void note_neighbour(struct batch *batch, uint32_t i, const struct sp_addr *via,
			   uint32_t out_port)
{
	struct port_note *note = rte_mbuf_to_priv(batch->mbuf[i]);

	note->seeks = batch->hit[i].direction == SP_TOWARD_CLIENT &&
		      sp_addr_equal(via, &batch->after[i].to);
	note->via = *via;
	note->out_port = out_port;
	note->in_port = batch->in_port;
	note->life = batch->hit[i].life;
}

static enum sp_verdict find_neighbour(const struct worker *worker, struct batch *batch, uint32_t i,
				      const struct nexthop_way *way, const struct way_out *out)
{
	const struct nexthop_gateway *gateway = way->gateway;
	const struct sp_addr *via = gateway->on_link ? &batch->after[i].to : &gateway->addr;

	batch->hop[i] = nexthop_neighbour_find(worker->nexthops, via, out->port);
	if (likely(batch->hop[i] != 0)) {
		if (likely(way->for_all_senders && !way->group && gateway->mtu == 0))
			remember(worker, batch, i, out);
		return SP_FORWARDED;
	}
	note_neighbour(batch, i, via, out->port);
	return SP_NO_NEIGHBOUR;
}

static uint32_t mtu_of(const struct nexthop_gateway *gateway, const struct way_out *out)
{
	return gateway->mtu != 0 && gateway->mtu < out->mtu ? gateway->mtu : out->mtu;
}

static struct outcome take_way(const struct worker *worker, struct batch *batch, uint32_t i,
			       const struct nexthop_way *way, const struct way_out *out)
{
	const struct sp_packet *packet = &batch->packet[i];
	struct outcome outcome = {.verdict = SP_NO_ROUTE};

	if (way->gateway->port_index != out->port)
		return outcome;
	outcome.mtu = (uint16_t)mtu_of(way->gateway, out);
	if (likely(packet->l3_len_bytes <= outcome.mtu))
		outcome.verdict = find_neighbour(worker, batch, i, way, out);
	else
		outcome.verdict = packet->kind == SP_KIND_ERROR ? SP_ERROR_UNANSWERED : SP_TOO_BIG;
	return outcome;
}

static void find(const struct worker *worker, struct batch *batch, const struct unknown *unknown,
		 const struct way_out *out, struct outcome *outcomes)
{
	struct nexthop_way ways[BATCH_MAX];

	find_ways(worker, batch, unknown, out, ways);
	for (uint32_t u = 0; u < unknown->nr; u++)
		outcomes[unknown->at[u]] = take_way(worker, batch, unknown->at[u], &ways[u], out);
}

static struct way_out way_out_of(const struct worker *worker, const struct batch *batch)
{
	struct way_out out = {.port = worker->toward_port[batch->hit[0].direction]};

	out.mtu = atomic_load_explicit(&worker->ports->port[out.port].mtu, memory_order_relaxed);
	out.epoch = nexthop_epoch(worker->nexthops);
	return out;
}

void stage_nexthop(struct worker *worker, struct batch *batch)
{
	struct outcome outcomes[BATCH_MAX];
	struct unknown unknown = {.nr = 0};
	struct way_out out;
	uint32_t kept = 0;

	if (batch->nr == 0)
		return;
	out = way_out_of(worker, batch);
	for (uint32_t i = 0; i < batch->nr; i++) {
		batch->after[i] = sp_tuple_after(&batch->packet[i].tuple, &batch->hit[i]);
		outcomes[i] = (struct outcome){.verdict = SP_FORWARDED};
		if (!recall(worker, batch, i, &out))
			unknown.at[unknown.nr++] = i;
	}
	if (unknown.nr > 0)
		find(worker, batch, &unknown, &out, outcomes);
	for (uint32_t i = 0; i < batch->nr; i++) {
		if (likely(outcomes[i].verdict == SP_FORWARDED))
			batch_keep(batch, kept++, i);
		else
			worker_leave(worker, batch, i, outcomes[i].verdict, outcomes[i].mtu);
	}
	batch->nr = kept;
}
