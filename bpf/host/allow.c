/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/allow.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sallyport/addr.h>

struct ranges {
	unsigned int nr;
	struct sp_range range[SP_ALLOW_PREFIXES];
};

static uint64_t half_of(const __be32 word_be[2])
{
	return (uint64_t)SP_HOST32(word_be[0]) << 32 | SP_HOST32(word_be[1]);
}

static struct sp_range range_of(const struct sp_prefix *prefix)
{
	const __be32 *addr = prefix->addr.word_be, *mask = prefix->mask.word_be;

	return (struct sp_range){
		.first = {half_of(addr), half_of(addr + 2)},
		.last = {half_of(addr) | ~half_of(mask), half_of(addr + 2) | ~half_of(mask + 2)}};
}

/* As in sp_prefix_contains(). */
static bool is_v4(const struct sp_prefix *prefix)
{
	return prefix->mask.word_be[2] == 0xffffffff && sp_addr_is_v4(&prefix->addr);
}

static int compare(const __u64 a[2], const __u64 b[2])
{
	if (a[0] != b[0])
		return a[0] < b[0] ? -1 : 1;
	return a[1] < b[1] ? -1 : a[1] > b[1];
}

static int compare_ranges(const void *a, const void *b)
{
	return compare(((const struct sp_range *)a)->first, ((const struct sp_range *)b)->first);
}

/* Result: whether b, which does not begin before a, begins within a or right after it. */
static bool goes_on(const struct sp_range *a, const struct sp_range *b)
{
	__u64 next[2] = {a->last[0] + (a->last[1] == UINT64_MAX), a->last[1] + 1};

	return compare(b->first, a->last) <= 0 || compare(b->first, next) == 0;
}

/* Sorts them and makes one of those that touch. */
static void merge(struct ranges *ranges)
{
	unsigned int last = 0;

	if (ranges->nr == 0)
		return;
	qsort(ranges->range, ranges->nr, sizeof(ranges->range[0]), compare_ranges);
	for (unsigned int i = 1; i < ranges->nr; i++) {
		const struct sp_range *range = &ranges->range[i];

		if (!goes_on(&ranges->range[last], range))
			ranges->range[++last] = *range;
		else if (compare(range->last, ranges->range[last].last) > 0)
			memcpy(ranges->range[last].last, range->last, sizeof(range->last));
	}
	ranges->nr = last + 1;
}

static struct ranges ranges_of(const struct sp_prefix *prefixes, unsigned int nr_prefixes, bool v4)
{
	struct ranges ranges = {.nr = 0};

	for (unsigned int i = 0; i < nr_prefixes; i++)
		if (is_v4(&prefixes[i]) == v4)
			ranges.range[ranges.nr++] = range_of(&prefixes[i]);
	merge(&ranges);
	return ranges;
}

/* Result: the range of a place: beyond the last one that again, and without any one of nothing. */
static struct sp_range range_at(const struct ranges *ranges, unsigned int at)
{
	if (ranges->nr == 0)
		return (struct sp_range){.first = {UINT64_MAX, UINT64_MAX}};
	return ranges->range[at < ranges->nr ? at : ranges->nr - 1];
}

void allow_make(struct sp_allow *ret_allow, const struct sp_prefix *prefixes,
		unsigned int nr_prefixes)
{
	struct ranges v4, v6;

	assert(nr_prefixes <= SP_ALLOW_PREFIXES);
	v4 = ranges_of(prefixes, nr_prefixes, true);
	v6 = ranges_of(prefixes, nr_prefixes, false);
	for (unsigned int i = 0; i < SP_ALLOW_RANGES; i++) {
		struct sp_range range = range_at(&v4, i);

		ret_allow->v4_first[i] = (uint32_t)range.first[1];
		ret_allow->v4_last[i] = (uint32_t)range.last[1];
		ret_allow->v6[i] = range_at(&v6, i);
	}
}
