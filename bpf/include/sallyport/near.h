/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Which addresses cannot be a client's, as 64 Ki bits in the settings: a quick answer for all but a
 * few of those that can. An address is far if its bits are clear: then it is one host's, none of
 * this host's and in none of the builds' networks. Near says nothing, look closer. A bit too many
 * costs time, one too few would be a hole: so bits are only ever set, each before the record that
 * it stands for, and cleared only with a new table.
 *
 * The bit of an IPv4 address is its upper half. IPv6 has two: the first 16 bits, where prefixes of
 * less than 32 bits are noted; and a hash of the first 32, for longer ones and for addresses.
 */
#pragma once

#include <linux/types.h>

#include "addr.h"
#include "compiler.h"
#include "table.h"

SP_INLINE __u32 sp_near_upper(__be32 word_be)
{
	return SP_HOST32(word_be) >> 16;
}

SP_INLINE __u32 sp_near_hash(__be32 word_be)
{
	return (SP_HOST32(word_be) * 0x9e3779b1u) >> 16;
}

SP_INLINE int sp_near_is_set(const struct sp_settings *settings, __u32 bit)
{
	return SP_LOAD(settings->near[(bit >> 6) & (SP_NEAR_WORDS - 1)]) >> (bit & 63) & 1;
}

/* Result: the same as sp_near_is_far(), for who knows the bits to be ready. */
SP_INLINE int sp_near_is_clear(const struct sp_settings *settings, const struct sp_addr *addr,
			       __u8 family)
{
	if (family == 4)
		return !sp_near_is_set(settings, sp_near_upper(addr->word_be[3]));
	return !sp_near_is_set(settings, sp_near_upper(addr->word_be[0])) &&
	       !sp_near_is_set(settings, sp_near_hash(addr->word_be[0]));
}

/* Result: whether an address can be told to be a client's by the bits alone. */
SP_INLINE int sp_near_is_far(const struct sp_settings *settings, const struct sp_addr *addr,
			     __u8 family)
{
	return SP_LOAD(settings->near_ready) && sp_near_is_clear(settings, addr, family);
}

/* What follows is for the one writer. */
SP_INLINE void sp_near_add_bits(struct sp_settings *settings, __u32 first, __u32 last)
{
	for (__u32 bit = first; bit <= last; bit++)
		SP_STORE(settings->near[bit >> 6], settings->near[bit >> 6] | 1ULL << (bit & 63));
}

/* An address of this host. */
SP_INLINE void sp_near_add_host(struct sp_settings *settings, const struct sp_addr *addr)
{
	__u32 bit = sp_addr_is_v4(addr) ? sp_near_upper(addr->word_be[3])
					: sp_near_hash(addr->word_be[0]);

	sp_near_add_bits(settings, bit, bit);
}

/* A network of builds. As in sp_prefix_contains(), one that reaches around IPv4 holds none of it.
 */
SP_INLINE void sp_near_add_network(struct sp_settings *settings, const struct sp_prefix *prefix)
{
	int is_v4 = prefix->mask.word_be[2] == 0xffffffff && sp_addr_is_v4(&prefix->addr);
	__be32 word_be = prefix->addr.word_be[is_v4 ? 3 : 0];
	__be32 mask_be = prefix->mask.word_be[is_v4 ? 3 : 0];

	if (!is_v4 && mask_be == 0xffffffff)
		sp_near_add_host(settings, &prefix->addr);
	else
		sp_near_add_bits(settings, sp_near_upper(word_be & mask_be),
				 sp_near_upper(word_be | ~mask_be));
}

/* What sp_addr_is_host() refuses, of both families. Once the networks are in it, it is ready. */
SP_INLINE void sp_near_begin(struct sp_settings *settings)
{
	sp_near_add_bits(settings, 0x0000, 0x00ff); /* 0.0.0.0/8, ::/16 */
	sp_near_add_bits(settings, 0x7f00, 0x7fff); /* 127.0.0.0/8 */
	sp_near_add_bits(settings, 0xe000, 0xffff); /* 224.0.0.0/3, fe80::/10, ff00::/8 */
}

SP_INLINE void sp_near_ready(struct sp_settings *settings)
{
	SP_STORE_RELEASE(settings->near_ready, 1);
}
