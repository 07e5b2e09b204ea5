/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading the rings that the XDP program writes (sallyport/ring.h), in the order of time. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <sallyport/ring.h>

struct table_map;

struct ring {
	const void *records; /* [nr_cpus * nr_records], each beginning with a sp_ring_record */
	const struct sp_ring_head *heads;
	size_t record_bytes;
	uint32_t nr_records;	       /* of each CPU, a power of two */
	const struct table_map *table; /* whose rings they are */
	uint64_t *read;		       /* of each CPU's ring, the number of the last record read */
	void *batch;		       /* the records gathered last, */
	uint32_t nr_batch;
	uint64_t lost; /* overwritten before they were read */
};

/*
 * Over the maps named in *ring, which outlive it; the members after table are set here. Result: 0
 * or -ENOMEM.
 */
int notes_ring_open(struct ring *ring);
void notes_ring_close(struct ring *ring);

/* Passes over what has been written until now. */
void notes_ring_skip(struct ring *ring);

/*
 * Gathers what is new, at most one ring of each CPU, into batch, sorted by time. Result: how many.
 * What is later than until_ns, which is not after the call, is left for the next time: it may have
 * come of something that another CPU noted after its ring was looked at, and is not to come before
 * that. The rings are not marked: who forgets ring->read, reads them again.
 */
uint32_t notes_ring_gather(struct ring *ring, uint64_t until_ns);

/* Result: how many notes were not written, for the sake of other leases' notes. */
uint64_t notes_ring_withheld(const struct ring *ring);
