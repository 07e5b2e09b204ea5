/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* Addresses of the table: 16 bytes in network order, IPv4 as ::ffff:a.b.c.d. */
#pragma once

#include <linux/types.h>

#include "compiler.h"
#include "table.h"

#define SP_V4_MAPPED_BE SP_BE32(0x0000ffff)

SP_INLINE struct sp_addr sp_addr_from_v4(__be32 v4_be)
{
	struct sp_addr addr = {.word_be = {0, 0, SP_V4_MAPPED_BE, v4_be}};

	return addr;
}

SP_INLINE int sp_addr_equal(const struct sp_addr *a, const struct sp_addr *b)
{
	return ((a->word_be[0] ^ b->word_be[0]) | (a->word_be[1] ^ b->word_be[1]) |
		(a->word_be[2] ^ b->word_be[2]) | (a->word_be[3] ^ b->word_be[3])) == 0;
}

SP_INLINE int sp_addr_is_zero(const struct sp_addr *addr)
{
	return (addr->word_be[0] | addr->word_be[1] | addr->word_be[2] | addr->word_be[3]) == 0;
}

/*
 * Result: whether one host can have it as its own and be reached through a router, in a packet of
 * that family: no group, nobody's, loopback or IPv6 link-local address, and in IPv6 none of ::/64,
 * where mapped ones are.
 */
SP_INLINE int sp_addr_is_host(const struct sp_addr *addr, __u8 family)
{
	__u32 v4 = SP_HOST32(addr->word_be[3]), v6 = SP_HOST32(addr->word_be[0]);

	if (family == 4)
		return v4 >> 24 != 0 && v4 >> 24 != 127 && v4 >> 28 < 14;
	return (v6 | addr->word_be[1]) != 0 && v6 >> 24 != 0xff && v6 >> 22 != 0xfe80 >> 6;
}

/* Result: what the record of a prefix around an address is found by (struct sp_host). */
SP_INLINE struct sp_addr sp_prefix_key(const struct sp_addr *addr)
{
	struct sp_addr key = {.word_be = {~addr->word_be[0], addr->word_be[1], 0, 0}};

	return key;
}

SP_INLINE int sp_addr_is_v4(const struct sp_addr *addr)
{
	return (addr->word_be[0] | addr->word_be[1] | (addr->word_be[2] ^ SP_V4_MAPPED_BE)) == 0;
}

/*
 * A prefix holds addresses of its own family alone. IPv4 lies within ::/0 here, but a prefix that
 * is as short as to reach around all of IPv4 is one of IPv6.
 */
SP_INLINE int sp_prefix_contains(const struct sp_prefix *prefix, const struct sp_addr *addr)
{
	const __be32 *p = prefix->addr.word_be, *m = prefix->mask.word_be, *a = addr->word_be;

	if ((((a[0] & m[0]) ^ p[0]) | ((a[1] & m[1]) ^ p[1]) | ((a[2] & m[2]) ^ p[2]) |
	     ((a[3] & m[3]) ^ p[3])) != 0)
		return 0;
	return m[2] == 0xffffffff || !sp_addr_is_v4(addr);
}

/* Result: a well spread 64-bit hash (multiply and fold, after Stafford's variant 13 of
 * MurmurHash3). */
SP_INLINE __u64 sp_addr_hash(const struct sp_addr *addr, __u64 seed)
{
	__u64 high = (__u64)addr->word_be[0] << 32 | addr->word_be[1];
	__u64 low = (__u64)addr->word_be[2] << 32 | addr->word_be[3];
	__u64 hash = (high ^ seed) * 0x9e3779b97f4a7c15ULL;

	hash = (hash ^ (hash >> 32) ^ low) * 0xbf58476d1ce4e5b9ULL;
	hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebULL;
	return hash ^ (hash >> 31);
}
