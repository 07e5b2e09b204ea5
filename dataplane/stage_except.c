/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * To the kernel, untouched, by the exception interface of the port that they came in by. The XDP
 * program there looks at them again: what is not ours goes up, and what sallyportd is to hear of
 * (openings and ends of connections, packets of a lease that is captured) it carries itself, as on
 * any other interface.
 */
#include "worker.h"

#include "port/exception.h"

static void give(struct worker *worker, struct batch *batch, struct rte_mbuf **mbufs, uint32_t nr,
		 uint32_t room)
{
	struct exception *exception = worker->ports->port[batch->in_port].exception;
	uint32_t taken = exception_give(exception, mbufs, nr < room ? nr : room);

	worker_count(worker, SP_EXCEPTION, taken);
	worker_count(worker, SP_EXCEPTION_FULL, nr - taken);
	for (uint32_t i = taken; i < nr; i++)
		batch->dropped[batch->nr_dropped++] = mbufs[i];
}

void stage_except(struct worker *worker, struct batch *batch)
{
	if (batch->nr_urgent > 0)
		give(worker, batch, batch->urgent, batch->nr_urgent, BATCH_MAX);
	if (batch->nr_excepted > 0)
		give(worker, batch, batch->excepted, batch->nr_excepted,
		     exception_room(worker->ports->port[batch->in_port].exception));
	batch->nr_urgent = batch->nr_excepted = 0;
}
