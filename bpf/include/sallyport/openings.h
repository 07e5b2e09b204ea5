/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Which of a VM's SYN-ACKs still wait for the client's answer, so that the first segment of each
 * connection that is one can be told from all others. Anybody can send a SYN that claims to be
 * anybody's; who acknowledges the number that the VM chose has received it.
 *
 * openings[i], a line for two purposes: answered_ns, of the leases whose slot_index falls on i,
 * says when a VM last sent a SYN-ACK, and so keeps segments of leases where nobody connects from
 * being looked for; entry, of the connections whose hash falls on i, holds what is waited for, the
 * latest first. Written by the XDP program on every CPU, at the opening of a connection alone. A
 * store that two CPUs make at once may be lost, and what is never answered is pushed out: a
 * connection whose first segment goes by unseen is known by its FIN then.
 */
#pragma once

#include <linux/types.h>

#include "addr.h"
#include "compiler.h"
#include "table.h"

#define SP_OPENINGS	   8192u /* a power of two */
#define SP_OPENING_ENTRIES 7u
/* How long after a SYN-ACK of its lease an answer is looked for; each one sent again begins anew.
 */
#define SP_OPENING_NS 3000000000ULL

struct sp_opening {
	__u64 answered_ns;
	__u64 entry[SP_OPENING_ENTRIES]; /* sp_opening_entry(), 0: none */
};

_Static_assert(sizeof(struct sp_opening) == 64, "an opening is one cache line");

#define SP_PIN_OPENINGS "openings"

SP_INLINE __u32 sp_opening_of_slot(__u32 slot_index)
{
	return slot_index & (SP_OPENINGS - 1);
}

/* Result: the hash of one connection of a lease. */
SP_INLINE __u64 sp_opening_hash(__u32 slot_index, const struct sp_addr *client,
				__be16 client_port_be, __u64 seed)
{
	return sp_addr_hash(client, seed ^ ((__u64)slot_index << 16 | client_port_be));
}

SP_INLINE __u32 sp_opening_of_hash(__u64 hash)
{
	return (__u32)hash & (SP_OPENINGS - 1);
}

/* What a connection waits for: an ACK of that number (host order). Never 0. */
SP_INLINE __u64 sp_opening_entry(__u64 hash, __u32 ack)
{
	return (hash | 1ULL << 32) >> 32 << 32 | ack;
}

SP_INLINE void sp_opening_put(struct sp_opening *line, __u64 entry)
{
	for (__u32 i = 0; i < SP_OPENING_ENTRIES; i++)
		if (SP_LOAD(line->entry[i]) == entry)
			return;
	for (__u32 i = SP_OPENING_ENTRIES - 1; i > 0; i--)
		SP_STORE(line->entry[i], line->entry[i - 1]);
	SP_STORE(line->entry[0], entry);
}

/* Result: whether it was waited for; it is no longer. */
SP_INLINE int sp_opening_take(struct sp_opening *line, __u64 entry)
{
	for (__u32 i = 0; i < SP_OPENING_ENTRIES; i++)
		if (SP_LOAD(line->entry[i]) == entry) {
			SP_STORE(line->entry[i], 0);
			return 1;
		}
	return 0;
}
