/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * What a host that starts holds back until sallyportd is there: packets for its public ports that
 * it would refuse itself, since it knows nothing of the sessions behind them yet. hold[0], the one
 * record of the map of that name; written before packets meet it, but for the count.
 */
#pragma once

#include <linux/types.h>

#include <sallyport/addr.h>
#include <sallyport/compiler.h>
#include <sallyport/table.h>

#define SP_HOLD_WORDS 1024u /* a bit for each port */

struct sp_hold {
	__u64 until_ns; /* CLOCK_BOOTTIME; nothing is held from then on */
	__u64 held;	/* packets so far, by all CPUs */
	__u32 nr_publics;
	__u32 made_qdisc; /* the interface had no place for the filter before */
	__u64 reserved;
	struct sp_prefix addr[SP_PUBLICS_MAX]; /* one address, or a prefix of such */
	__u64 ports[SP_PUBLICS_MAX][SP_HOLD_WORDS];
};

enum sp_hold_kind {
	SP_HOLD_NONE,	/* nothing to be handed out */
	SP_HOLD_PORT,	/* a port of an address, which may be somebody's meanwhile */
	SP_HOLD_PREFIX, /* an address of a prefix: whoever listens on all is not meant */
};

/* Result: what an address and port (host order) are. */
SP_INLINE enum sp_hold_kind sp_hold_has(const struct sp_hold *hold, const struct sp_addr *addr,
					__u16 port)
{
	for (__u32 i = 0; i < SP_PUBLICS_MAX && i < hold->nr_publics; i++) {
		if (!sp_prefix_contains(&hold->addr[i], addr))
			continue;
		if (!(hold->ports[i][port >> 6] >> (port & 63) & 1))
			return SP_HOLD_NONE;
		return hold->addr[i].mask.word_be[3] ? SP_HOLD_PORT : SP_HOLD_PREFIX;
	}
	return SP_HOLD_NONE;
}
