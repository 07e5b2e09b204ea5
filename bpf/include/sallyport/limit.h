/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * How many times something may happen, over several rows of which each writes its own words alone
 * and reads those of the others: a sliding window. A word counts what happened in the window of
 * time that it names, and in the one before; the one before weighs less the more of the present one
 * has passed. A refusal writes nothing, so that under a flood the words rest in every cache.
 *
 * A limit is one word too, so that it can be changed while it is read: the upper half is the
 * window's length, as a power of two of nanoseconds (at least SP_LIMIT_SHIFT_MIN), the lower half
 * how much fits into it, in 256ths. 0 is no limit.
 *
 * Include table_host.h or table_bpf.h first: they define struct sp_table and its accessors.
 */
#pragma once

#include <linux/types.h>

#include "compiler.h"
#include "table.h"

#define SP_LIMIT_SHIFT_MIN  16u
#define SP_LIMIT_SHIFT_MAX  46u /* 19 hours */
#define SP_LIMIT_ONE	    256u
#define SP_LIMIT_COUNT_MAX  0xffffu
#define SP_LIMIT(shift, nr) ((__u64)(shift) << 32 | SP_LIMIT_ONE * (nr))

/* The rows that one limit holds over: those of one engine. own is one of them. */
struct sp_rows {
	__u32 own;
	__u32 first;
	__u32 end;
};

struct sp_happened {
	__u64 now; /* in the present window */
	__u64 before;
};

SP_INLINE __u32 sp_limit_shift(__u64 limit)
{
	return (__u32)(limit >> 32) & 63;
}

/* Result: the present window's number. */
SP_INLINE __u32 sp_limit_window(__u64 limit, __u64 now_ns)
{
	return (__u32)(now_ns >> sp_limit_shift(limit));
}

/*
 * A word is the number of a window above the count of the one before, above its own. Without
 * branches: each would double what the kernel has to verify for each row.
 */
SP_INLINE void sp_happened_add(struct sp_happened *sum, __u64 word, __u32 window)
{
	__u64 since = (__u32)(window - (__u32)(word >> 32));
	__u64 is_present = (since - 1) >> 63, is_before = ((since ^ 1) - 1) >> 63;

	sum->now += (word & SP_LIMIT_COUNT_MAX) * is_present;
	sum->before += (word >> 16 & SP_LIMIT_COUNT_MAX) * is_present;
	sum->before += (word & SP_LIMIT_COUNT_MAX) * is_before;
}

/* Result: a word in which it has happened once more. */
SP_INLINE __u64 sp_limit_once_more(__u64 word, __u32 window)
{
	struct sp_happened own = {0};

	sp_happened_add(&own, word, window);
	if (own.now < SP_LIMIT_COUNT_MAX)
		own.now++;
	return (__u64)window << 32 | own.before << 16 | own.now;
}

/* Result: whether it may happen once more. */
SP_INLINE int sp_limit_allows(__u64 limit, const struct sp_happened *sum, __u64 now_ns)
{
	__u32 shift = sp_limit_shift(limit);
	__u64 left; /* of the present window, in 65536ths */

	if (!limit)
		return 1;
	left = 0x10000 - (now_ns >> ((shift - SP_LIMIT_SHIFT_MIN) & 63) & 0xffff);
	return sum->now * SP_LIMIT_ONE + (sum->before * left * SP_LIMIT_ONE >> 16) + SP_LIMIT_ONE <=
	       (__u32)limit;
}

/* Result: what one word of each row says together. */
SP_INLINE struct sp_happened sp_limit_sum(const struct sp_table *table, const struct sp_rows *rows,
					  __u32 word, __u32 window)
{
	struct sp_happened sum = {0};

	for (__u32 row = rows->first; row < rows->end; row++) {
		const __u64 *place = sp_table_limit(table, row, word);

		if (!place)
			break;
		sp_happened_add(&sum, SP_LOAD(*place), window);
	}
	return sum;
}

/* Result: whether it may, going by one word of each row. */
SP_INLINE int sp_limit_ask(const struct sp_table *table, const struct sp_rows *rows, __u32 word,
			   __u64 limit, __u64 now_ns)
{
	struct sp_happened sum = sp_limit_sum(table, rows, word, sp_limit_window(limit, now_ns));

	return sp_limit_allows(limit, &sum, now_ns);
}

/* The same, going by one row alone. */
SP_INLINE int sp_limit_ask_row(const struct sp_table *table, __u32 row, __u32 word, __u64 limit,
			       __u64 now_ns)
{
	const __u64 *place = sp_table_limit(table, row, word);
	struct sp_happened sum = {0};

	if (place)
		sp_happened_add(&sum, *place, sp_limit_window(limit, now_ns));
	return sp_limit_allows(limit, &sum, now_ns);
}

/* It has happened: in the row's own word. */
SP_INLINE void sp_limit_count(const struct sp_table *table, __u32 row, __u32 word, __u64 limit,
			      __u64 now_ns)
{
	__u64 *place = sp_table_limit(table, row, word);

	if (place)
		SP_STORE(*place, sp_limit_once_more(*place, sp_limit_window(limit, now_ns)));
}

/* What sp_limit_share() counts beside kinds of notes (notes.h): next hops that are wanted. */
#define SP_SHARE_WANTED 15u

/*
 * For what a lease must not fill for all others: whether it may happen once more to this slot by
 * this row alone, which is then counted. Leases share words as sources do (shield.h).
 */
SP_INLINE int sp_limit_share(const struct sp_table *table, __u32 row, __u32 slot_index, __u8 kind,
			     __u64 limit, __u64 now_ns)
{
	__u64 hash = ((__u64)slot_index << 4 | kind) * 0x9e3779b97f4a7c15ULL;
	__u32 first = SP_LIMIT_SHARE_FIRST(sp_table_nr_usage(table));
	__u32 one = first + ((__u32)(hash >> 54) & (SP_SHARE_WORDS - 1));
	__u32 other = first + ((__u32)(hash >> 32) & (SP_SHARE_WORDS - 1));

	if (!sp_limit_ask_row(table, row, one, limit, now_ns) &&
	    !sp_limit_ask_row(table, row, other, limit, now_ns))
		return 0;
	sp_limit_count(table, row, one, limit, now_ns);
	sp_limit_count(table, row, other, limit, now_ns);
	return 1;
}
