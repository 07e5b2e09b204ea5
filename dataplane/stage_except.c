/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * To the kernel, untouched, by the exception interface of the port that they came in by. The XDP
 * program there looks at them again: what is not ours goes up, and what sallyportd is to hear of
 * (openings and ends of connections, packets of a lease that is captured) it carries itself, as on
 * any other interface.
 */
#include "worker.h"

#include "port/exception.h"

void stage_except(struct worker *worker, struct batch *batch)
{
	struct exception *exception;
	uint32_t taken;

	if (batch->nr_excepted == 0)
		return;
	exception = worker->ports->port[batch->in_port].exception;
	taken = exception_give(exception, batch->excepted, batch->nr_excepted);
	worker_count(worker, SP_EXCEPTION, taken);
	worker_count(worker, SP_EXCEPTION_FULL, batch->nr_excepted - taken);
	for (uint32_t i = taken; i < batch->nr_excepted; i++)
		batch->dropped[batch->nr_dropped++] = batch->excepted[i];
	batch->nr_excepted = 0;
}
