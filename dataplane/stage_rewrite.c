/* SPDX-License-Identifier: BSD-3-Clause */
/* From packets as they came to frames as they leave. */
#include "worker.h"

#include <rte_branch_prediction.h>
#include <rte_mbuf.h>

#include <sallyport/nat.h>

void stage_rewrite(struct worker *worker, struct batch *batch)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < batch->nr; i++) {
		char *data = rte_pktmbuf_mtod(batch->mbuf[i], char *);
		const struct sp_hit *hit = &batch->hit[i];
		const struct port *out = &worker->ports->port[worker->toward_port[hit->direction]];

		if (unlikely(sp_translate(data, data + rte_pktmbuf_data_len(batch->mbuf[i]),
					  &batch->packet[i], &batch->after[i], hit->direction))) {
			worker_leave(worker, batch, i, SP_NO_BUFFER, 0);
			continue;
		}
		worker_set_links(data, batch->hop[i],
				 atomic_load_explicit(&out->link_addr, memory_order_relaxed));
		batch_keep(batch, kept++, i);
	}
	batch->nr = kept;
}
