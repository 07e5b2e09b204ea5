/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Next hops that the kernel was asked for before: towards a VM beside what its lease has carried,
 * a line that is needed anyway; towards clients in a row of the CPU's own, by their addresses.
 */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "table_bpf.h"
#include "trip.h"

#include <sallyport/addr.h>
#include <sallyport/link/hop.h>

/* Where a way is kept, and when it was learned. */
struct sp_kept {
	__u64 *way;
	__u32 *learned;
};

/* Result: the record of a client's address on this CPU, or NULL. */
SP_INLINE struct sp_hop *sp_hop_of_client(const struct sp_trip *trip)
{
	__u32 index = sp_hop_index(bpf_get_smp_processor_id(),
				   sp_addr_hash(&trip->after.to, sp_hash_seed));

	return bpf_map_lookup_elem(&hops, &index);
}

SP_INLINE int sp_hop_is_of(const struct sp_hop *hop, const struct sp_trip *trip)
{
	return hop->public_index == trip->slot_index >> 16 &&
	       sp_addr_equal(&hop->client, &trip->after.to);
}

/* Result: the way of a trip, if one was kept that holds; else 0. */
SP_INLINE __u64 sp_hop_kept(const struct sp_settings *now, const struct sp_trip *trip)
{
	const struct sp_usage *record = trip->usage;
	const struct sp_hop *hop;

	if (trip->direction == SP_TOWARD_VM)
		return record && record->generation == trip->generation &&
				       sp_hop_holds(now, record->hop_epoch, trip->now_ns)
			       ? record->hop
			       : 0;
	hop = sp_hop_of_client(trip);
	return hop && sp_hop_holds(now, hop->learned, trip->now_ns) && sp_hop_is_of(hop, trip)
		       ? hop->way
		       : 0;
}

SP_INLINE __u64 *sp_hop_own_link(enum sp_direction direction)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct sp_wanted *row = bpf_map_lookup_elem(&wanted, &cpu);

	if (!row)
		return 0;
	/* Nothing is to be added to what may be no pointer, as clang -Os does ahead. */
	asm volatile("" : "+r"(row));
	return &row->link[direction & 1];
}

/* Result: whether the way of a packet of that length is known; trip->fib then says it. */
SP_INLINE int sp_hop_recall(const struct sp_settings *now, struct sp_trip *trip, __u32 l3_len_bytes)
{
	__u64 way = sp_hop_kept(now, trip), *own;

	if (!way || l3_len_bytes > sp_hop_mtu(way))
		return 0;
	own = sp_hop_own_link(trip->direction);
	if (!own)
		return 0;
	trip->fib.ifindex =
		trip->direction == SP_TOWARD_VM ? now->builds_ifindex : now->public_ifindex;
	sp_hop_link(way, trip->fib.dmac);
	sp_hop_link(*own, trip->fib.smac);
	return 1;
}

/* Keeps what the kernel has answered. A record whose lease is another is begun when it is counted.
 */
SP_INLINE void sp_hop_keep(const struct sp_settings *now, const struct sp_trip *trip)
{
	__u64 way = sp_hop_way(trip->fib.dmac, trip->fib.mtu_result);
	__u64 *own = sp_hop_own_link(trip->direction);
	__u32 tick = sp_hop_tick(trip->now_ns);
	struct sp_usage *record = trip->usage;
	struct sp_hop *hop;

	if (!SP_LOAD(now->hops_kept) || !own)
		return;
	*own = sp_hop_way(trip->fib.smac, 0);
	if (trip->direction == SP_TOWARD_VM) {
		if (!record || record->generation != trip->generation)
			return;
		record->hop = way;
		record->hop_epoch = tick;
		return;
	}
	hop = sp_hop_of_client(trip);
	if (!hop)
		return;
	hop->client = trip->after.to;
	hop->public_index = trip->slot_index >> 16;
	hop->way = way;
	hop->learned = tick;
}
