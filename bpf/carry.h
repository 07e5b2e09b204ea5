/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * The XDP engine: what the program does with a packet itself, when no worker of sallyport-dp is
 * there for it. Next hops are asked of the kernel, and remembered for a moment (hops.h).
 */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "hops.h"
#include "table_bpf.h"
#include "tag.h"
#include "trip.h"

#include <sallyport/answer.h>
#include <sallyport/decide.h>
#include <sallyport/limit.h>
#include <sallyport/nat.h>
#include <sallyport/usage.h>

#define SP_AF_INET  2
#define SP_AF_INET6 10
/*
 * bpf_fib_lookup() refuses for an interface whose forwarding is off. Asked from the loopback's
 * point of view, the one interface with forwarding on, it answers while this host remains no
 * router.
 */
#define SP_LOOPBACK_IFINDEX 1
/* A row of wanted is everybody's: how many clients' addresses a lease may write there in 134 ms. */
#define SP_WANTED_SHARE SP_LIMIT(27, 2)

SP_INLINE void sp_fib_question(struct bpf_fib_lookup *fib, const struct sp_packet *packet,
			       const struct sp_tuple *after)
{
	__builtin_memset(fib, 0, sizeof(*fib));
	fib->ifindex = SP_LOOPBACK_IFINDEX;
	fib->tot_len = packet->l3_len_bytes;
	if (packet->family == 4) {
		fib->family = SP_AF_INET;
		fib->ipv4_src = after->from.word_be[3];
		fib->ipv4_dst = after->to.word_be[3];
	} else {
		fib->family = SP_AF_INET6;
		__builtin_memcpy(fib->ipv6_src, &after->from, sizeof(fib->ipv6_src));
		__builtin_memcpy(fib->ipv6_dst, &after->to, sizeof(fib->ipv6_dst));
	}
}

/*
 * Result: the next hop in an answer: a gateway, perhaps of the other family, or the target. It is
 * written over the answer's own, since there is no room for it elsewhere on the stack.
 */
SP_INLINE const struct sp_addr *sp_fib_hop(struct bpf_fib_lookup *fib)
{
	struct sp_addr *addr = (void *)fib->ipv6_dst;

	if (fib->family == SP_AF_INET)
		*addr = sp_addr_from_v4(fib->ipv4_dst);
	return addr;
}

/* Tells sallyportd that the kernel should look for a next hop. */
SP_INLINE void sp_want(struct sp_trip *trip)
{
	__u32 cpu = bpf_get_smp_processor_id(), generation = 0;
	struct sp_wanted *row = bpf_map_lookup_elem(&wanted, &cpu);
	const struct sp_addr *addr = sp_fib_hop(&trip->fib);
	struct sp_wanted_hop *hop;

	if (!row)
		return;
	if (trip->direction == SP_TOWARD_CLIENT && sp_addr_equal(addr, &trip->after.to))
		generation = trip->generation;
	hop = &row->hop[(row->count - 1) % SP_WANTED_HOPS];
	if (sp_addr_equal(&hop->addr, addr) && hop->ifindex == trip->fib.ifindex &&
	    trip->now_ns - row->last_ns < SP_WANTED_AGAIN_NS)
		return;
	if (generation && !sp_limit_share(0, cpu, trip->slot_index, SP_SHARE_WANTED,
					  SP_WANTED_SHARE, trip->now_ns))
		return;
	hop = &row->hop[row->count % SP_WANTED_HOPS];
	hop->addr = *addr;
	hop->ifindex = trip->fib.ifindex;
	hop->generation = generation;
	row->last_ns = trip->now_ns;
	SP_STORE_RELEASE(row->count, row->count + 1);
}

/*
 * Asks the kernel where a translated packet goes. Result: SP_FORWARDED with trip->fib answered,
 * SP_TOO_BIG with the MTU in it, or why the packet cannot go. What leads elsewhere than to the
 * interface of that direction is no route: a lease leads to the builds network, and its replies to
 * the public one. SP_TOO_BIG is said of IPv4 without DF too: neither engine fragments, and most
 * senders heed it all the same.
 */
SP_INLINE enum sp_verdict sp_next_hop(struct xdp_md *ctx, const struct sp_packet *packet,
				      struct sp_trip *trip)
{
	const struct sp_settings *now = sp_table_settings(0);
	struct bpf_fib_lookup *fib = &trip->fib;
	long answer;

	if (!now)
		return SP_NO_ROUTE;
	if (sp_hop_recall(now, trip, packet->l3_len_bytes))
		return SP_FORWARDED;
	sp_fib_question(fib, packet, &trip->after);
	answer = bpf_fib_lookup(ctx, fib, sizeof(*fib), 0);
	if (answer == BPF_FIB_LKUP_RET_FRAG_NEEDED)
		return packet->kind == SP_KIND_ERROR ? SP_ERROR_UNANSWERED : SP_TOO_BIG;
	if (answer != BPF_FIB_LKUP_RET_SUCCESS && answer != BPF_FIB_LKUP_RET_NO_NEIGH)
		return SP_NO_ROUTE;
	if (fib->ifindex !=
	    (trip->direction == SP_TOWARD_VM ? now->builds_ifindex : now->public_ifindex))
		return SP_NO_ROUTE;
	if (answer == BPF_FIB_LKUP_RET_SUCCESS) {
		sp_hop_keep(now, trip);
		return SP_FORWARDED;
	}
	sp_want(trip);
	return SP_NO_NEIGHBOUR;
}

