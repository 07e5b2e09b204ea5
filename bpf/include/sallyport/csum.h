/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Internet checksums by difference (RFC 1624). A difference is a ones' complement sum, not yet
 * folded, of what a rewrite adds: each new 16-bit word, and the complement of the one it replaces.
 */
#pragma once

#include <linux/types.h>

#include "compiler.h"
#include "wire.h"

SP_INLINE __u32 sp_csum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u32)((sum & 0xffff) + (sum >> 16));
}

/* Stores a 16-bit field and adds what that does to a checksum over it. */
SP_INLINE void sp_csum_put16(sp_wire_be16 *field_be, __be16 value_be, __u64 *difference)
{
	*difference += (__u16) ~*field_be;
	*difference += value_be;
	*field_be = value_be;
}

SP_INLINE void sp_csum_put32(sp_wire_be32 *field_be, __be32 value_be, __u64 *difference)
{
	*difference += (__u32) ~*field_be;
	*difference += value_be;
	*field_be = value_be;
}

/* Result: the checksum field of data that differs by difference (RFC 1624, equation 3). */
SP_INLINE __be16 sp_csum_apply(__be16 checksum_be, __u64 difference)
{
	return (__be16)~sp_csum_fold((__u64)(__u16)~checksum_be + difference);
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
