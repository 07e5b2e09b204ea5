/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Rings that the XDP program writes and sallyportd reads: one a CPU, written on that CPU alone. The
 * writer never waits for the reader, but overwrites. The maps are pinned, so what is written while
 * sallyportd is away is read when it is back, as far as the ring goes.
 *
 * Record number n of a CPU lies at records[cpu * nr_records + sp_ring_at(n, nr_records)].
 */
#pragma once

#include <linux/types.h>

#include "compiler.h"

/*
 * What each record begins with. number is stored last, and 0 first: a reader takes a record whose
 * number is the one it expects before and after it has copied the rest.
 */
struct sp_ring_record {
	__u64 number; /* from 1, of this CPU */
	__u64 at_ns;
};

/* heads[cpu]: how many records that CPU has written. */
struct sp_ring_head {
	__u64 written;
	__u64 window; /* the writer's own, as the next two: sp_ring_turn() */
	__u64 window_from;
	__u64 limited;	/* sp_ring_may() */
	__u64 withheld; /* records not written, for the sake of others (note_put.h) */
	__u64 reserved[3];
};

_Static_assert(sizeof(struct sp_ring_head) == 64, "a head is one cache line");

/* Result: the index, within its ring, of a record by its number; nr_records is a power of two. */
SP_INLINE __u32 sp_ring_at(__u64 number, __u32 nr_records)
{
	return (__u32)(number & (nr_records - 1));
}

#define SP_RING_WINDOW_SHIFT 27 /* 134 ms */

/* Result: how many records have been written in the present window of time. */
SP_INLINE __u64 sp_ring_turn(struct sp_ring_head *head, __u64 now_ns)
{
	__u64 window = now_ns >> SP_RING_WINDOW_SHIFT;

	if (head->window != window) {
		head->window = window;
		head->window_from = head->written;
		head->limited = 0;
	}
	return head->written - head->window_from;
}

/*
 * For records that somebody could have written at will: at most so many in a window of time.
 * Result: whether one more may be.
 */
SP_INLINE int sp_ring_may(struct sp_ring_head *head, __u64 most, __u64 now_ns)
{
	sp_ring_turn(head, now_ns);
	if (head->limited >= most)
		return 0;
	head->limited++;
	return 1;
}

/* The record for number head->written + 1 is being written: to a reader it is none. */
SP_INLINE void sp_ring_begin(struct sp_ring_record *record, __u64 now_ns)
{
	SP_STORE(record->number, 0);
	SP_BARRIER(); /* stores stay in their order: compiler.h */
	record->at_ns = now_ns;
}

/* It is written. */
SP_INLINE void sp_ring_end(struct sp_ring_head *head, struct sp_ring_record *record)
{
	__u64 number = head->written + 1;

	SP_STORE_RELEASE(record->number, number);
	SP_STORE_RELEASE(head->written, number);
}
