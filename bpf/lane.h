/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * The fast lane of the XDP engine, before all else: it carries what is plain in every way and
 * leaves the rest as it came, for the program to find out what is to become of it. So it has to be
 * right about what it takes, and about nothing else (docs/adr/0018). Family and direction are
 * constants to what it shares with that program, which is what makes it fast.
 */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "carry.h"
#include "count.h"
#include "hops.h"
#include "opening.h"
#include "table_bpf.h"
#include "tag.h"
#include "trip.h"

#include <sallyport/decide.h>
#include <sallyport/nat.h>
#include <sallyport/note_put.h>
#include <sallyport/parse.h>
#include <sallyport/partial.h>
#include <sallyport/shield.h>
#include <sallyport/snap_put.h>
#include <sallyport/usage.h>

/* Result: whether a bucket has an entry with that tag; the first one's slot is *ret. */
SP_INLINE int sp_lane_tag(__u32 bucket_index, __u32 tag, __u32 *ret)
{
	const struct sp_bucket *bucket = sp_table_bucket(0, bucket_index);

	if (!bucket)
		return 0;
	for (__u32 i = 0; i < SP_BUCKET_ENTRIES; i++) {
		__u64 entry = SP_LOAD(bucket->entry[i]);

		*ret = sp_entry_slot(entry);
		if (sp_entry_tag(entry) == tag)
			return 1;
	}
	return 0;
}

/* Where the slot of a VM's packet may be: another endpoint may have that tag too. */
SP_INLINE int sp_lane_place_by_endpoint(const struct sp_packet *packet, __u32 *ret)
{
	__u64 hash = sp_endpoint_hash(&packet->tuple.from, packet->tuple.from_port_be,
				      packet->protocol, sp_hash_seed);
	__u32 tag = sp_hash_tag(hash), bucket = sp_bucket_first(hash, sp_nr_buckets);

	return sp_lane_tag(bucket, tag, ret) ||
	       sp_lane_tag(sp_bucket_other(bucket, tag, sp_nr_buckets), tag, ret);
}

/*
 * Finds the lease of a packet. The clock waits for all loads before it to end: so it is read before
 * the slot is, which is likely to be in no cache, and not for what finds no place.
 */
SP_INLINE int sp_lane_find(const struct sp_packet *packet, struct sp_hit *hit, __u64 *ret_now_ns)
{
	if (!(hit->direction == SP_TOWARD_VM ? sp_place_by_port(0, packet, &hit->slot_index)
					     : sp_lane_place_by_endpoint(packet, &hit->slot_index)))
		return 0;
	*ret_now_ns = bpf_ktime_get_boot_ns();
	hit->slot = sp_table_slot(0, hit->slot_index);
	if (!hit->slot)
		return 0;
	hit->life = SP_LOAD_ACQUIRE(hit->slot->life);
	return 1;
}

/* Result: whether a packet is let through without being counted at the door, noted or captured. */
SP_INLINE int sp_lane_unseen(const struct sp_packet *packet, const struct sp_hit *hit, __u64 now_ns)
{
	return !sp_snap_marked(hit, SP_FORWARDED) && !sp_may_answer(packet, hit, now_ns) &&
	       (sp_shield_door(packet, hit, SP_FORWARDED) == SP_DOOR_NONE || !sp_shield_is_on(0));
}

SP_INLINE int sp_lane_judge(const struct sp_settings *now, const struct sp_packet *packet,
			    const struct sp_hit *hit, __u64 now_ns)
{
	const struct sp_addr *client =
		hit->direction == SP_TOWARD_VM ? &packet->tuple.from : &packet->tuple.to;

	return sp_is_plain(packet, now_ns, hit, 1) && sp_near_is_far(now, client, packet->family) &&
	       sp_allowed(0, hit->slot, client) && sp_lane_unseen(packet, hit, now_ns);
}

