/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Answers made from the packet alone: a TCP reset (RFC 9293, 3.10.7.1) and an ICMP error (RFC 792,
 * RFC 4443), each sent back the way the packet came.
 */
#pragma once

#include <linux/types.h>

#include "compiler.h"
#include "csum.h"
#include "parse.h"
#include "table.h"
#include "verdict.h"
#include "wire.h"

/* Bytes of the offending packet that an error quotes: its header and the eight that RFC 792 asks.
 */
#define SP_QUOTE_BYTES(family) (SP_L3_BYTES(family) + 8)
/* What an error puts in front of it: a frame grows at its head by so much. */
#define SP_ERROR_GROWTH(family) (SP_L3_BYTES(family) + sizeof(struct sp_icmp))
#define SP_ERROR_FRAME_BYTES(family)                                                               \
	(SP_L3_OFFSET + SP_ERROR_GROWTH(family) + SP_QUOTE_BYTES(family))
#define SP_RESET_FRAME_BYTES(family) (SP_L4_OFFSET(family) + sizeof(struct sp_tcp))

#define SP_ERROR_GAP_NS 1000000ULL

struct sp_error {
	__u8 type;
	__u8 code;
	__u16 mtu; /* of SP_TOO_BIG, else 0 */
};

/*
 * RFC 1812 (4.3.2.8) and RFC 4443 (2.4 f) want ICMP errors limited, or whoever spoofs a source has
 * us flood it. One a millisecond and kind: packets whose TTL is spent, which anybody can send, must
 * not silence what tells of an MTU. last_ns is the sender's own, [2], all 0 at first. Result:
 * whether an error for this verdict may be sent now.
 */
SP_INLINE int sp_error_due(__u64 *last_ns, enum sp_verdict verdict, __u64 now_ns)
{
	__u64 *last = &last_ns[verdict == SP_TOO_BIG];

	if (now_ns - *last < SP_ERROR_GAP_NS)
		return 0;
	*last = now_ns;
	return 1;
}

/* Result: the error that a verdict asks for: time exceeded, or the next hop's MTU. */
SP_INLINE struct sp_error sp_error_of(__u8 family, enum sp_verdict verdict, __u16 mtu)
{
	struct sp_error error = {0};

	if (verdict == SP_TOO_BIG) {
		error.type = family == 4 ? SP_ICMP_UNREACHABLE : SP_ICMPV6_TOO_BIG;
		error.code = family == 4 ? SP_ICMP_FRAGMENTATION_NEEDED : 0;
		error.mtu = mtu;
	} else {
		error.type = family == 4 ? SP_ICMP_TIME_EXCEEDED : SP_ICMPV6_TIME_EXCEEDED;
	}
	return error;
}

SP_INLINE void sp_swap_links(struct sp_eth *eth)
{
	for (__u32 i = 0; i < sizeof(eth->to); i++) {
		__u8 byte = eth->to[i];

		eth->to[i] = eth->from[i];
		eth->from[i] = byte;
	}
}

/* Writes a fresh IP header. Result: the sum of its pseudo header, but for addresses' checksums. */
SP_INLINE __u64 sp_write_l3(void *l3, __u8 family, __u8 ip_protocol, __u16 payload_bytes,
			    const struct sp_addr *from, const struct sp_addr *to)
{
	__u64 pseudo = (__u64)SP_BE16(payload_bytes) + SP_BE16(ip_protocol);

	if (family == 4) {
		struct sp_ipv4 *ip = l3;

		ip->version_ihl = 0x45;
		ip->tos = 0;
		ip->total_length_be = SP_BE16(sizeof(*ip) + payload_bytes);
		ip->id_be = 0;
		ip->fragment_be = SP_BE16(SP_IPV4_DONT_FRAGMENT);
		ip->ttl = SP_TTL_DEFAULT;
		ip->protocol = ip_protocol;
		ip->from_be = from->word_be[3];
		ip->to_be = to->word_be[3];
		ip->checksum_be = 0;
		ip->checksum_be = (__be16)~sp_csum_fold(sp_csum_bytes(ip, sizeof(*ip)));
		return pseudo + ip->from_be + ip->to_be;
	}
	struct sp_ipv6 *ip = l3;

	ip->version_class_flow_be = SP_BE32(0x60000000);
	ip->payload_length_be = SP_BE16(payload_bytes);
	ip->next_header = ip_protocol;
	ip->hop_limit = SP_TTL_DEFAULT;
	for (__u32 i = 0; i < 4; i++) {
		ip->from_be[i] = from->word_be[i];
		ip->to_be[i] = to->word_be[i];
		pseudo += (__u64)from->word_be[i] + to->word_be[i];
	}
	return pseudo;
}

