/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads `nft -j list ruleset` and asks it about one packet. Pure. Rules it does not wholly
 * understand count for the packet: who is told that something is dropped can rely on it.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

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
 * Takes the chains of tables that sleep ("flags dormant") out of rules, which may be NULL. The JSON
 * of nftables 1.0.6 does not tell them from others: listing is what `nft -t list ruleset` prints.
 */
void facts_nft_forget_dormant(json_t *rules, FILE *listing);

/*
 * Result: whether some base chain of the hook "input" drops that packet for certain; then
 * *ret_chain is that one. rules may be NULL: there are none.
 */
bool facts_nft_drops(const json_t *rules, const struct nft_packet *packet,
		     struct nft_chain *ret_chain);

/*
 * The same if nothing that is not understood accepts it: matches of iptables ("xt"), named sets,
 * limits. A target of iptables at the end of a chain may be one that drops.
 */
bool facts_nft_may_drop(const json_t *rules, const struct nft_packet *packet,
			struct nft_chain *ret_chain);
