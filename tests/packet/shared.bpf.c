// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * The shared packet code alone, in the kernel: parse, decide, translate or answer. Time, role and
 * MTU come from the map run, where the verdict goes. Links are left as they are.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "run.h"
#include "table_bpf.h"

#include <sallyport/answer.h>
#include <sallyport/decide.h>
#include <sallyport/nat.h>
#include <sallyport/parse.h>
#include <sallyport/shield.h>

SP_ARRAY(run, run, 1);

static __always_inline int cut(struct xdp_md *ctx, int frame_bytes)
{
	long now_bytes = (long)ctx->data_end - (long)ctx->data;

	asm volatile("" : "+r"(now_bytes));
	if (frame_bytes < 0)
		return -1;
	return bpf_xdp_adjust_tail(ctx, frame_bytes - (int)now_bytes) ? -1 : 0;
}

static __always_inline int error(struct xdp_md *ctx, const struct sp_packet *packet,
				 const struct sp_hit *hit, enum sp_verdict verdict, __u32 mtu)
{
	struct sp_error answer = sp_error_of(packet->family, verdict, mtu);
	struct sp_addr from = hit->slot->public_addr;

	if (bpf_xdp_adjust_head(
		    ctx, -(int)(packet->family == 4 ? SP_ERROR_GROWTH(4) : SP_ERROR_GROWTH(6))))
		return -1;
	return cut(ctx, sp_answer_error((void *)(long)ctx->data, (void *)(long)ctx->data_end,
					packet, &from, &answer));
}

int shield(__u64 source, __u64 lease, __u32 door, __u32 protocol, __u64 now_ns);

/* Verified apart, as in the XDP program. */
__attribute__((__noinline__)) int shield(__u64 source, __u64 lease, __u32 door, __u32 protocol,
					 __u64 now_ns)
{
	const struct sp_rows rows = {.end = 1};
	struct sp_knock knock = {source, (__u32)lease, (__u32)(lease >> 32), door, protocol};

	return (int)sp_shield(0, &rows, &knock, now_ns);
}

static __always_inline enum sp_verdict let_in(const struct sp_packet *packet,
					      const struct sp_hit *hit, enum sp_verdict verdict,
					      __u64 now_ns)
{
	enum sp_door door = sp_shield_door(packet, hit, verdict);
	struct sp_knock knock;
	int limited;

	if (door == SP_DOOR_NONE)
		return verdict;
	knock = sp_shield_knock(packet, hit, door);
	limited = shield(knock.source, (__u64)knock.generation << 32 | knock.usage_index,
			 knock.door, knock.protocol, now_ns);
	if (limited == SP_LEASE_LIMITED)
		return SP_LEASE_LIMITED;
	return limited == SP_SOURCE_LIMITED ? SP_SOURCE_LIMITED : verdict;
}

int complete(struct xdp_md *ctx, __u32 family, __u32 protocol, __u32 l3_len_bytes);

/* Likewise. */
__attribute__((__noinline__)) int complete(struct xdp_md *ctx, __u32 family, __u32 protocol,
					   __u32 l3_len_bytes)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	return family == 4 ? sp_complete(data, end, (__u8)protocol, l3_len_bytes, 4)
			   : sp_complete(data, end, (__u8)protocol, l3_len_bytes, 6);
}

SEC("xdp")
int shared(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 zero = 0;
	struct run *now = bpf_map_lookup_elem(&run, &zero);
	struct sp_packet packet;
	struct sp_tuple after;
	struct sp_hit hit = {0};
	enum sp_verdict verdict = sp_parse(data, end, &packet);
	int r = 0;

	if (!now)
		return XDP_ABORTED;
	if (verdict == SP_FORWARDED)
		verdict = sp_decide(0, &packet, now->role, now->now_ns, &hit);
	if (hit.slot)
		verdict = let_in(&packet, &hit, verdict, now->now_ns);
	if (verdict == SP_FORWARDED && packet.l3_len_bytes > now->mtu)
		verdict = packet.kind == SP_KIND_ERROR ? SP_ERROR_UNANSWERED : SP_TOO_BIG;
	now->found = !!hit.slot;
	now->slot_index = hit.slot ? hit.slot_index : 0;
	now->direction = hit.slot ? hit.direction : 0;
	if (verdict == SP_FORWARDED) {
		after = sp_tuple_after(&packet.tuple, &hit);
		r = sp_translate(data, end, &packet, &after, hit.direction);
		if (r > 0) {
			if (complete(ctx, packet.family, packet.protocol, packet.l3_len_bytes))
				verdict = SP_COMPLETED;
			r = 0;
		}
	} else if (verdict == SP_RESET_VM) {
		r = cut(ctx, sp_answer_reset(data, end, &packet));
	} else if (sp_verdict_fate(verdict) == SP_FATE_ANSWER) {
		r = error(ctx, &packet, &hit, verdict, now->mtu);
	}
	now->verdict = r ? SP_VERDICT_COUNT : verdict;
	return sp_verdict_fate(verdict);
}

char sp_license[] SEC("license") = "Dual BSD/GPL";
