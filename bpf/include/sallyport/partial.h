/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Partial checksums. A sender whose NIC is to complete the checksum of TCP or UDP leaves in its
 * field the sum of the pseudo header, folded, not complemented. Where no wire lies between it and
 * us (a VM or namespace of this host: tap, veth, virtio) the packet arrives so. A difference
 * would be added to it with the wrong sign, and the NIC that it leaves by is not told to complete
 * anything, unless the program is a generic one (docs/adr/0022).
 *
 * A packet whose whole checksum is that sum by chance cannot be told by the field alone. It is once
 * all is summed: completing it changes nothing.
 */
#pragma once

#include <linux/types.h>

#include "compiler.h"
#include "csum.h"
#include "parse.h"
#include "wire.h"

/* What is summed at most, in blocks: of a longer packet the checksum stays as it is. */
#define SP_PARTIAL_BLOCK      32u
#define SP_PARTIAL_BYTES_MAX  (288u * SP_PARTIAL_BLOCK)
#define SP_ADDR_BYTES(family) ((family) == 4 ? 8u : 32u)

SP_INLINE __u8 sp_ip_protocol(__u8 protocol)
{
	return protocol == SP_PROTOCOL_TCP ? SP_IPPROTO_TCP : SP_IPPROTO_UDP;
}

#define SP_CHECKSUM_OFFSET(protocol)                                                               \
	((protocol) == SP_PROTOCOL_TCP ? __builtin_offsetof(struct sp_tcp, checksum_be)            \
				       : __builtin_offsetof(struct sp_udp, checksum_be))

/*
 * Where the checksum of TCP or UDP lies. A pointer rather than two branches with a test each, since
 * the verifier remembers of a pointer, but not of a protocol, what was found out about it.
 */
SP_INLINE sp_wire_be16 *sp_checksum_of(void *l4, __u8 protocol)
{
	return SP_AT(l4, SP_CHECKSUM_OFFSET(protocol));
}

/* Result: the sum of the pseudo header of SP_KIND_L4, not yet folded. */
SP_INLINE __u64 sp_pseudo_sum(const struct sp_packet *packet, const __u8 family)
{
	const __be32 *from_be = packet->tuple.from.word_be, *to_be = packet->tuple.to.word_be;
	__u64 sum = (__u64)SP_BE16(packet->l3_len_bytes - SP_L3_BYTES(family)) +
		    SP_BE16(sp_ip_protocol(packet->protocol));

	if (family == 6)
		for (__u32 i = 0; i < 3; i++)
			sum += (__u64)from_be[i] + to_be[i];
	return sum + from_be[3] + to_be[3];
}

/* Result: what a partial checksum of SP_KIND_L4 holds. */
SP_INLINE __be16 sp_partial_of(const struct sp_packet *packet, const __u8 family)
{
	return (__be16)sp_csum_fold(sp_pseudo_sum(packet, family));
}

/*
 * Result: whether a checksum can be a partial one: for a lane, which leaves what can. Without
 * folding, since what differs by nothing in ones' complement differs by a multiple of 0xffff.
 */
SP_INLINE int sp_may_be_partial(const struct sp_packet *packet, __be16 checksum_be,
				const __u8 family)
{
	return (sp_pseudo_sum(packet, family) + SP_CSUM_NOT16(checksum_be)) % 0xffff == 0;
}

/*
 * What is left to be summed of a frame. To each number nothing is added, of which the verifier does
 * not know that it is nothing: else it would look at what follows a loop once for each number of
 * rounds.
 */
struct sp_rest {
	const void *data, *end;
	__u64 at, sum, left;
	__u64 nothing;
};

#define SP_REST_MASK 0x3fffu /* more than at can be */

/* Result: 0, made of a number that the verifier does not know. */
SP_INLINE __u64 sp_nothing(__u32 unknown)
{
	__u64 one = unknown * 0x9e3779b97f4a7c15ULL, other = one;

	__asm__ volatile("" : "+r"(other));
	return one - other;
}

SP_INLINE void sp_rest_forget(struct sp_rest *rest)
{
	rest->at += rest->nothing;
	rest->sum += rest->nothing;
	rest->left += rest->nothing;
}

