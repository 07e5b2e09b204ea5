/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * To the main lcore, untouched, to wait there until the kernel knows the neighbour. They come back
 * to stage_parse: a lease may end while its packet waits, and its port be another's (stage_find).
 */
#include "worker.h"

#include <sys/eventfd.h>

#include <rte_ring.h>

void stage_wait(struct worker *worker, struct batch *batch)
{
	uint32_t taken = 0;

	if (batch->nr_waiting == 0)
		return;
	if (worker->park.to_main)
		taken = rte_ring_sp_enqueue_burst(worker->park.to_main, (void **)batch->waiting,
						  batch->nr_waiting, NULL);
	/* A system call, but on the way out of the fast path and at most once a burst. */
	if (taken > 0)
		eventfd_write(worker->park.waiting_fd, 1);
	worker_count(worker, SP_NO_NEIGHBOUR, batch->nr_waiting - taken);
	for (uint32_t i = taken; i < batch->nr_waiting; i++)
		batch->dropped[batch->nr_dropped++] = batch->waiting[i];
	batch->nr_waiting = 0;
}
