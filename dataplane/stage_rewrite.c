/* SPDX-License-Identifier: BSD-3-Clause */
/* From packets as they came to frames as they leave. */
#include "worker.h"

#include <rte_branch_prediction.h>
#include <rte_mbuf.h>

#include <sallyport/nat.h>

/* Result: whether a frame can be sent. */
static bool rewrite(struct batch *batch, uint32_t i)
{
	char *data = rte_pktmbuf_mtod(batch->mbuf[i], char *);
	char *end = data + rte_pktmbuf_data_len(batch->mbuf[i]);
	const struct sp_packet *packet = &batch->packet[i];
	int result = sp_translate(data, end, packet, &batch->after[i], batch->hit[i].direction);

	batch->completed[i] =
		unlikely(result > 0) && sp_complete_translated(data, end, packet) != 0;
	return likely(result >= 0);
}

void stage_rewrite(struct worker *worker, struct batch *batch)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < batch->nr; i++) {
		const struct sp_hit *hit = &batch->hit[i];
		const struct port *out = &worker->ports->port[worker->toward_port[hit->direction]];

		if (unlikely(!rewrite(batch, i))) {
			worker_leave(worker, batch, i, SP_NO_BUFFER, 0);
			continue;
		}
		worker_set_links(rte_pktmbuf_mtod(batch->mbuf[i], char *), batch->hop[i],
				 atomic_load_explicit(&out->link_addr, memory_order_relaxed));
		batch_keep(batch, kept++, i);
	}
	batch->nr = kept;
}
