/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* The table as user space sees it: the maps' memory. */
#pragma once

#include <linux/types.h>
#include <stddef.h>

#include "compiler.h"
#include "table.h"

/*
 * Pointers and sizes are the reader's own copies, taken from meta once it was checked, so that no
 * later change of shared memory can lead a reader outside it.
 */
struct sp_table {
	const struct sp_settings *settings;
	const struct sp_host *hosts;
	const struct sp_slot *leases;
	const struct sp_bucket *endpoints;
	const struct sp_allow *allow;
	struct sp_limit_line *limits; /* written by the owners of its rows */
	__u32 nr_slots;
	__u32 nr_buckets;
	__u32 nr_allow;
	__u32 nr_usage;
	__u32 nr_rows; /* of limits */
	__u64 hash_seed;
};

SP_INLINE const struct sp_settings *sp_table_settings(const struct sp_table *table)
{
	return table->settings;
}

SP_INLINE const struct sp_host *sp_table_host(const struct sp_table *table, __u32 index)
{
	return index < SP_HOSTS ? &table->hosts[index] : NULL;
}

SP_INLINE const struct sp_slot *sp_table_slot(const struct sp_table *table, __u32 index)
{
	return index < table->nr_slots ? &table->leases[index] : NULL;
}

SP_INLINE const struct sp_bucket *sp_table_bucket(const struct sp_table *table, __u32 index)
{
	return index < table->nr_buckets ? &table->endpoints[index] : NULL;
}

SP_INLINE const struct sp_allow *sp_table_allow(const struct sp_table *table, __u32 index)
{
	return index < table->nr_allow ? &table->allow[index] : NULL;
}

SP_INLINE __u32 sp_table_nr_buckets(const struct sp_table *table)
{
	return table->nr_buckets;
}

SP_INLINE __u64 sp_table_hash_seed(const struct sp_table *table)
{
	return table->hash_seed;
}

SP_INLINE __u32 sp_table_nr_usage(const struct sp_table *table)
{
	return table->nr_usage;
}

SP_INLINE __u64 *sp_table_limit(const struct sp_table *table, __u32 row, __u32 word)
{
	if (row >= table->nr_rows || word >= SP_LIMIT_ROW_WORDS(table->nr_usage))
		return NULL;
	return &table->limits[sp_limit_line_index(table->nr_usage, row, word)]
			.word[word % SP_LIMIT_WORDS];
}
