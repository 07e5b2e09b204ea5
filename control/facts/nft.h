/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads `nft -j list ruleset` and asks it about one packet. Pure. Rules it does not wholly
 * understand count for the packet: who is told that something is dropped can rely on it.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/* A TCP packet to this host itself. */
struct nft_packet {
	const char *interface; /* that it comes in by */
	unsigned int family;   /* 4 or 6 */
	const char *to;
	unsigned int port;
	const char *ct_state; /* "new", "invalid" … */
};

/* Names of what lies in the rules, good as long as those are. */
struct nft_chain {
	const char *family, *table, *name;
};

/*
 * Result: whether some base chain of the hook "input" drops that packet for certain; then
 * *ret_chain is that one. rules may be NULL: there are none.
 */
bool facts_nft_drops(const json_t *rules, const struct nft_packet *packet,
		     struct nft_chain *ret_chain);
