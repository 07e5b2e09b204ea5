/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* Counting what a lease carried. */
#pragma once

#include <linux/types.h>

#include "compiler.h"
#include "decide.h"
#include "parse.h"
#include "table.h"
#include "wire.h"

#define SP_LAST_SEEN_STEP_NS 1000000000ULL

/*
 * Result: whether a packet shows that a lease is in use: that its VM talks to somebody. What
 * clients send shows nothing, since anybody may, nor does what answers that: a SYN-ACK, a reset, an
 * error.
 */
SP_INLINE int sp_usage_is_use(const struct sp_packet *packet, const struct sp_hit *hit)
{
	return hit->direction == SP_TOWARD_CLIENT && packet->kind == SP_KIND_L4 &&
	       !(packet->tcp_flags & (SP_TCP_SYN | SP_TCP_RST));
}

/*
 * Counts one packet in a usage record of its lease, which the caller alone writes. last_seen_ns is
 * stored at most once a second, since the line is read by others and each store of it takes the
 * line away from them.
 */
SP_INLINE void sp_usage_add(struct sp_usage *usage, const struct sp_packet *packet,
			    const struct sp_hit *hit, __u64 now_ns)
{
	__u32 direction = hit->direction & 1;

	usage->packets[direction]++;
	usage->bytes[direction] += packet->l3_len_bytes;
	if (packet->tcp_flags & SP_TCP_SYN)
		usage->syns[direction]++;
	if (sp_usage_is_use(packet, hit) && now_ns - usage->last_seen_ns >= SP_LAST_SEEN_STEP_NS)
		SP_STORE(usage->last_seen_ns, now_ns);
}

/* The same in a record that an earlier lease, of whichever port, may have left: it is begun anew.
 */
SP_INLINE void sp_usage_count(struct sp_usage *usage, const struct sp_packet *packet,
			      const struct sp_hit *hit, __u64 now_ns)
{
	__u32 generation = sp_life_generation(hit->life);

	if (usage->generation != generation) {
		__builtin_memset(usage, 0, sizeof(*usage));
		SP_STORE_RELEASE(usage->generation, generation);
	}
	sp_usage_add(usage, packet, hit, now_ns);
}
