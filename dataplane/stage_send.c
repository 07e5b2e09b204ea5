/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Out. All survivors of a batch leave by one port: they came in by one, and a direction has but one
 * port to leave by (with one interface for both sides, it is that).
 */
#include "worker.h"

#include <rte_branch_prediction.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <sallyport/usage.h>

#include "host/boottime.h"
#include "port/trunk.h"

/*
 * A worker that was stopped or put off between reading the clock and here must not send what has
 * expired, or is another lease's, meanwhile.
 */
static void leave_expired(struct worker *worker, struct batch *batch, uint64_t now_ns)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < batch->nr; i++) {
		const struct sp_hit *hit = &batch->hit[i];

		if (SP_LOAD(hit->slot->life) == hit->life &&
		    now_ns < SP_LOAD(hit->slot->deadline_ns))
			batch_keep(batch, kept++, i);
		else
			worker_leave(worker, batch, i, SP_RACED, 0);
	}
	batch->nr = kept;
}

/* Only what has left counts, for its lease too: the driver may refuse the rest. */
static void count_bytes(struct worker *worker, const struct batch *batch, uint32_t sent)
{
	for (uint32_t i = 0; i < sent; i++) {
		const struct sp_hit *hit = &batch->hit[i];

		worker->counters->bytes[hit->direction & 1] += batch->packet[i].l3_len_bytes;
		if (likely(hit->slot->usage_index < worker->nr_usage))
			sp_usage_count(&worker->usage[hit->slot->usage_index], &batch->packet[i],
				       hit, batch->now_ns);
	}
}

static void count_sent(struct worker *worker, const struct batch *batch, uint32_t sent)
{
	uint32_t completed = 0;

	for (uint32_t i = 0; i < sent; i++)
		completed += batch->completed[i];
	worker_count(worker, SP_FORWARDED, sent - completed);
	worker_count(worker, SP_COMPLETED, completed);
	count_bytes(worker, batch, sent);
}

void stage_send(struct worker *worker, struct batch *batch)
{
	uint64_t now_ns;
	uint32_t ready, sent, out_port;
	uint16_t eth_id, queue;

	if (batch->nr == 0)
		return;
	now_ns = boottime_now_ns();
	if (unlikely(now_ns - batch->now_ns > WORKER_STALE_NS))
		leave_expired(worker, batch, now_ns);
	if (batch->nr == 0)
		return;
	out_port = worker->toward_port[batch->hit[0].direction];
	eth_id = worker->tx_eth[out_port];
	queue = worker->tx_queue[out_port];
	ready = trunk_tag_all(&worker->ports->port[out_port], batch->mbuf, batch->nr);
	sent = rte_eth_tx_burst(eth_id, queue, batch->mbuf, (uint16_t)ready);
	/* The driver has woken the kernel by now, so a second try may find room. */
	if (unlikely(sent < ready))
		sent += rte_eth_tx_burst(eth_id, queue, &batch->mbuf[sent],
					 (uint16_t)(ready - sent));
	count_sent(worker, batch, sent);
	for (uint32_t i = sent; i < batch->nr; i++)
		worker_leave(worker, batch, i, SP_TX_FULL, 0);
	batch->nr = 0;
}
