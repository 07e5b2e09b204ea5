/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From packets to leases: is there one, is it live now, may this sender use it? A burst's leases
 * lie anywhere in megabytes, so all of them are sent for before the first one is looked at.
 */
#include "worker.h"

#include <rte_branch_prediction.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include <sallyport/shield.h>

#include "note_wanted.h"

/* Where sp_find() will look first: the slot itself, or what leads to it. */
static const void *place_of(const struct sp_table *table, const struct sp_packet *packet,
			    uint32_t role)
{
	const struct sp_host *host;

	if (role == SP_ROLE_PUBLIC) {
		host = sp_find_host(table, &packet->tuple.to);
		return host ? sp_table_slot(table, sp_host_slot(host, &packet->tuple.to,
								packet->tuple.to_port_be))
			    : NULL;
	}
	return sp_table_bucket(
		table,
		sp_bucket_first(sp_endpoint_hash(&packet->tuple.from, packet->tuple.from_port_be,
						 packet->protocol, table->hash_seed),
				table->nr_buckets));
}

static void send_for_leases(const struct worker *worker, const struct batch *batch)
{
	for (uint32_t i = 0; i < batch->nr; i++)
		rte_prefetch0(place_of(&worker->table, &batch->packet[i], batch->role));
}

/* Of the lease that a packet back from waiting was found to be of. */
static uint64_t life_before(struct rte_mbuf *mbuf)
{
	const struct port_note *note = rte_mbuf_to_priv(mbuf);

	return note->life;
}

/* What was let in and then waited for a neighbour is not asked again. */
static enum sp_verdict let_in(struct worker *worker, const struct batch *batch, uint32_t i,
			      enum sp_door door)
{
	struct sp_knock knock = sp_shield_knock(&batch->packet[i], &batch->hit[i], door);

	if (batch->returned)
		return SP_FORWARDED;
	return sp_shield(&worker->table, &worker->limit_rows, &knock, batch->now_ns);
}

/*
 * On a port of our own no XDP program has seen a packet before: sallyportd hears from the one on
 * the exception interface of what opens, ends, is late, refused or captured. So it carries those.
 */
static enum sp_verdict tell(struct worker *worker, const struct batch *batch, uint32_t i,
			    enum sp_verdict verdict)
{
	const struct sp_packet *packet = &batch->packet[i];
	const struct sp_hit *hit = &batch->hit[i];
	enum sp_door door = sp_shield_door(packet, hit, verdict);
	enum sp_verdict asked = SP_FORWARDED;

	if (door != SP_DOOR_NONE)
		asked = let_in(worker, batch, i, door);
	if (asked != SP_FORWARDED)
		return asked;
	return verdict == SP_RESET_VM ||
			       (verdict == SP_FORWARDED &&
				note_wanted(worker, rte_pktmbuf_mtod(batch->mbuf[i], char *),
					    packet, hit, batch->now_ns))
		       ? SP_EXCEPTION
		       : verdict;
}

static enum sp_verdict find(struct worker *worker, struct batch *batch, uint32_t i)
{
	struct sp_hit *hit = &batch->hit[i];
	enum sp_verdict verdict = sp_find(&worker->table, &batch->packet[i], batch->role, hit);

	if (unlikely(verdict != SP_FORWARDED))
		return verdict;
	if (unlikely(batch->returned && hit->life != life_before(batch->mbuf[i])))
		return SP_RACED;
	/* For stage_nexthop and stage_send. */
	rte_prefetch0(&worker->usage[hit->slot->usage_index]);
	verdict = sp_judge(&worker->table, &batch->packet[i], batch->now_ns, hit);
	if (unlikely(worker->ports->port[batch->in_port].exception != NULL))
		return tell(worker, batch, i, verdict);
	if (unlikely(sp_shield_door(&batch->packet[i], hit, verdict) == SP_DOOR_VM))
		verdict = let_in(worker, batch, i, SP_DOOR_VM);
	return verdict;
}

void stage_find(struct worker *worker, struct batch *batch)
{
	uint32_t kept = 0;

	send_for_leases(worker, batch);
	for (uint32_t i = 0; i < batch->nr; i++) {
		enum sp_verdict verdict = find(worker, batch, i);

		if (likely(verdict == SP_FORWARDED))
			batch_keep(batch, kept++, i);
		else
			worker_leave(worker, batch, i, verdict, 0);
	}
	batch->nr = kept;
}
