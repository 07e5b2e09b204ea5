/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* Writing snaps (snaps.h). */
#pragma once

#include <linux/types.h>

#include "compiler.h"
#include "decide.h"
#include "parse.h"
#include "snaps.h"
#include "table.h"
#include "wire.h"

/*
 * Result: whether a packet belongs to a lease whose slot says that it is captured, if only until a
 * second that has passed. What a VM sends to this host, as to our own probes, belongs to none.
 */
SP_INLINE int sp_snap_marked(const struct sp_hit *hit, enum sp_verdict verdict)
{
	return hit->slot && verdict != SP_TO_HOST && SP_LOAD(hit->slot->capture_until_s) != 0;
}

/* Result: whether it is captured at that time. */
SP_INLINE int sp_snap_wanted(const struct sp_slot *slot, __u64 now_ns)
{
	return now_ns / 1000000000ULL < SP_LOAD(slot->capture_until_s);
}

/*
 * Result: where the headers of a parsed frame end: those of TCP or UDP, or, of an ICMP error, the
 * eight bytes that it quotes of them.
 */
SP_INLINE __u32 sp_snap_headers(const void *data, const void *end, const struct sp_packet *packet)
{
	const struct sp_tcp *tcp = SP_AT(data, SP_L4_OFFSET(packet->family));

	if (packet->kind == SP_KIND_ERROR)
		return (__u32)SP_QUOTED_L4_OFFSET(packet->family) + sizeof(struct sp_udp);
	if (packet->protocol == SP_PROTOCOL_UDP || (const void *)(tcp + 1) > end)
		return (__u32)SP_L4_OFFSET(packet->family) + sizeof(struct sp_udp);
	return (__u32)SP_L4_OFFSET(packet->family) + (tcp->data_offset >> 4) * 4u;
}

/*
 * Begins the snap of a frame, which is the record of the ring for number head->written + 1. To be
 * followed by kept_bytes and data; then, once it is known what became of it, by sp_snap_end().
 */
SP_INLINE void sp_snap_begin(struct sp_snap *snap, __u32 frame_bytes, const struct sp_hit *hit,
			     __u64 now_ns)
{
	sp_ring_begin(&snap->ring, now_ns);
	snap->slot_index = hit->slot_index;
	snap->generation = sp_life_generation(hit->life);
	snap->frame_bytes = frame_bytes;
	snap->direction = (__u8)hit->direction;
}

SP_INLINE void sp_snap_end(struct sp_ring_head *head, struct sp_snap *snap, enum sp_verdict verdict)
{
	snap->verdict = (__u8)verdict;
	sp_ring_end(head, &snap->ring);
}