/* Adds the next bytes, as many as part, which is a constant. Result: whether they are there. */
SP_INLINE int sp_rest_add(struct sp_rest *rest, const __u32 part)
{
	const void *from;

	sp_rest_forget(rest);
	from = SP_AT(rest->data, rest->at & SP_REST_MASK);
	/* One pointer, or what is found out about it is lost when it is made again. */
	__asm__ volatile("" : "+r"(from));
	if (SP_AT(from, part) > rest->end)
		return 0;
	for (__u32 i = 0; i < part / 4; i++)
		rest->sum += ((const sp_wire_be32 *)from)[i];
	if (part == 2)
		rest->sum += *(const sp_wire_be16 *)from;
	if (part == 1)
		rest->sum += SP_BE16(*(const __u8 *)from << 8);
	rest->at += part;
	rest->left -= part;
	return 1;
}

/* Adds all that is left. Result: whether it is there: of a frame in pieces it is not. */
SP_INLINE int sp_rest_sum(struct sp_rest *rest)
{
	for (__u32 i = 0; i < SP_PARTIAL_BYTES_MAX / SP_PARTIAL_BLOCK; i++)
		if (rest->left < SP_PARTIAL_BLOCK || !sp_rest_add(rest, SP_PARTIAL_BLOCK))
			break;
	/* No loop: the verifier wants constants, whatever the compiler makes of it. */
	if (rest->left & 16)
		sp_rest_add(rest, 16);
	if (rest->left & 8)
		sp_rest_add(rest, 8);
	if (rest->left & 4)
		sp_rest_add(rest, 4);
	if (rest->left & 2)
		sp_rest_add(rest, 2);
	if (rest->left & 1)
		sp_rest_add(rest, 1);
	sp_rest_forget(rest);
	return rest->left == 0;
}

/*
 * Sums a frame of TCP or UDP whose IP packet is that long, as it is to leave, and sets the
 * checksum. Result: 1 if it was another, 0 if it was right, or the packet is too long to
 * sum or in pieces.
 */
SP_INLINE int sp_complete(void *data, void *end, __u8 protocol, __u32 l3_len_bytes,
			  const __u8 family)
{
	const __u32 l4_bytes = l3_len_bytes - SP_L3_BYTES(family);
	sp_wire_be16 *checksum_be =
		SP_AT(data, SP_L4_OFFSET(family) + SP_CHECKSUM_OFFSET(protocol));
	struct sp_rest rest = {
		.data = data,
		.end = end,
		/* The addresses end where TCP or UDP begins. */
		.at = SP_L4_OFFSET(family) - SP_ADDR_BYTES(family),
		.sum = (__u64)SP_BE16(l4_bytes) + SP_BE16(sp_ip_protocol(protocol)),
		.left = SP_ADDR_BYTES(family) + l4_bytes,
		.nothing = sp_nothing(l3_len_bytes),
	};
	__be16 whole_be;

	if (rest.left > SP_PARTIAL_BYTES_MAX || (void *)(checksum_be + 1) > end)
		return 0;
	rest.sum += (__u16) ~*checksum_be;
	if (!sp_rest_sum(&rest))
		return 0;
	whole_be = (__be16)~sp_csum_fold(rest.sum);
	if (protocol == SP_PROTOCOL_UDP && !whole_be)
		whole_be = 0xffff;
	if (*checksum_be == whole_be)
		return 0;
	*checksum_be = whole_be;
	return 1;
}

/*
 * Sets the checksum of a frame of TCP or UDP, as it is to leave, to what is left to a NIC: for one
 * that is going to complete it.
 */
SP_INLINE void sp_leave(void *data, void *end, __u8 protocol, __u32 l3_len_bytes, const __u8 family)
{
	const sp_wire_be32 *addresses = SP_AT(data, SP_L4_OFFSET(family) - SP_ADDR_BYTES(family));
	sp_wire_be16 *checksum_be =
		SP_AT(data, SP_L4_OFFSET(family) + SP_CHECKSUM_OFFSET(protocol));
	__u64 sum = (__u64)SP_BE16(l3_len_bytes - SP_L3_BYTES(family)) +
		    SP_BE16(sp_ip_protocol(protocol));

	if ((void *)(checksum_be + 1) > end)
		return;
	for (__u32 i = 0; i < SP_ADDR_BYTES(family) / 4; i++)
		sum += addresses[i];
	*checksum_be = (__be16)sp_csum_fold(sum);
}
