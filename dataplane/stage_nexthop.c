/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From leases to link addresses, in the order in which the kernel answers the XDP program: route,
 * size, neighbour. What leads elsewhere than to the port of its direction has no route: a lease
 * leads to the builds network and its replies to the public one.
 */
#include "worker.h"

#include <rte_branch_prediction.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

static void find_routes(struct worker *worker, struct batch *batch, uint64_t *ret_index)
{
	const struct sp_addr *to[BATCH_MAX];
	uint8_t families[BATCH_MAX];

	for (uint32_t i = 0; i < batch->nr; i++) {
		batch->after[i] = sp_tuple_after(&batch->packet[i].tuple, &batch->hit[i]);
		to[i] = &batch->after[i].to;
		families[i] = batch->packet[i].family;
		rte_prefetch0(&worker->nexthops->neighbours[nexthop_neighbour_first(to[i])]);
	}
	nexthop_route_find(worker->nexthops, to, families, ret_index, batch->nr);
}

/* For the main lcore, should the packet have to wait. */
static void note_neighbour(struct batch *batch, uint32_t i, const struct sp_addr *via,
			   uint32_t out_port)
{
	struct port_note *note = rte_mbuf_to_priv(batch->mbuf[i]);

	note->via = *via;
	note->out_port = out_port;
	note->in_port = batch->in_port;
}

static enum sp_verdict find_neighbour(struct worker *worker, struct batch *batch, uint32_t i,
				      uint64_t index, uint32_t mtu)
{
	const struct nexthop_gateway *gateway = &worker->nexthops->gateways[index];
	const struct sp_packet *packet = &batch->packet[i];
	const struct sp_addr *via = gateway->on_link ? &batch->after[i].to : &gateway->addr;
	uint32_t out_port = worker->toward_port[batch->hit[i].direction];

	if (index == NEXTHOP_NO_ROUTE_INDEX || gateway->port_index != out_port)
		return SP_NO_ROUTE;
	if (unlikely(packet->l3_len_bytes > mtu))
		return packet->kind == SP_KIND_ERROR ? SP_ERROR_UNANSWERED : SP_TOO_BIG;
	batch->hop[i] = nexthop_neighbour_find(worker->nexthops, via, out_port);
	if (likely(batch->hop[i] != 0))
		return SP_FORWARDED;
	note_neighbour(batch, i, via, out_port);
	return SP_NO_NEIGHBOUR;
}

void stage_nexthop(struct worker *worker, struct batch *batch)
{
	uint64_t index[BATCH_MAX];
	uint32_t kept = 0;

	find_routes(worker, batch, index);
	for (uint32_t i = 0; i < batch->nr; i++) {
		const struct port *out =
			&worker->ports->port[worker->toward_port[batch->hit[i].direction]];
		uint32_t mtu = atomic_load_explicit(&out->mtu, memory_order_relaxed);
		enum sp_verdict verdict = find_neighbour(worker, batch, i, index[i], mtu);

		if (likely(verdict == SP_FORWARDED))
			batch_keep(batch, kept++, i);
		else
			worker_leave(worker, batch, i, verdict, (uint16_t)mtu);
	}
	batch->nr = kept;
}
