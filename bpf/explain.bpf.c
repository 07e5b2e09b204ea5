// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * A port that explains itself: a connection to a port whose lease is reserved, ended, or not for
 * this client goes to the explain socket of sallyportd, whatever port was dialled. What reaches the
 * kernel here is what the XDP program left to it; a port with no lease is the host's own affair.
 */
#include "table_bpf.h"

#include <sallyport/addr.h>
#include <sallyport/decide.h>
#include <sallyport/table.h>
#include <sallyport/wire.h>

#define AF_INET 2

/* The listening sockets: [0] for IPv4, [1] for IPv6. They leave by themselves when sallyportd dies.
 */
struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} explain_sockets SEC(".maps");

/* Volatile, since the verifier wants each field of ctx loaded at its own constant offset. */
static __always_inline struct sp_addr dialled(const volatile struct bpf_sk_lookup *ctx)
{
	struct sp_addr addr = sp_addr_from_v4(ctx->local_ip4);

	if (ctx->family != AF_INET) {
		addr.word_be[0] = ctx->local_ip6[0];
		addr.word_be[1] = ctx->local_ip6[1];
		addr.word_be[2] = ctx->local_ip6[2];
		addr.word_be[3] = ctx->local_ip6[3];
	}
	return addr;
}

SEC("sk_lookup")
int sp_explain(struct bpf_sk_lookup *ctx)
{
	const struct sp_settings *now = sp_table_settings(0);
	struct sp_addr addr = dialled(ctx);
	__u32 family_index = ctx->family == AF_INET ? 0 : 1;
	const struct sp_host *host;
	const struct sp_slot *slot;
	struct bpf_sock *socket;

	if (ctx->protocol != SP_IPPROTO_TCP || !now || !now->explain)
		return SK_PASS;
	host = sp_find_host(0, &addr);
	if (!host || SP_LOAD(host->kind) != SP_HOST_PUBLIC)
		return SK_PASS;
	slot = sp_table_slot(0, sp_slot_index(host->public_index, (__u16)ctx->local_port));
	if (!slot || SP_LOAD(slot->state) == SP_SLOT_FREE)
		return SK_PASS;
	socket = bpf_map_lookup_elem(&explain_sockets, &family_index);
	if (!socket)
		return SK_PASS;
	bpf_sk_assign(ctx, socket, 0);
	bpf_sk_release(socket);
	return SK_PASS;
}

char sp_license[] SEC("license") = "Dual BSD/GPL";
