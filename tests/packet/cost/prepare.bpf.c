// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * Makes of the frame, which comes back from each repetition as the last one left it, a packet of
 * one of many leases at random, and goes on in the program that is measured, just as it was loaded.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include <sallyport/compiler.h>
#include <sallyport/parse.h>

#include "prepare.h"

const volatile struct prepared prepared = {.family = 4, .nr_leases = 1, .nr_vms = 1};
__u32 turn = 1;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next SEC(".maps");

SP_INLINE int prepare(void *data, void *end, const __u8 family)
{
	const __u32 l3 = SP_L3_OFFSET;
	struct sp_ipv4 *v4 = SP_AT(data, l3);
	struct sp_ipv6 *v6 = SP_AT(data, l3);
	struct sp_tcp *tcp = SP_AT(data, SP_L4_OFFSET(family));
	__u32 lease, to_vm = prepared.to_vm;

	if ((void *)(tcp + 1) > end)
		return -1;
	turn = turn * 1664525 + 1013904223;
	lease = (__u32)(((__u64)turn * prepared.nr_leases) >> 32);
	if (family == 4) {
		v4->ttl = 64;
		v4->from_be = prepared.from.word_be[3];
		v4->to_be = prepared.to.word_be[3];
		if (!to_vm)
			v4->from_be += SP_BE32(lease % prepared.nr_vms);
	} else {
		v6->hop_limit = 64;
		for (int i = 0; i < 4; i++) {
			v6->from_be[i] = prepared.from.word_be[i];
			v6->to_be[i] = prepared.to.word_be[i];
		}
		if (!to_vm)
			v6->from_be[3] += SP_BE32(lease % prepared.nr_vms);
	}
	tcp->from_be = to_vm ? SP_BE16(40000) : SP_BE16(prepared.port + lease / prepared.nr_vms);
	tcp->to_be = to_vm ? SP_BE16(prepared.port + lease) : SP_BE16(40000);
	return 0;
}

SEC("xdp")
int prepare_next(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (prepared.family == 4 ? prepare(data, end, 4) : prepare(data, end, 6))
		return XDP_ABORTED;
	bpf_tail_call(ctx, &next, 0);
	return XDP_ABORTED;
}

SEC("xdp")
int pass_all(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char sp_license[] SEC("license") = "Dual BSD/GPL";
