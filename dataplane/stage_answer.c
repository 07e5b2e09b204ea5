/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers to the sender, made of the packet itself and sent back where it came in. */
#include "worker.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <sallyport/answer.h>

#include "port/trunk.h"

/* Result: the frame's new length, or -1 if the packet leaves no room for an answer. */
static int write_error(const struct batch_answer *answer)
{
	const struct sp_packet *packet = &answer->packet;
	struct sp_error error = sp_error_of(packet->family, answer->verdict, answer->mtu);
	char *data = rte_pktmbuf_prepend(answer->mbuf, SP_ERROR_GROWTH(packet->family));

	if (!data)
		return -1;
	return sp_answer_error(data, data + rte_pktmbuf_data_len(answer->mbuf), packet,
			       &answer->hit.slot->public_addr, &error);
}

static int write_answer(const struct batch_answer *answer)
{
	char *data = rte_pktmbuf_mtod(answer->mbuf, char *);

	if (answer->verdict == SP_RESET_VM)
		return sp_answer_reset(data, data + rte_pktmbuf_data_len(answer->mbuf),
				       &answer->packet);
	return write_error(answer);
}

/* Result: what became of it: its own verdict if it was sent. */
static enum sp_verdict send_answer(struct worker *worker, const struct batch *batch,
				   struct batch_answer *answer)
{
	int len_bytes;

	if (SP_LOAD(answer->hit.slot->life) != answer->hit.life)
		return SP_RACED;
	if (answer->verdict != SP_RESET_VM &&
	    !sp_error_due(worker->error_ns, answer->verdict, batch->now_ns))
		return SP_ANSWER_LIMITED;
	len_bytes = write_answer(answer);
	if (len_bytes < 0)
		return SP_NO_BUFFER;
	answer->mbuf->data_len = (uint16_t)len_bytes;
	answer->mbuf->pkt_len = (uint32_t)len_bytes;
	if (!trunk_tag_all(&worker->ports->port[batch->in_port], &answer->mbuf, 1))
		return SP_NO_BUFFER;
	if (!rte_eth_tx_burst(worker->tx_eth[batch->in_port], worker->tx_queue[batch->in_port],
			      &answer->mbuf, 1))
		return SP_TX_FULL;
	return answer->verdict;
}

static void answer_one(struct worker *worker, struct batch *batch, struct batch_answer *answer)
{
	enum sp_verdict verdict = send_answer(worker, batch, answer);

	worker_count(worker, verdict, 1);
	if (verdict != answer->verdict)
		batch->dropped[batch->nr_dropped++] = answer->mbuf;
}

void stage_answer(struct worker *worker, struct batch *batch)
{
	for (uint32_t i = 0; i < batch->nr_answers; i++)
		answer_one(worker, batch, &batch->answer[i]);
	batch->nr_answers = 0;
}
