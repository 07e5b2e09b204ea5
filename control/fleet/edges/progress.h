/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Up to which revision of the store everything has been done, though it is done in any order. What
 * is to be done belongs to one of two batches: to the older one, whose end moves the revision, or
 * to the one that is collected meanwhile. So nothing has to be sorted. Pure.
 */
#pragma once

#include <stdint.h>

/* Start with {0}. */
struct edges_progress {
	int64_t done;	/* everything up to here is */
	int64_t seen;	/* the newest that was told */
	int64_t target; /* is done once the older batch is */
	unsigned long nr[2];
	unsigned int younger; /* which of them is collected */
};

/* One more is to be done. Result: its batch. Say afterwards up to where all was told. */
unsigned int edges_progress_add(struct edges_progress *progress);

/* Everything up to this revision has been told, and added. */
void edges_progress_see(struct edges_progress *progress, int64_t revision);

/* One of a batch is done. */
void edges_progress_finish(struct edges_progress *progress, unsigned int batch);
