/* SPDX-License-Identifier: BSD-3-Clause */
/* From frames to packets. The XDP program steers nothing here that does not parse. */
#include "worker.h"

#include <rte_mbuf.h>

void stage_parse(struct worker *worker, struct batch *batch)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < batch->nr; i++) {
		const struct rte_mbuf *mbuf = batch->mbuf[i];
		const char *data = rte_pktmbuf_mtod(mbuf, const char *);
		enum sp_verdict verdict =
			sp_parse(data, data + rte_pktmbuf_data_len(mbuf), &batch->packet[i]);

		if (likely(verdict == SP_FORWARDED))
			batch_keep(batch, kept++, i);
		else
			worker_leave(worker, batch, i, verdict, 0);
	}
	batch->nr = kept;
}
