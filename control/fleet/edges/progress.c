/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/edges/progress.h"

#include <assert.h>

static void settle(struct edges_progress *progress)
{
	unsigned int older = !progress->younger;

	if (progress->nr[older])
		return;
	if (progress->target > progress->done)
		progress->done = progress->target;
	progress->target = progress->seen;
	if (progress->nr[progress->younger])
		progress->younger = older;
	else
		progress->done = progress->seen;
}

unsigned int edges_progress_add(struct edges_progress *progress)
{
	progress->nr[progress->younger]++;
	return progress->younger;
}

void edges_progress_see(struct edges_progress *progress, int64_t revision)
{
	if (revision > progress->seen)
		progress->seen = revision;
	settle(progress);
}

void edges_progress_finish(struct edges_progress *progress, unsigned int batch)
{
	assert(progress->nr[batch]);
	progress->nr[batch]--;
	settle(progress);
}
