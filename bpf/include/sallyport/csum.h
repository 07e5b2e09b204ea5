/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Internet checksums by difference (RFC 1624). A difference is a ones' complement sum, not yet
 * folded, of what a rewrite adds: each new 16-bit word, and the complement of the one it replaces.
 */
#pragma once

#include <linux/types.h>

#include "compiler.h"
#include "wire.h"

/* The complement of a 16-bit word, as a difference whose constant compilers add to others. */
#define SP_CSUM_NOT16(word_be) (0xffff - (__u64)(word_be))

/*
 * Result: the sum of a sum's 16-bit words, 0 of 0 alone. Each half is added to the other, so that
 * the upper one gets the carry; BPF has no rotation, and takes longer so.
 */
SP_INLINE __u32 sp_csum_fold(__u64 sum)
{
#ifndef __bpf__
	__u32 half;

	sum += sum >> 32 | sum << 32;
	half = (__u32)(sum >> 32);
	half += half >> 16 | half << 16;
	return half >> 16;
#else
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u32)((sum & 0xffff) + (sum >> 16));
#endif
}

/* Stores a 16-bit field and adds what that does to a checksum over it. */
SP_INLINE void sp_csum_put16(sp_wire_be16 *field_be, __be16 value_be, __u64 *difference)
{
	*difference += SP_CSUM_NOT16(*field_be) + value_be;
	*field_be = value_be;
}

SP_INLINE void sp_csum_put32(sp_wire_be32 *field_be, __be32 value_be, __u64 *difference)
{
	*difference += 0xffffffff - (__u64)*field_be + value_be;
	*field_be = value_be;
}

/* Result: the checksum field of data that differs by difference (RFC 1624, equation 3). */
SP_INLINE __be16 sp_csum_apply(__be16 checksum_be, __u64 difference)
{
	return (__be16)~sp_csum_fold(SP_CSUM_NOT16(checksum_be) + difference);
}

/* Result: the sum of an even number of bytes, a constant for the compiler to unroll. */
SP_INLINE __u64 sp_csum_bytes(const void *data, __u32 len_bytes)
{
	const sp_wire_be16 *word_be = data;
	__u64 sum = 0;

	for (__u32 i = 0; i < len_bytes / 2; i++)
		sum += word_be[i];
	return sum;
}
