/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * From a frame to the connection it belongs to. An ICMP error belongs to the connection of the
 * packet it quotes, and travels against it: its tuple is the quoted one turned round, so that all
 * that follows treats it like any packet of that connection going its way.
 */
#pragma once

#include <linux/types.h>

#include "addr.h"
#include "compiler.h"
#include "table.h"
#include "verdict.h"
#include "wire.h"

enum sp_kind {
	SP_KIND_L4 = 0,	   /* TCP or UDP */
	SP_KIND_ERROR = 1, /* an ICMP error quoting TCP or UDP */
};

struct sp_tuple {
	struct sp_addr from;
	struct sp_addr to;
	__be16 from_port_be;
	__be16 to_port_be;
};

struct sp_packet {
	struct sp_tuple tuple;
	struct sp_addr sender; /* the IP source: tuple.from unless this is an error */
	__u32 l3_len_bytes;    /* of the IP packet, header included */
	__u8 family;	       /* 4 or 6 */
	__u8 kind;	       /* enum sp_kind */
	__u8 protocol;	       /* enum sp_protocol_mask, of the tuple */
	__u8 tcp_flags;	       /* of SP_KIND_L4 over TCP, else 0 */
	__u8 ttl;	       /* or hop limit */
};

/* Where things lie in a frame that sp_parse() accepted: no VLAN tag, options or extensions. */
#define SP_L3_OFFSET		    (sizeof(struct sp_eth))
#define SP_L4_OFFSET(family)	    (SP_L3_OFFSET + SP_L3_BYTES(family))
#define SP_QUOTED_L3_OFFSET(family) (SP_L4_OFFSET(family) + sizeof(struct sp_icmp))
#define SP_QUOTED_L4_OFFSET(family) (SP_QUOTED_L3_OFFSET(family) + SP_L3_BYTES(family))
#define SP_L3_BYTES(family)	    ((family) == 4 ? sizeof(struct sp_ipv4) : sizeof(struct sp_ipv6))

SP_INLINE struct sp_addr sp_addr_from_v6(const sp_wire_be32 *word_be)
{
	struct sp_addr addr = {.word_be = {word_be[0], word_be[1], word_be[2], word_be[3]}};

	return addr;
}

/* Result: the bit of an IP protocol number, 0 if it is neither TCP nor UDP. */
SP_INLINE __u8 sp_protocol_bit(__u8 ip_protocol)
{
	if (ip_protocol == SP_IPPROTO_TCP)
		return SP_PROTOCOL_TCP;
	return ip_protocol == SP_IPPROTO_UDP ? SP_PROTOCOL_UDP : 0;
}

SP_INLINE enum sp_verdict sp_parse_tcp(const void *l4, const void *end, struct sp_packet *packet)
{
	const struct sp_tcp *tcp = l4;
	__u32 header_bytes;

	if ((const void *)(tcp + 1) > end)
		return SP_TRUNCATED;
	header_bytes = (tcp->data_offset >> 4) * 4u;
	if (header_bytes < sizeof(*tcp) ||
	    packet->l3_len_bytes < SP_L3_BYTES(packet->family) + header_bytes)
		return SP_TRUNCATED;
	packet->tcp_flags = tcp->flags;
	packet->tuple.from_port_be = tcp->from_be;
	packet->tuple.to_port_be = tcp->to_be;
	return SP_FORWARDED;
}

SP_INLINE enum sp_verdict sp_parse_udp(const void *l4, const void *end, struct sp_packet *packet)
{
	const struct sp_udp *udp = l4;

	if ((const void *)(udp + 1) > end ||
	    packet->l3_len_bytes < SP_L3_BYTES(packet->family) + sizeof(*udp))
		return SP_TRUNCATED;
	packet->tuple.from_port_be = udp->from_be;
	packet->tuple.to_port_be = udp->to_be;
	return SP_FORWARDED;
}

/* Result: whether an ICMP type is an error about a packet that a translator must pass on. */
SP_INLINE int sp_icmp_is_error(__u8 family, __u8 type)
{
	if (family == 4)
		return type == SP_ICMP_UNREACHABLE || type == SP_ICMP_TIME_EXCEEDED ||
		       type == SP_ICMP_PARAMETER_PROBLEM;
	return type >= SP_ICMPV6_UNREACHABLE && type <= SP_ICMPV6_PARAMETER_PROBLEM;
}

/* The quoted ports: the first eight bytes of TCP and UDP, which RFC 792 promises, begin alike. */
SP_INLINE enum sp_verdict sp_parse_quoted_l4(const void *l4, const void *end,
					     struct sp_packet *packet)
{
	const struct sp_udp *quoted = l4;