SP_INLINE int sp_write_reset(void *data, void *end, const struct sp_packet *packet,
			     const __u8 family)
{
	struct sp_tcp *tcp = SP_AT(data, SP_L4_OFFSET(family));
	__be32 ack_be, seq_be;
	__u32 occupied; /* sequence numbers that the segment takes: its data, SYN and FIN */
	__u64 sum;

	if ((void *)(tcp + 1) > end)
		return -1;
	occupied = packet->l3_len_bytes - SP_L3_BYTES(family) - (tcp->data_offset >> 4) * 4u;
	occupied += !!(tcp->flags & SP_TCP_SYN) + !!(tcp->flags & SP_TCP_FIN);
	seq_be = tcp->seq_be;
	ack_be = tcp->ack_be;
	if (tcp->flags & SP_TCP_ACK) {
		tcp->seq_be = ack_be;
		tcp->ack_be = 0;
		tcp->flags = SP_TCP_RST;
	} else {
		tcp->seq_be = 0;
		tcp->ack_be = SP_BE32(SP_HOST32(seq_be) + occupied);
		tcp->flags = SP_TCP_RST | SP_TCP_ACK;
	}
	tcp->from_be = packet->tuple.to_port_be;
	tcp->to_be = packet->tuple.from_port_be;
	tcp->data_offset = (sizeof(*tcp) / 4) << 4;
	tcp->window_be = 0;
	tcp->urgent_be = 0;
	tcp->checksum_be = 0;
	sum = sp_write_l3(SP_AT(data, SP_L3_OFFSET), family, SP_IPPROTO_TCP, sizeof(*tcp),
			  &packet->tuple.to, &packet->tuple.from);
	sum += sp_csum_bytes(tcp, sizeof(*tcp));
	tcp->checksum_be = (__be16)~sp_csum_fold(sum);
	sp_swap_links(data);
	return SP_RESET_FRAME_BYTES(family);
}

/*
 * Turns a TCP packet into the reset that its sender must believe, ready to go out where it came in.
 * Result: the frame's new length, to which the caller cuts it, or -1 if it was too short.
 */
SP_INLINE int sp_answer_reset(void *data, void *end, const struct sp_packet *packet)
{
	return packet->family == 4 ? sp_write_reset(data, end, packet, 4)
				   : sp_write_reset(data, end, packet, 6);
}

SP_INLINE int sp_write_error(void *data, void *end, const struct sp_packet *packet,
			     const struct sp_addr *from, const struct sp_error *error,
			     const __u8 family)
{
	struct sp_eth *eth = data, *old = SP_AT(data, SP_ERROR_GROWTH(family));
	struct sp_icmp *icmp = SP_AT(data, SP_L4_OFFSET(family));
	const __u32 icmp_bytes = sizeof(*icmp) + SP_QUOTE_BYTES(family);
	__u64 sum;

	if (SP_AT(data, SP_ERROR_FRAME_BYTES(family)) > end)
		return -1;
	__builtin_memcpy(eth, old, sizeof(*eth));
	sp_swap_links(eth);
	icmp->type = error->type;
	icmp->code = error->code;
	icmp->rest_be = SP_BE32(error->mtu);
	icmp->checksum_be = 0;
	sum = sp_write_l3(SP_AT(data, SP_L3_OFFSET), family,
			  family == 4 ? SP_IPPROTO_ICMP : SP_IPPROTO_ICMPV6, icmp_bytes, from,
			  &packet->tuple.from);
	if (family == 4)
		sum = 0;
	sum += sp_csum_bytes(icmp, icmp_bytes);
	icmp->checksum_be = (__be16)~sp_csum_fold(sum);
	return SP_ERROR_FRAME_BYTES(family);
}

/*
 * Writes an ICMP error about a packet to its sender. The caller has already let the frame grow by
 * SP_ERROR_GROWTH(family) bytes at its head, so that data points at those, and the offending
 * packet's untranslated frame follows. from is the lease's public address, for both sides. Result:
 * the frame's new length, to which the caller cuts it, or -1 if it was too short.
 */
SP_INLINE int sp_answer_error(void *data, void *end, const struct sp_packet *packet,
			      const struct sp_addr *from, const struct sp_error *error)
{
	return packet->family == 4 ? sp_write_error(data, end, packet, from, error, 4)
				   : sp_write_error(data, end, packet, from, error, 6);
}
