// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * The filter on the public interface of a host that starts (held.h): drops, without an answer, what
 * the host would refuse. What a socket of its own waits for is never touched. It ends by itself.
 */
#include "held.h"

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include <sallyport/parse.h>
#include <sallyport/wire.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sp_hold);
} hold SEC(".maps");

/* As far as sp_parse_frame() looks at what is held. */
#define HEADERS_BYTES (SP_L4_OFFSET(6) + sizeof(struct sp_tcp))

static __always_inline enum sp_verdict parse(struct __sk_buff *skb, struct sp_packet *packet)
{
	__u32 bytes = skb->len < HEADERS_BYTES ? skb->len : HEADERS_BYTES;
	const void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (SP_AT(data, HEADERS_BYTES) > end && bpf_skb_pull_data(skb, bytes))
		return SP_TRUNCATED;
	return sp_parse_frame((void *)(long)skb->data, (void *)(long)skb->data_end, skb->len,
			      packet);
}

static __always_inline __u32 tuple_of(const struct sp_packet *packet, struct bpf_sock_tuple *tuple)
{
	if (packet->family == 4) {
		tuple->ipv4.saddr = packet->tuple.from.word_be[3];
		tuple->ipv4.daddr = packet->tuple.to.word_be[3];
		tuple->ipv4.sport = packet->tuple.from_port_be;
		tuple->ipv4.dport = packet->tuple.to_port_be;
		return sizeof(tuple->ipv4);
	}
	__builtin_memcpy(tuple->ipv6.saddr, &packet->tuple.from, sizeof(tuple->ipv6.saddr));
	__builtin_memcpy(tuple->ipv6.daddr, &packet->tuple.to, sizeof(tuple->ipv6.daddr));
	tuple->ipv6.sport = packet->tuple.from_port_be;
	tuple->ipv6.dport = packet->tuple.to_port_be;
	return sizeof(tuple->ipv6);
}

/* Would the host take it: is there a connection, or somebody who listens? */
static __always_inline int is_waited_for(struct __sk_buff *skb, const struct sp_packet *packet)
{
	struct bpf_sock_tuple tuple = {0};
	__u32 bytes = tuple_of(packet, &tuple);
	struct bpf_sock *sock;

	if (packet->protocol == SP_PROTOCOL_TCP)
		sock = bpf_skc_lookup_tcp(skb, &tuple, bytes, BPF_F_CURRENT_NETNS, 0);
	else
		sock = bpf_sk_lookup_udp(skb, &tuple, bytes, BPF_F_CURRENT_NETNS, 0);
	if (!sock)
		return 0;
	bpf_sk_release(sock);
	return 1;
}

SEC("tc")
int sp_hold(struct __sk_buff *skb)
{
	enum sp_hold_kind kind;
	struct sp_packet packet;
	__u32 first = 0;
	struct sp_hold *now = bpf_map_lookup_elem(&hold, &first);

	if (!now || bpf_ktime_get_boot_ns() >= now->until_ns)
		return TC_ACT_UNSPEC;
	if (parse(skb, &packet) != SP_FORWARDED || packet.kind != SP_KIND_L4)
		return TC_ACT_UNSPEC;
	kind = sp_hold_has(now, &packet.tuple.to, SP_HOST16(packet.tuple.to_port_be));
	if (kind == SP_HOLD_NONE || (kind == SP_HOLD_PORT && is_waited_for(skb, &packet)))
		return TC_ACT_UNSPEC;
	__sync_fetch_and_add(&now->held, 1);
	return TC_ACT_SHOT;
}

char sp_license[] SEC("license") = "Dual BSD/GPL";