	if ((const void *)(quoted + 1) > end)
		return SP_TRUNCATED;
	packet->tuple.from_port_be = quoted->to_be;
	packet->tuple.to_port_be = quoted->from_be;
	return SP_FORWARDED;
}

SP_INLINE enum sp_verdict sp_parse_error4(const void *data, const void *end,
					  const struct sp_ipv4 *outer, struct sp_packet *packet)
{
	const struct sp_icmp *icmp = SP_AT(data, SP_L4_OFFSET(4));
	const struct sp_ipv4 *quoted = SP_AT(data, SP_QUOTED_L3_OFFSET(4));

	if ((const void *)(icmp + 1) > end || !sp_icmp_is_error(4, icmp->type))
		return SP_NOT_L4;
	if ((const void *)(quoted + 1) > end ||
	    packet->l3_len_bytes < 2 * sizeof(*quoted) + sizeof(*icmp) + sizeof(struct sp_udp))
		return SP_TRUNCATED;
	if (quoted->version_ihl != 0x45)
		return SP_IP_OPTIONS;
	if (quoted->fragment_be & SP_BE16(0x1fff))
		return SP_FRAGMENT;
	packet->protocol = sp_protocol_bit(quoted->protocol);
	if (!packet->protocol || quoted->from_be != outer->to_be)
		return SP_NOT_L4;
	packet->kind = SP_KIND_ERROR;
	packet->tuple.from = sp_addr_from_v4(quoted->to_be);
	packet->tuple.to = sp_addr_from_v4(quoted->from_be);
	return sp_parse_quoted_l4(SP_AT(data, SP_QUOTED_L4_OFFSET(4)), end, packet);
}

/* Result: what a next header value that is not ours to look into makes of a packet. */
SP_INLINE enum sp_verdict sp_ipv6_extension(__u8 next_header)
{
	switch (next_header) {
	case 44: /* fragment */
		return SP_FRAGMENT;
	case 0:	  /* hop-by-hop */
	case 43:  /* routing */
	case 50:  /* ESP */
	case 51:  /* AH */
	case 60:  /* destination options */
	case 135: /* mobility */
		return SP_IP_OPTIONS;
	default:
		return SP_NOT_L4;
	}
}

SP_INLINE enum sp_verdict sp_parse_error6(const void *data, const void *end,
					  struct sp_packet *packet)
{
	const struct sp_icmp *icmp = SP_AT(data, SP_L4_OFFSET(6));
	const struct sp_ipv6 *quoted = SP_AT(data, SP_QUOTED_L3_OFFSET(6));
	struct sp_addr quoted_from;

	if ((const void *)(icmp + 1) > end || !sp_icmp_is_error(6, icmp->type))
		return SP_NOT_L4;
	if ((const void *)(quoted + 1) > end ||
	    packet->l3_len_bytes < 2 * sizeof(*quoted) + sizeof(*icmp) + sizeof(struct sp_udp))
		return SP_TRUNCATED;
	if (*(const __u8 *)quoted >> 4 != 6)
		return SP_NOT_L4;
	packet->protocol = sp_protocol_bit(quoted->next_header);
	if (!packet->protocol)
		return sp_ipv6_extension(quoted->next_header);
	quoted_from = sp_addr_from_v6(quoted->from_be);
	if (!sp_addr_equal(&quoted_from, &packet->tuple.to))
		return SP_NOT_L4;
	packet->kind = SP_KIND_ERROR;
	packet->tuple.from = sp_addr_from_v6(quoted->to_be);
	return sp_parse_quoted_l4(SP_AT(data, SP_QUOTED_L4_OFFSET(6)), end, packet);
}

SP_INLINE enum sp_verdict sp_parse_l4(const void *l4, const void *end, struct sp_packet *packet)
{
	return packet->protocol == SP_PROTOCOL_TCP ? sp_parse_tcp(l4, end, packet)
						   : sp_parse_udp(l4, end, packet);
}

/* The IP headers alone; packet->protocol is 0 if neither TCP nor UDP follows. */
SP_INLINE enum sp_verdict sp_parse_head4(const void *data, const void *end, __u64 room,
					 struct sp_packet *packet)
{
	const struct sp_ipv4 *ip = SP_AT(data, SP_L3_OFFSET);

	if ((const void *)(ip + 1) > end || ip->version_ihl >> 4 != 4)
		return SP_TRUNCATED;
	if (ip->version_ihl != 0x45)
		return SP_IP_OPTIONS;
	packet->l3_len_bytes = SP_HOST16(ip->total_length_be);
	if (packet->l3_len_bytes < sizeof(*ip) || room < SP_L3_OFFSET + packet->l3_len_bytes)
		return SP_TRUNCATED;
	if (ip->fragment_be & SP_BE16(SP_IPV4_MORE_OR_OFFSET))
		return SP_FRAGMENT;
	packet->family = 4;
	packet->ttl = ip->ttl;
	packet->sender = sp_addr_from_v4(ip->from_be);
	packet->tuple.from = packet->sender;
	packet->tuple.to = sp_addr_from_v4(ip->to_be);
	packet->protocol = sp_protocol_bit(ip->protocol);
	return SP_FORWARDED;
}

