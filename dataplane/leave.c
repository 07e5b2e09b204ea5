/* SPDX-License-Identifier: BSD-3-Clause */
/* How a packet leaves its batch before the end: to be answered, to wait, for the kernel, or to be
 * dropped. */
#include "worker.h"

#include <rte_mbuf.h>

#include <sallyport/wire.h>

#define ND_FIRST 133 /* ICMPv6: router and neighbour, solicitation and advertisement, redirect */
#define ND_LAST	 137

static void drop(struct worker *worker, struct batch *batch, uint32_t i, enum sp_verdict verdict)
{
	worker_count(worker, verdict, 1);
	batch->dropped[batch->nr_dropped++] = batch->mbuf[i];
}

static void answer(struct batch *batch, uint32_t i, enum sp_verdict verdict, uint16_t mtu)
{
	batch->answer[batch->nr_answers++] = (struct batch_answer){
		.mbuf = batch->mbuf[i],
		.packet = batch->packet[i],
		.hit = batch->hit[i],
		.verdict = verdict,
		.mtu = mtu,
	};
}

/* Neighbour discovery of IPv6; that of IPv4 is no IP. */
static bool discovers(const struct rte_mbuf *mbuf)
{
	const char *data = rte_pktmbuf_mtod(mbuf, const char *);
	const struct sp_eth *eth = (const void *)data;
	const struct sp_ipv6 *ipv6 = (const void *)(data + SP_L3_OFFSET);
	uint8_t type;

	if (rte_pktmbuf_data_len(mbuf) <= SP_L4_OFFSET(6) || eth->type_be != SP_BE16(SP_ETH_IPV6) ||
	    ipv6->next_header != SP_IPPROTO_ICMPV6)
		return false;
	type = (uint8_t)data[SP_L4_OFFSET(6)];
	return type >= ND_FIRST && type <= ND_LAST;
}

/* A flood for the kernel must keep out neither what opens a session nor what finds its VM. */
static void except(struct batch *batch, uint32_t i, enum sp_verdict verdict)
{
	if (verdict == SP_EXCEPTION || verdict == SP_NOT_IP || discovers(batch->mbuf[i]))
		batch->urgent[batch->nr_urgent++] = batch->mbuf[i];
	else
		batch->excepted[batch->nr_excepted++] = batch->mbuf[i];
}

void worker_leave(struct worker *worker, struct batch *batch, uint32_t i, enum sp_verdict verdict,
		  uint16_t mtu)
{
	switch (sp_verdict_fate(verdict)) {
	case SP_FATE_ANSWER:
		answer(batch, i, verdict, mtu);
		break;
	case SP_FATE_PASS:
	case SP_FATE_CARRY:
		if (worker->ports->port[batch->in_port].exception) {
			except(batch, i, verdict);
			break;
		}
		/* The XDP program thought otherwise a moment ago, and nothing can be given back. */
		drop(worker, batch, i, SP_RACED);
		break;
	case SP_FATE_DROP:
		if (verdict == SP_NO_NEIGHBOUR && !batch->returned)
			batch->waiting[batch->nr_waiting++] = batch->mbuf[i];
		else
			drop(worker, batch, i, verdict);
		break;
	}
}
