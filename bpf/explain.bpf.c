// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * A port that explains itself: a connection to a port whose lease is reserved, ended, or not for
 * this client goes to the explain socket of sallyportd, whatever port was dialled. What reaches the
 * kernel here is what the XDP program left to it; a port with no lease is the host's own affair,
 * but for an address of a prefix: there no server of this host answers, which would listen at all
 * of them, and ssh is told that there is no session.
 */
#include "table_bpf.h"

#include <sallyport/addr.h>
#include <sallyport/decide.h>
#include <sallyport/table.h>
#include <sallyport/wire.h>

#define AF_INET	 2
#define SSH_PORT 22

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

static __always_inline int explains(const struct bpf_sk_lookup *ctx, const struct sp_host *host,
				    const struct sp_addr *addr)
{
	__be16 port_be = SP_BE16((__u16)ctx->local_port);
	const struct sp_slot *slot = sp_table_slot(0, sp_host_slot(host, addr, port_be));

	if (ctx->protocol != SP_IPPROTO_TCP)
		return 0;
	if (slot && SP_LOAD(slot->state) != SP_SLOT_FREE && sp_addr_equal(&slot->public_addr, addr))
		return 1;
	return host->kind == SP_HOST_PREFIX && (__u16)ctx->local_port == SSH_PORT;
}

static __always_inline int take(struct bpf_sk_lookup *ctx)
{
	__u32 family_index = ctx->family == AF_INET ? 0 : 1;
	struct bpf_sock *socket = bpf_map_lookup_elem(&explain_sockets, &family_index);

	if (!socket)
		return 0;
	bpf_sk_assign(ctx, socket, 0);
	bpf_sk_release(socket);
	return 1;
}

SEC("sk_lookup")
int sp_explain(struct bpf_sk_lookup *ctx)
{
	const struct sp_settings *now = sp_table_settings(0);
	struct sp_addr addr = dialled(ctx);
	const struct sp_host *host;

	if (!now)
		return SK_PASS;
	host = sp_find_host(0, &addr);
	if (!host || SP_LOAD(host->kind) < SP_HOST_PUBLIC)
		return SK_PASS;
	if (now->explain && explains(ctx, host, &addr) && take(ctx))
		return SK_PASS;
	return host->kind == SP_HOST_PREFIX ? SK_DROP : SK_PASS;
}

char sp_license[] SEC("license") = "Dual BSD/GPL";
