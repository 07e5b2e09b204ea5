/* SPDX-License-Identifier: BSD-3-Clause */
/* The end of those that left with nothing more to be done. They are counted already. */
#include "worker.h"

#include <rte_mbuf.h>

void stage_drop(struct worker *worker, struct batch *batch)
{
	if (batch->nr_dropped == 0)
		return;
	rte_pktmbuf_free_bulk(batch->dropped, batch->nr_dropped);
	batch->nr_dropped = 0;
}
