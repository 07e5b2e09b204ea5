// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * What the time of a carried packet is compared with: a program that passes everything, and one
 * that keeps a frame's head and puts it back, as carried() does around the very engine so that the
 * next repetition finds the frame as it was. And what the hint of a steered packet takes: a program
 * that writes one, beside one that only reads the packet.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "carry.h"
#include "count.h"
#include "hint.h"
#include "table_bpf.h"

#include <sallyport/decide.h>
#include <sallyport/parse.h>

struct head {
	__u64 word[10]; /* the links, IPv6 and TCP headers' ports and checksum lie within */
};

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

static __always_inline int keep(struct xdp_md *ctx, struct head *head)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + sizeof(*head) > end)
		return -1;
	__builtin_memcpy(head, data, sizeof(*head));
	return 0;
}

static __always_inline void put_back(struct xdp_md *ctx, const struct head *head)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + sizeof(*head) <= end)
		__builtin_memcpy(data, head, sizeof(*head));
}

SEC("xdp")
int kept(struct xdp_md *ctx)
{
	struct head head;

	if (keep(ctx, &head))
		return XDP_ABORTED;
	asm volatile("" : : "r"(&head) : "memory");
	put_back(ctx, &head);
	return XDP_PASS;
}

static __always_inline int read(struct xdp_md *ctx, struct sp_packet *packet)
{
	return sp_parse((void *)(long)ctx->data, (void *)(long)ctx->data_end, packet) ==
	       SP_FORWARDED;
}

SEC("xdp")
int parsed(struct xdp_md *ctx)
{
	struct sp_packet packet;

	if (!read(ctx, &packet))
		return XDP_ABORTED;
	asm volatile("" : : "r"(&packet) : "memory");
	return XDP_PASS;
}

SEC("xdp")
int hinted(struct xdp_md *ctx)
{
	const struct sp_hit hit = {0};
	struct sp_packet packet;

	if (!read(ctx, &packet))
		return XDP_ABORTED;
	asm volatile("" : : "r"(&packet) : "memory");
	sp_hint_put(ctx, &packet, &hit);
	return XDP_PASS;
}

SEC("xdp")
int carried(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct sp_packet packet;
	struct sp_hit hit = {0};
	struct head head;
	__u64 now_ns;
	enum sp_verdict verdict;
	int action = XDP_PASS;

	if (keep(ctx, &head))
		return XDP_ABORTED;
	verdict = sp_parse(data, end, &packet);
	if (verdict == SP_FORWARDED)
		verdict = sp_find(0, &packet, sp_role, &hit);
	if (verdict == SP_FORWARDED) {
		now_ns = bpf_ktime_get_boot_ns();
		verdict = sp_judge(0, &packet, now_ns, &hit);
		if (verdict == SP_FORWARDED)
			action = sp_carry(ctx, &packet, &hit, now_ns, &verdict);
	}
	sp_count(verdict, &packet, &hit);
	put_back(ctx, &head);
	return action;
}

char sp_license[] SEC("license") = "Dual BSD/GPL";
