/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * The rewrite: a whole 4-tuple set at once, every checksum corrected by the difference. One
 * function serves both directions, both families, and the packet that an ICMP error quotes.
 */
#pragma once

#include <linux/types.h>

#include "compiler.h"
#include "csum.h"
#include "parse.h"
#include "partial.h"
#include "table.h"
#include "wire.h"

/* Which ends of a connection a rewrite changes. */
enum sp_ends {
	SP_END_FROM = 1,
	SP_END_TO = 2,
	SP_END_BOTH = 3,
};

/* Result: the end that sp_tuple_after() replaces. */
SP_INLINE enum sp_ends sp_end_replaced(enum sp_direction direction)
{
	return direction == SP_TOWARD_VM ? SP_END_TO : SP_END_FROM;
}

/* Sets the addresses of an IP header. Adds to the difference of any checksum over them. */
SP_INLINE void sp_put_addresses(void *l3, __u8 family, const struct sp_addr *from,
				const struct sp_addr *to, const enum sp_ends ends,
				__u64 *difference)
{
	if (family == 4) {
		struct sp_ipv4 *ip = l3;

		if (ends & SP_END_FROM)
			sp_csum_put32(&ip->from_be, from->word_be[3], difference);
		if (ends & SP_END_TO)
			sp_csum_put32(&ip->to_be, to->word_be[3], difference);
	} else {
		struct sp_ipv6 *ip = l3;

		for (__u32 i = 0; i < 4; i++) {
			if (ends & SP_END_FROM)
				sp_csum_put32(&ip->from_be[i], from->word_be[i], difference);
			if (ends & SP_END_TO)
				sp_csum_put32(&ip->to_be[i], to->word_be[i], difference);
		}
	}
}

/* One hop less to live; an IPv4 header's own checksum follows, with what its addresses added. */
SP_INLINE void sp_finish_l3(void *l3, __u8 family, __u64 difference)
{
	if (family == 4) {
		struct sp_ipv4 *ip = l3;

		/* The upper half of its word: what is taken from that is the same for all. */
		ip->ttl--;
		difference += SP_CSUM_NOT16(SP_BE16(0x0100));
		ip->checksum_be = sp_csum_apply(ip->checksum_be, difference);
	} else {
		((struct sp_ipv6 *)l3)->hop_limit--;
	}
}

/*
 * Result: the checksum of TCP or UDP after a difference. RFC 768: 0 says that there is none, so one
 * that comes out as 0 is sent as 0xffff.
 */
SP_INLINE __be16 sp_checksum_after(__be16 checksum_be, __u8 protocol, __u64 difference)
{
	__be16 after_be = sp_csum_apply(checksum_be, difference);

	if (protocol == SP_PROTOCOL_TCP)
		return after_be;
	if (!checksum_be)
		return 0;
	return after_be ? after_be : 0xffff;
}

/*
 * Of a frame that holds all that it says. Of ends that are left out the packet has those of after
 * already.
 */
SP_INLINE void sp_rewrite_l4(void *data, const struct sp_packet *packet,
			     const struct sp_tuple *after, const enum sp_ends ends,
			     const __u8 family)
{
	void *l3 = SP_AT(data, SP_L3_OFFSET);
	struct sp_udp *ports = SP_AT(data, SP_L4_OFFSET(family)); /* TCP begins alike */
	sp_wire_be16 *checksum_be = sp_checksum_of(ports, packet->protocol);
	__u64 difference = 0;

	sp_put_addresses(l3, family, &after->from, &after->to, ends, &difference);
	sp_finish_l3(l3, family, difference);
	if (ends & SP_END_FROM)
		sp_csum_put16(&ports->from_be, after->from_port_be, &difference);
	if (ends & SP_END_TO)
		sp_csum_put16(&ports->to_be, after->to_port_be, &difference);
	*checksum_be = sp_checksum_after(*checksum_be, packet->protocol, difference);
}

/* The same of any. */
SP_INLINE int sp_translate_l4(void *data, void *end, const struct sp_packet *packet,
			      const struct sp_tuple *after, const enum sp_ends ends,
			      const __u8 family)
{
	struct sp_udp *ports = SP_AT(data, SP_L4_OFFSET(family));
	sp_wire_be16 *checksum_be = sp_checksum_of(ports, packet->protocol);
	int is_partial;

	if ((void *)(ports + 1) > end || (void *)(checksum_be + 1) > end)
		return -1;
	is_partial = *checksum_be == sp_partial_of(packet, family);
	sp_rewrite_l4(data, packet, after, ends, family);
	return is_partial;
}