/* Result: whether the next hop of a packet is remembered, and its lease's usage record begun. */
SP_INLINE int sp_lane_way(const struct sp_settings *now, const struct sp_packet *packet,
			  const struct sp_hit *hit, __u64 now_ns, struct sp_trip *trip)
{
	trip->usage = sp_usage_of(hit);
	trip->after = sp_tuple_after(&packet->tuple, hit);
	trip->direction = hit->direction;
	trip->slot_index = hit->slot_index;
	trip->generation = sp_life_generation(hit->life);
	trip->now_ns = now_ns;
	return trip->usage && trip->usage->generation == trip->generation &&
	       sp_hop_recall(now, trip, packet->l3_len_bytes);
}

/*
 * Reads a frame once more: what is known of it need not be kept on the stack meanwhile. Result:
 * whether it can be sent on: its checksum seems to be whole.
 */
SP_INLINE int sp_lane_ready(struct xdp_md *ctx, const struct sp_hit *hit, struct sp_packet *packet,
			    struct sp_trip *trip, const __u8 family)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const sp_wire_be16 *checksum_be;

	if (!sp_parse_plain(data, end, (__u64)sp_frame_bytes(ctx), packet, family))
		return 0;
	trip->after = sp_tuple_after(&packet->tuple, hit);
	checksum_be = sp_checksum_of(SP_AT(data, SP_L4_OFFSET(family)), packet->protocol);
	return (const void *)(checksum_be + 1) <= end &&
	       *checksum_be != sp_partial_of(packet, family);
}

SP_INLINE int sp_lane_send(struct xdp_md *ctx, const struct sp_packet *packet,
			   const struct sp_trip *trip, const __u8 family)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct sp_eth *eth = data;
	int action;

	if ((void *)(eth + 1) > end ||
	    sp_translate_l4(data, end, packet, &trip->after, sp_end_replaced(trip->direction),
			    family) < 0)
		return XDP_ABORTED;
	action = sp_send_by(eth, trip);
	return sp_tag_for(ctx, sp_tag_ahead(trip->direction)) ? XDP_ABORTED : action;
}

#define SP_LANE_LEFT -1

/* Result: the action for a frame that it has carried, or SP_LANE_LEFT: as it came. */
SP_INLINE int sp_lane_take(struct xdp_md *ctx, const enum sp_direction direction, const __u8 family)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const struct sp_settings *now = sp_table_settings(0);
	struct sp_hit hit = {.direction = direction};
	struct sp_packet packet;
	struct sp_trip trip;
	__u64 now_ns;

	if (!sp_parse_plain(data, end, (__u64)sp_frame_bytes(ctx), &packet, family))
		return SP_LANE_LEFT;
	if (!now || (!sp_exception && now->engine_mode == SP_ENGINE_DPDK) ||
	    sp_note_kind_of(&packet) != SP_NOTE_NONE || !sp_lane_find(&packet, &hit, &now_ns) ||
	    !sp_lane_judge(now, &packet, &hit, now_ns) ||
	    !sp_lane_way(now, &packet, &hit, now_ns, &trip))
		return SP_LANE_LEFT;
	SP_BARRIER();
	if (!sp_lane_ready(ctx, &hit, &packet, &trip, family))
		return SP_LANE_LEFT;
	sp_usage_count(trip.usage, &packet, &hit, now_ns);
	sp_count(SP_FORWARDED, &packet, &hit);
	return sp_lane_send(ctx, &packet, &trip, family);
}

/*
 * The same of a frame of one family. With one interface for both sides all are left; so is IPv6
 * toward clients, which is no faster here.
 */
SP_INLINE int sp_lane(struct xdp_md *ctx, const __u8 family)
{
	if (sp_role == SP_ROLE_PUBLIC)
		return sp_lane_take(ctx, SP_TOWARD_VM, family);
	if (sp_role == SP_ROLE_BUILDS && family == 4)
		return sp_lane_take(ctx, SP_TOWARD_CLIENT, family);
	return SP_LANE_LEFT;
}
