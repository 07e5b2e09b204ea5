/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Is a client's address on a list? The last range that begins at or before it is found by halving,
 * the same five steps for each list and address, without a branch: none to be foretold wrongly by
 * a processor, none for the verifier to follow both ways. host/allow.h writes the lists.
 */
#pragma once

#include <linux/types.h>

#include "../addr.h"
#include "../compiler.h"
#include "../table.h"

/* Result: x < y, as 0 or 1. */
SP_INLINE __u64 sp_below(__u64 x, __u64 y)
{
	return ((~x & y) | (~(x ^ y) & (x - y))) >> 63;
}

SP_INLINE __u64 sp_same(__u64 x, __u64 y)
{
	__u64 other = x ^ y;

	return 1 ^ ((other | (0 - other)) >> 63);
}

/* Result: x <= y, as 0 or 1. */
SP_INLINE __u64 sp_v4_reaches(__u32 x, __u32 y)
{
	return ((__u64)x - y - 1) >> 63;
}

SP_INLINE __u64 sp_v6_reaches(const __u64 x[2], const __u64 y[2])
{
	return 1 ^ (sp_below(y[0], x[0]) | (sp_same(y[0], x[0]) & sp_below(y[1], x[1])));
}

/* Result: the index of the only range that can hold an address. */
SP_INLINE __u64 sp_allow_at_v4(const struct sp_allow *allow, __u32 addr)
{
	__u64 at = SP_WITHIN(sp_v4_reaches(allow->v4_first[16], addr) << 4, 16);

	at = SP_WITHIN(at + (sp_v4_reaches(allow->v4_first[at + 8], addr) << 3), 24);
	at = SP_WITHIN(at + (sp_v4_reaches(allow->v4_first[at + 4], addr) << 2), 28);
	at = SP_WITHIN(at + (sp_v4_reaches(allow->v4_first[at + 2], addr) << 1), 30);
	return SP_WITHIN(at + sp_v4_reaches(allow->v4_first[at + 1], addr), 31);
}

SP_INLINE int sp_allow_has_v4(const struct sp_allow *allow, __u32 addr)
{
	__u64 at = sp_allow_at_v4(allow, addr);

	return allow->v4_first[at] <= addr && addr <= allow->v4_last[at];
}

SP_INLINE int sp_allow_has_v6(const struct sp_allow *allow, const struct sp_addr *addr)
{
	const __u64 key[2] = {
		(__u64)SP_HOST32(addr->word_be[0]) << 32 | SP_HOST32(addr->word_be[1]),
		(__u64)SP_HOST32(addr->word_be[2]) << 32 | SP_HOST32(addr->word_be[3])};
	__u64 at = SP_WITHIN(sp_v6_reaches(allow->v6[16].first, key) << 4, 16);

	at = SP_WITHIN(at + (sp_v6_reaches(allow->v6[at + 8].first, key) << 3), 24);
	at = SP_WITHIN(at + (sp_v6_reaches(allow->v6[at + 4].first, key) << 2), 28);
	at = SP_WITHIN(at + (sp_v6_reaches(allow->v6[at + 2].first, key) << 1), 30);
	at = SP_WITHIN(at + sp_v6_reaches(allow->v6[at + 1].first, key), 31);
	return sp_v6_reaches(allow->v6[at].first, key) & sp_v6_reaches(key, allow->v6[at].last);
}

SP_INLINE int sp_allow_has(const struct sp_allow *allow, const struct sp_addr *addr)
{
	return sp_addr_is_v4(addr) ? sp_allow_has_v4(allow, SP_HOST32(addr->word_be[3]))
				   : sp_allow_has_v6(allow, addr);
}