/*
 * The quoted packet, which travelled the other way: its ends are those of after, exchanged. Its own
 * checksums are kept right as far as they are quoted. Adds to the difference of the ICMP checksum.
 */
SP_INLINE int sp_translate_quoted(void *data, void *end, const struct sp_packet *packet,
				  const struct sp_tuple *after, const __u8 family, __u64 *icmp)
{
	void *l3 = SP_AT(data, SP_QUOTED_L3_OFFSET(family));
	struct sp_udp *ports = SP_AT(data, SP_QUOTED_L4_OFFSET(family)); /* TCP begins alike */
	sp_wire_be16 *checksum_be = sp_checksum_of(ports, packet->protocol);
	const __u32 quoted_bytes =
		SP_L3_OFFSET + packet->l3_len_bytes - (__u32)SP_QUOTED_L4_OFFSET(family);
	__u64 addresses = 0, difference = 0;

	if ((void *)(ports + 1) > end)
		return -1;
	sp_put_addresses(l3, family, &after->to, &after->from, SP_END_BOTH, &addresses);
	if (family == 4) {
		struct sp_ipv4 *ip = l3;

		sp_csum_put16(&ip->checksum_be, sp_csum_apply(ip->checksum_be, addresses), icmp);
	}
	difference = addresses;
	sp_csum_put16(&ports->from_be, after->to_port_be, &difference);
	sp_csum_put16(&ports->to_be, after->from_port_be, &difference);
	*icmp += difference;
	if (quoted_bytes < SP_CHECKSUM_OFFSET(packet->protocol) + sizeof(*checksum_be) ||
	    (void *)(checksum_be + 1) > end)
		return 0;
	sp_csum_put16(checksum_be, sp_checksum_after(*checksum_be, packet->protocol, difference),
		      icmp);
	return 0;
}

/* An error from behind a VM must not show an address of the builds network: it comes from the
 * lease. */
SP_INLINE int sp_translate_error(void *data, void *end, const struct sp_packet *packet,
				 const struct sp_tuple *after, enum sp_direction direction,
				 const __u8 family)
{
	struct sp_icmp *icmp = SP_AT(data, SP_L4_OFFSET(family));
	const struct sp_addr *from = direction == SP_TOWARD_CLIENT ? &after->from : &packet->sender;
	__u64 addresses = 0, difference = 0;

	if (sp_translate_quoted(data, end, packet, after, family, &difference))
		return -1;
	sp_put_addresses(SP_AT(data, SP_L3_OFFSET), family, from, &after->to, SP_END_BOTH,
			 &addresses);
	sp_finish_l3(SP_AT(data, SP_L3_OFFSET), family, addresses);
	if (family == 6)
		difference += addresses;
	icmp->checksum_be = sp_csum_apply(icmp->checksum_be, difference);
	return 0;
}

/*
 * Completes a partial checksum of a frame that sp_translate() made. Result: 1 if it was one, 0 if
 * it was whole by chance.
 */
SP_INLINE int sp_complete_translated(void *data, void *end, const struct sp_packet *packet)
{
	return packet->family == 4
		       ? sp_complete(data, end, packet->protocol, packet->l3_len_bytes, 4)
		       : sp_complete(data, end, packet->protocol, packet->l3_len_bytes, 6);
}

/*
 * Turns a frame that sp_parse() accepted into the one to send, link addresses left as they are.
 * Result: 0, 1 if sp_complete_translated() is still to look at its checksum, which seems to be
 * partial, or -1 (drop it) if it is shorter than packet says, which cannot be.
 */
SP_INLINE int sp_translate(void *data, void *end, const struct sp_packet *packet,
			   const struct sp_tuple *after, enum sp_direction direction)
{
	if (packet->family == 4)
		return packet->kind == SP_KIND_L4
			       ? sp_translate_l4(data, end, packet, after, SP_END_BOTH, 4)
			       : sp_translate_error(data, end, packet, after, direction, 4);
	return packet->kind == SP_KIND_L4
		       ? sp_translate_l4(data, end, packet, after, SP_END_BOTH, 6)
		       : sp_translate_error(data, end, packet, after, direction, 6);
}