/* Result: this CPU's record of what a lease carried, or NULL. */
SP_INLINE struct sp_usage *sp_usage_of(const struct sp_hit *hit)
{
	__u32 index = bpf_get_smp_processor_id() * sp_nr_usage + hit->slot->usage_index;

	return bpf_map_lookup_elem(&usage, &index);
}

/*
 * Sends a packet turned into an answer of that length back where it came from. A redirect to the
 * same interface, not XDP_TX: a veth flushes what XDP_TX queued only if its peer has an XDP program
 * too (veth_xdp_flush()), so that a lone reset would wait there for the next packet. Result: the
 * action, or XDP_ABORTED.
 */
SP_INLINE int sp_send_back(struct xdp_md *ctx, int frame_bytes)
{
	if (frame_bytes < 0 || bpf_xdp_adjust_tail(ctx, frame_bytes - (int)sp_frame_bytes(ctx)))
		return XDP_ABORTED;
	if (sp_tag_for(ctx, sp_tag_here()))
		return XDP_ABORTED;
	return bpf_redirect(ctx->ingress_ifindex, 0);
}

SP_INLINE int sp_reset_vm(struct xdp_md *ctx, const struct sp_packet *packet)
{
	return sp_send_back(
		ctx, sp_answer_reset((void *)(long)ctx->data, (void *)(long)ctx->data_end, packet));
}

/* Result: whether this CPU may send an ICMP error for that verdict now. */
SP_INLINE int sp_may_send_error(enum sp_verdict verdict, __u64 now_ns)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct sp_wanted *row = bpf_map_lookup_elem(&wanted, &cpu);

	return row && sp_error_due(row->error_ns, verdict, now_ns);
}

SP_INLINE int sp_send_error(struct xdp_md *ctx, const struct sp_packet *packet,
			    const struct sp_hit *hit, struct sp_error error)
{
	int growth = packet->family == 4 ? SP_ERROR_GROWTH(4) : SP_ERROR_GROWTH(6);
	if (bpf_xdp_adjust_head(ctx, -growth))
		return XDP_ABORTED;
	return sp_send_back(ctx,
			    sp_answer_error((void *)(long)ctx->data, (void *)(long)ctx->data_end,
					    packet, &hit->slot->public_addr, &error));
}

/* Result: the interface to leave by: that of the next hop, or, of a VLAN, the trunk below it. */
SP_INLINE __u32 sp_way_out(const struct sp_trip *trip)
{
	const struct sp_settings *now = sp_table_settings(0);

	if (!sp_tag_ahead(trip->direction))
		return trip->fib.ifindex;
	if (!now)
		return 0;
	return trip->direction == SP_TOWARD_VM ? now->builds_trunk : now->public_trunk;
}

/* Sends a translated frame by the way that was found, without its tag yet. Result: the action. */
SP_INLINE int sp_send_by(struct sp_eth *eth, const struct sp_trip *trip)
{
	__builtin_memcpy(eth->to, trip->fib.dmac, sizeof(eth->to));
	__builtin_memcpy(eth->from, trip->fib.smac, sizeof(eth->from));
	return bpf_redirect(sp_way_out(trip), 0);
}

/*
 * Without its tag yet. *verdict becomes SP_COMPLETED if the checksum seems to be partial: that is
 * then to be looked at.
 */
SP_INLINE int sp_send_on(struct xdp_md *ctx, const struct sp_packet *packet,
			 const struct sp_trip *trip, enum sp_verdict *verdict)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct sp_eth *eth = data;
	int result;

	if ((void *)(eth + 1) > end)
		return XDP_ABORTED;
	result = sp_translate(data, end, packet, &trip->after, trip->direction);
	if (result < 0)
		return XDP_ABORTED;
	if (result)
		*verdict = SP_COMPLETED;
	return sp_send_by(eth, trip);
}

/*
 * Sends on, here, what sp_judge() found fit for it. Result: the XDP action, but with SP_TOO_BIG the
 * MTU; *verdict becomes what the packet is to be counted as, or answered for.
 */
SP_INLINE int sp_carry(struct xdp_md *ctx, const struct sp_packet *packet, const struct sp_hit *hit,
		       __u64 now_ns, enum sp_verdict *verdict)
{
	struct sp_usage *record = sp_usage_of(hit);
	struct sp_trip trip;

	trip.after = sp_tuple_after(&packet->tuple, hit);
	trip.direction = hit->direction;
	trip.slot_index = hit->slot_index;
	trip.generation = sp_life_generation(hit->life);
	trip.usage = record;
	trip.now_ns = now_ns;
	*verdict = sp_next_hop(ctx, packet, &trip);
	if (*verdict == SP_TOO_BIG)
		return trip.fib.mtu_result;
	if (*verdict != SP_FORWARDED)
		return XDP_DROP;
	if (record)
		sp_usage_count(record, packet, hit, now_ns);
	return sp_send_on(ctx, packet, &trip, verdict);
}