SP_INLINE enum sp_verdict sp_parse_head6(const void *data, const void *end, __u64 room,
					 struct sp_packet *packet)
{
	const struct sp_ipv6 *ip = SP_AT(data, SP_L3_OFFSET);

	if ((const void *)(ip + 1) > end || *(const __u8 *)ip >> 4 != 6)
		return SP_TRUNCATED;
	packet->l3_len_bytes = sizeof(*ip) + SP_HOST16(ip->payload_length_be);
	if (room < SP_L3_OFFSET + packet->l3_len_bytes)
		return SP_TRUNCATED;
	packet->family = 6;
	packet->ttl = ip->hop_limit;
	packet->sender = sp_addr_from_v6(ip->from_be);
	packet->tuple.from = packet->sender;
	packet->tuple.to = sp_addr_from_v6(ip->to_be);
	packet->protocol = sp_protocol_bit(ip->next_header);
	return SP_FORWARDED;
}

SP_INLINE enum sp_verdict sp_parse_ipv4(const void *data, const void *end, __u64 room,
					struct sp_packet *packet)
{
	const struct sp_ipv4 *ip = SP_AT(data, SP_L3_OFFSET);
	enum sp_verdict verdict = sp_parse_head4(data, end, room, packet);

	if (verdict != SP_FORWARDED)
		return verdict;
	if (packet->protocol)
		return sp_parse_l4(ip + 1, end, packet);
	return ip->protocol == SP_IPPROTO_ICMP ? sp_parse_error4(data, end, ip, packet) : SP_NOT_L4;
}

SP_INLINE enum sp_verdict sp_parse_ipv6(const void *data, const void *end, __u64 room,
					struct sp_packet *packet)
{
	const struct sp_ipv6 *ip = SP_AT(data, SP_L3_OFFSET);
	enum sp_verdict verdict = sp_parse_head6(data, end, room, packet);

	if (verdict != SP_FORWARDED)
		return verdict;
	if (packet->protocol)
		return sp_parse_l4(ip + 1, end, packet);
	return ip->next_header == SP_IPPROTO_ICMPV6 ? sp_parse_error6(data, end, packet)
						    : sp_ipv6_extension(ip->next_header);
}

/*
 * Reads a frame of so many bytes, of which the first, up to end, can be looked at. Result:
 * SP_FORWARDED if *packet is filled and may be ours, else the verdict that leaves it to the kernel.
 * Reads only within [data, end).
 */
SP_INLINE enum sp_verdict sp_parse_frame(const void *data, const void *end, __u64 frame_bytes,
					 struct sp_packet *packet)
{
	const struct sp_eth *eth = data;

	if ((const void *)(eth + 1) > end)
		return SP_NOT_IP;
	if (eth->to[0] & 1)
		return SP_NOT_UNICAST;
	__builtin_memset(packet, 0, sizeof(*packet));
	if (eth->type_be == SP_BE16(SP_ETH_IPV4))
		return sp_parse_ipv4(data, end, frame_bytes, packet);
	if (eth->type_be == SP_BE16(SP_ETH_IPV6))
		return sp_parse_ipv6(data, end, frame_bytes, packet);
	return SP_NOT_IP;
}

/* The same of a frame that lies in one piece. */
SP_INLINE enum sp_verdict sp_parse(const void *data, const void *end, struct sp_packet *packet)
{
	return sp_parse_frame(data, end, (__u64)((const char *)end - (const char *)data), packet);
}

/*
 * The same of TCP and UDP over one IP alone, for who has another way for all else. Result: whether
 * it is that, and *packet filled.
 */
SP_INLINE int sp_parse_plain(const void *data, const void *end, __u64 frame_bytes,
			     struct sp_packet *packet, const __u8 family)
{
	const struct sp_eth *eth = data;

	if ((const void *)(eth + 1) > end || eth->to[0] & 1 ||
	    eth->type_be != (family == 4 ? SP_BE16(SP_ETH_IPV4) : SP_BE16(SP_ETH_IPV6)))
		return 0;
	__builtin_memset(packet, 0, sizeof(*packet));
	if ((family == 4 ? sp_parse_head4(data, end, frame_bytes, packet)
			 : sp_parse_head6(data, end, frame_bytes, packet)) != SP_FORWARDED)
		return 0;
	return packet->protocol &&
	       sp_parse_l4(SP_AT(data, SP_L4_OFFSET(family)), end, packet) == SP_FORWARDED;
}
