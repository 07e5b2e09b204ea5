/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Headers as they lie in a frame. Our own structs, because the system's are not all to be had in
 * both worlds, and because these say what the compiler must know: an alignment of two, and
 * may_alias, without which gcc reorders a store through one view with a load through another.
 *
 * Sources: IEEE 802.3, RFC 791 (IPv4), RFC 8200 (IPv6), RFC 9293 (TCP), RFC 768 (UDP), RFC 792 and
 * RFC 4443 (ICMP).
 */
#pragma once

#include <linux/types.h>

#include "compiler.h"

#define SP_WIRE __attribute__((__packed__, __aligned__(2), __may_alias__))

/* Fields wherever they lie in a frame. */
typedef __be16 __attribute__((__aligned__(2), __may_alias__)) sp_wire_be16;
typedef __be32 __attribute__((__aligned__(2), __may_alias__)) sp_wire_be32;

#define SP_ETH_IPV4	  0x0800
#define SP_ETH_IPV6	  0x86dd
#define SP_IPPROTO_ICMP	  1
#define SP_IPPROTO_TCP	  6
#define SP_IPPROTO_UDP	  17
#define SP_IPPROTO_ICMPV6 58

#define SP_IPV4_DONT_FRAGMENT  0x4000
#define SP_IPV4_MORE_OR_OFFSET 0x3fff
#define SP_TTL_DEFAULT	       64

#define SP_TCP_FIN 0x01
#define SP_TCP_SYN 0x02
#define SP_TCP_RST 0x04
#define SP_TCP_ACK 0x10

#define SP_ICMP_UNREACHABLE	     3
#define SP_ICMP_FRAGMENTATION_NEEDED 4
#define SP_ICMP_TIME_EXCEEDED	     11
#define SP_ICMP_PARAMETER_PROBLEM    12
#define SP_ICMPV6_UNREACHABLE	     1
#define SP_ICMPV6_TOO_BIG	     2
#define SP_ICMPV6_TIME_EXCEEDED	     3
#define SP_ICMPV6_PARAMETER_PROBLEM  4

struct sp_eth {
	__u8 to[6];
	__u8 from[6];
	sp_wire_be16 type_be;
} SP_WIRE;

struct sp_ipv4 {
	__u8 version_ihl;
	__u8 tos;
	sp_wire_be16 total_length_be;
	sp_wire_be16 id_be;
	sp_wire_be16 fragment_be;
	__u8 ttl;
	__u8 protocol;
	sp_wire_be16 checksum_be;
	sp_wire_be32 from_be;
	sp_wire_be32 to_be;
} SP_WIRE;

struct sp_ipv6 {
	sp_wire_be32 version_class_flow_be;
	sp_wire_be16 payload_length_be;
	__u8 next_header;
	__u8 hop_limit;
	sp_wire_be32 from_be[4];
	sp_wire_be32 to_be[4];
} SP_WIRE;

struct sp_tcp {
	sp_wire_be16 from_be;
	sp_wire_be16 to_be;
	sp_wire_be32 seq_be;
	sp_wire_be32 ack_be;
	__u8 data_offset; /* upper four bits, in 32-bit words */
	__u8 flags;
	sp_wire_be16 window_be;
	sp_wire_be16 checksum_be;
	sp_wire_be16 urgent_be;
} SP_WIRE;

struct sp_udp {
	sp_wire_be16 from_be;
	sp_wire_be16 to_be;
	sp_wire_be16 length_be;
	sp_wire_be16 checksum_be;
} SP_WIRE;

/* ICMP and ICMPv6 alike; rest_be is the MTU, the pointer or unused, by type. */
struct sp_icmp {
	__u8 type;
	__u8 code;
	sp_wire_be16 checksum_be;
	sp_wire_be32 rest_be;
} SP_WIRE;

_Static_assert(sizeof(struct sp_eth) == 14, "RFC 894");
_Static_assert(sizeof(struct sp_ipv4) == 20, "RFC 791");
_Static_assert(sizeof(struct sp_ipv6) == 40, "RFC 8200");
_Static_assert(sizeof(struct sp_tcp) == 20, "RFC 9293");
_Static_assert(sizeof(struct sp_udp) == 8, "RFC 768");
_Static_assert(sizeof(struct sp_icmp) == 8, "RFC 792");
