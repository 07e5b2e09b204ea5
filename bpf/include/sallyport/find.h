/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Finding records of the table: where a host address, and where a VM's endpoint, can lie. Used by
 * the two engines to read and by sallyportd to write.
 *
 * The includer provides the accessors declared below (table_bpf.h and table_host.h do): each
 * returns the record, or NULL where the index is out of range.
 */
#pragma once

#include <linux/types.h>

#include "addr.h"
#include "compiler.h"
#include "table.h"

/* Result: the first of the SP_HOST_PROBES consecutive records (modulo SP_HOSTS) of an address. */
SP_INLINE __u32 sp_host_first(const struct sp_addr *addr)
{
	return (__u32)sp_addr_hash(addr, 0) & (SP_HOSTS - 1);
}

/* Result: whether an address, whose first 64 bits led to the record, is of that prefix. */
SP_INLINE int sp_host_holds(const struct sp_host *host, const struct sp_addr *addr)
{
	return (addr->word_be[2] & host->mask_be) == host->net_be;
}

/* Result: the index of the slot of an address of that record, and of a port. */
SP_INLINE __u32 sp_host_slot(const struct sp_host *host, const struct sp_addr *addr, __be16 port_be)
{
	__u16 port = SP_HOST16(port_be);

	if (SP_LOAD(host->kind) == SP_HOST_PREFIX)
		port ^= sp_own_bits(addr);
	return sp_slot_index(host->public_index, port);
}

/* Result: the hash of an endpoint's key. protocol is one bit of enum sp_protocol_mask. */
SP_INLINE __u64 sp_endpoint_hash(const struct sp_addr *addr, __be16 port_be, __u8 protocol,
				 __u64 seed)
{
	return sp_addr_hash(addr, seed ^ ((__u64)protocol << 16 | port_be));
}

/* Result: the part of a hash that an entry keeps, never 0. */
SP_INLINE __u32 sp_hash_tag(__u64 hash)
{
	return (__u32)(hash >> 32) | 1;
}

/* nr_buckets is a power of two. */
SP_INLINE __u32 sp_bucket_first(__u64 hash, __u32 nr_buckets)
{
	return (__u32)hash & (nr_buckets - 1);
}

/* Result: the other bucket of an entry, from either of its two and its tag: an involution. */
SP_INLINE __u32 sp_bucket_other(__u32 bucket, __u32 tag, __u32 nr_buckets)
{
	return (bucket ^ ((tag >> 1) * 0x5bd1e995u | 1)) & (nr_buckets - 1);
}

SP_INLINE __u64 sp_entry_make(__u64 hash, __u32 slot_index)
{
	return (__u64)sp_hash_tag(hash) << 32 | slot_index;
}

SP_INLINE __u32 sp_entry_tag(__u64 entry)
{
	return (__u32)(entry >> 32);
}

SP_INLINE __u32 sp_entry_slot(__u64 entry)
{
	return (__u32)entry;
}
