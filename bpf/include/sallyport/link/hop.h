/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * How long the XDP program goes by a next hop that the kernel once told it of. It asks anew after
 * SP_HOP_NS, whoever is alive; at once when sallyportd has heard of a change; and always while a
 * way depends on more than the address that a packet goes to.
 */
#pragma once

#include <linux/types.h>

#include "../compiler.h"
#include "../table.h"

#define SP_HOP_TICK                                                                                \
	20 /* 2^20 ns, 1.05 ms: after 52 days ticks come round, and one may be too late */
#define SP_HOP_NS (100ULL << SP_HOP_TICK)

/* Result: the tick of a moment (CLOCK_BOOTTIME), never 0. */
SP_INLINE __u32 sp_hop_tick(__u64 now_ns)
{
	__u32 tick = (__u32)(now_ns >> SP_HOP_TICK);

	return tick ? tick : 1;
}

/*
 * Result: whether what was learned then (a tick, 0: never) still holds: later than the last change,
 * so that the kernel was asked after it.
 */
SP_INLINE int sp_hop_holds(const struct sp_settings *now, __u32 learned, __u64 now_ns)
{
	__u32 tick = sp_hop_tick(now_ns), age = tick - learned;

	return SP_LOAD(now->hops_kept) && learned && age < SP_HOP_NS >> SP_HOP_TICK &&
	       age < tick - SP_LOAD(now->hops_changed);
}

/* A way is a link address and the longest IP packet by it, in one store. */
SP_INLINE __u64 sp_hop_way(const __u8 link[6], __u16 mtu)
{
	__u64 way = 0;

	for (int i = 0; i < 6; i++)
		way = way << 8 | link[i];
	return way << 16 | mtu;
}

SP_INLINE __u32 sp_hop_mtu(__u64 way)
{
	return (__u32)way & 0xffff;
}

SP_INLINE void sp_hop_link(__u64 way, __u8 ret_link[6])
{
	for (int i = 0; i < 6; i++)
		ret_link[i] = (__u8)(way >> (56 - 8 * i));
}

/* Result: the record of hops for a client's address, in the row of a CPU. */
SP_INLINE __u32 sp_hop_index(__u32 cpu, __u64 hash)
{
	return cpu * SP_HOPS + ((__u32)hash & (SP_HOPS - 1));
}
