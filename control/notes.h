/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading what the XDP program notes (sallyport/notes.h), in the order of time. */
#pragma once

#include <stdint.h>

#include <sallyport/notes.h>

struct table_map;

struct notes {
	const struct table_map *table;
	uint64_t *read; /* of each CPU's ring, the number of the last note read */
	struct sp_note *batch;
	uint32_t nr_batch;
	uint64_t lost; /* overwritten before they were read */
};

/* table outlives it. Result: 0 or -ENOMEM. */
int notes_open(struct notes *notes, const struct table_map *table);
void notes_close(struct notes *notes);

/*
 * Gathers what is new, at most one ring of each CPU, into batch, sorted by time. Result: how many.
 * The rings are not marked: who forgets notes->read, reads them again.
 */
uint32_t notes_gather(struct notes *notes);
