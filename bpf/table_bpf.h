/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * The table as the kernel sees it: the maps, and the accessors that the packet code asks for.
 * sallyportd sets max_entries and the constants before it loads the program, and makes the instance
 * of the second interface share every map but xsks_map with that of the first.
 */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include <sallyport/compiler.h>
#include <sallyport/notes.h>
#include <sallyport/openings.h>
#include <sallyport/ring.h>
#include <sallyport/snaps.h>
#include <sallyport/table.h>

#ifndef SP_ROLE_AT_LOAD
#define SP_ROLE_AT_LOAD 1
#endif

/* What meta says, as constants, so that the verifier and the JIT can count on them. */
const volatile __u32 sp_role = SP_ROLE_AT_LOAD;
const volatile __u32 sp_nr_cpus = 1;
const volatile __u32 sp_nr_buckets = 1;
const volatile __u32 sp_nr_usage = 1;
const volatile __u64 sp_hash_seed = 0;
/* 1: loaded for frames in pieces, of which only the first lies before data_end. */
const volatile __u32 sp_pieces = 0;
/* The tags of either side's packets on the wire, 0: none. With one interface they are the same. */
#ifndef SP_VLAN_AT_LOAD
#define SP_VLAN_AT_LOAD 0
#endif
const volatile __u32 sp_public_vlan = SP_VLAN_AT_LOAD;
const volatile __u32 sp_builds_vlan = SP_VLAN_AT_LOAD;
/* 1: loaded for generic mode, in which a checksum that was left to a NIC still is, once sent on. */
#ifndef SP_GENERIC_AT_LOAD
#define SP_GENERIC_AT_LOAD 0
#endif
const volatile __u32 sp_generic = SP_GENERIC_AT_LOAD;
/* 1: the interface is the kernel's face of a device that sallyport-dp alone drives. What comes by
 * it was handed on to be carried here: no worker takes it again. */
#ifndef SP_EXCEPTION_AT_LOAD
#define SP_EXCEPTION_AT_LOAD 0
#endif
const volatile __u32 sp_exception = SP_EXCEPTION_AT_LOAD;

/* One record after another in memory that user space maps too. */
#define SP_ARRAY(name, record, entries)                                                            \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(map_flags, BPF_F_MMAPABLE);                                                 \
		__uint(max_entries, entries);                                                      \
		__type(key, __u32);                                                                \
		__type(value, struct record);                                                      \
	} name SEC(".maps")

SP_ARRAY(meta, sp_meta, 1);
SP_ARRAY(settings, sp_settings, 1);
SP_ARRAY(hosts, sp_host, SP_HOSTS);
SP_ARRAY(leases, sp_slot, SP_PORTS_PER_ADDRESS);
SP_ARRAY(endpoints, sp_bucket, 1);
SP_ARRAY(allow, sp_allow, 1);
SP_ARRAY(queues, sp_queue, 2 * SP_QUEUES_MAX);
SP_ARRAY(workers, sp_worker, SP_WORKERS_MAX); /* not read here */
SP_ARRAY(counters, sp_counters, 1);
SP_ARRAY(usage, sp_usage, 1);
SP_ARRAY(wanted, sp_wanted, 1);
SP_ARRAY(limits, sp_limit_line, 1);
SP_ARRAY(hops, sp_hop, SP_HOPS);
SP_ARRAY(openings, sp_opening, SP_OPENINGS);
SP_ARRAY(notes, sp_note, SP_NOTES);
SP_ARRAY(notes_heads, sp_ring_head, 1);
SP_ARRAY(snaps, sp_snap, SP_SNAPS);
SP_ARRAY(snaps_heads, sp_ring_head, 1);

/* libxdp looks for this name, and for keys and values of four bytes. */
struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, SP_QUEUES_MAX);
	__type(key, __u32);
	__type(value, __u32);
} xsks_map SEC(".maps");

/* Result: how long a frame is, with all its pieces. */
SP_INLINE long sp_frame_bytes(struct xdp_md *ctx)
{
	long bytes;

	if (sp_pieces)
		return (long)bpf_xdp_get_buff_len(ctx);
	bytes = (long)ctx->data_end - (long)ctx->data;
	/* Keep the compiler from adding to data_end first, which the verifier forbids. */
	asm volatile("" : "+r"(bytes));
	return bytes;
}

/* All state is in the maps above, so this has no members and its address is never looked at. */
struct sp_table {
	char nothing;
};

SP_INLINE const struct sp_settings *sp_table_settings(const struct sp_table *table)
{
	__u32 index = 0;

	return bpf_map_lookup_elem(&settings, &index);
}

SP_INLINE const struct sp_host *sp_table_host(const struct sp_table *table, __u32 index)
{
	return bpf_map_lookup_elem(&hosts, &index);
}

SP_INLINE const struct sp_slot *sp_table_slot(const struct sp_table *table, __u32 index)
{
	return bpf_map_lookup_elem(&leases, &index);
}

SP_INLINE const struct sp_bucket *sp_table_bucket(const struct sp_table *table, __u32 index)
{
	return bpf_map_lookup_elem(&endpoints, &index);
}

SP_INLINE const struct sp_allow *sp_table_allow(const struct sp_table *table, __u32 index)
{
	return bpf_map_lookup_elem(&allow, &index);
}

SP_INLINE __u32 sp_table_nr_buckets(const struct sp_table *table)
{
	return sp_nr_buckets;
}

SP_INLINE __u64 sp_table_hash_seed(const struct sp_table *table)
{
	return sp_hash_seed;
}

SP_INLINE __u32 sp_table_nr_usage(const struct sp_table *table)
{
	return sp_nr_usage;
}

SP_INLINE __u64 *sp_table_limit(const struct sp_table *table, __u32 row, __u32 word)
{
	__u32 index = sp_limit_line_index(sp_nr_usage, row, word);
	struct sp_limit_line *line;

	if (row >= sp_nr_cpus || word >= SP_LIMIT_ROW_WORDS(sp_nr_usage))
		return 0;
	line = bpf_map_lookup_elem(&limits, &index);
	return line ? &line->word[word % SP_LIMIT_WORDS] : 0;
}
