/* SPDX-License-Identifier: BSD-3-Clause */
/* From packets to leases: is there one, is it live now, may this sender use it? */
#include "worker.h"

#include <rte_branch_prediction.h>

void stage_find(struct worker *worker, struct batch *batch)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < batch->nr; i++) {
		enum sp_verdict verdict = sp_decide(&worker->table, &batch->packet[i], batch->role,
						    batch->now_ns, &batch->hit[i]);

		if (likely(verdict == SP_FORWARDED))
			batch_keep(batch, kept++, i);
		else
			worker_leave(worker, batch, i, verdict, 0);
	}
	batch->nr = kept;
}
