/* SPDX-License-Identifier: BSD-3-Clause */
/* How a packet leaves its batch before the end: to be answered, to wait, for the kernel, or to be
 * dropped. */
#include "worker.h"

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
			batch->excepted[batch->nr_excepted++] = batch->mbuf[i];
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
