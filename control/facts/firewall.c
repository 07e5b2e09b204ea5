// SPDX-License-Identifier: BSD-3-Clause
/* What nftables does to packets for ports of the pool that are passed up to the host. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts/fact.h"
#include "facts/files.h"
#include "facts/nft.h"
#include "facts/rows.h"
#include "facts/say.h"
#include "host/addr.h"
#include "host/config.h"

#define LIST_RULES  "/usr/sbin/nft -j list ruleset 2>/dev/null"
#define LIST_TABLES "/usr/sbin/nft -t list ruleset 2>/dev/null" /* which of them sleep */

/* Only root may see rules. Result: NULL if there is nothing to see, else to be let go. */
static json_t *read_rules(void)
{
	json_t *rules;
	FILE *in;

	if (geteuid() != 0 || access("/usr/sbin/nft", X_OK) != 0)
		return NULL;
	in = popen(LIST_RULES, "re");
	if (!in)
		return NULL;
	rules = json_loadf(in, 0, NULL);
	pclose(in);
	in = rules ? popen(LIST_TABLES, "re") : NULL;
	if (in) {
		facts_nft_forget_dormant(rules, in);
		pclose(in);
	}
	return rules;
}

typedef bool drops_fn(const json_t *rules, const struct nft_packet *packet,
		      struct nft_chain *ret_chain);

/* Asks for one packet to each address; the chain that drops it is in *ret_chain. */
static const struct config_public *find_dropped(const struct fact_look *look, const json_t *rules,
						drops_fn *drops, const char *ct_state,
						struct nft_chain *ret_chain)
{
	for (uint32_t i = 0; i < look->config->public.nr_addresses; i++) {
		const struct config_public *address = &look->config->public.addresses[i];
		char text[ADDR_TEXT_BYTES];
		const struct nft_packet packet = {
			.interface = look->interface[0].host_name,
			.family = addr_family(&address->bind),
			.to = addr_format(&address->bind, text),
			.port = config_is_prefix(address) ? CONFIG_PREFIX_PORT
							  : address->ports[0].first,
			.ct_state = ct_state,
		};

		if (drops(rules, &packet, ret_chain))
			return address;
	}
	return NULL;
}

static void cure(struct fact_look *look, const struct config_public *address,
		 const struct nft_chain *chain)
{
	if (config_is_prefix(address)) {
		facts_say_cure(look, "nft insert rule %s %s %s iifname %s ip6 daddr %s accept",
			       chain->family, chain->table, chain->name,
			       look->interface[0].host_shell, address->advertise);
		return;
	}
	facts_say_cure(look, "nft insert rule %s %s %s iifname %s tcp dport %u-%u accept",
		       chain->family, chain->table, chain->name, look->interface[0].host_shell,
		       address->ports[0].first, address->ports[0].last);
}

/* Says what a chain does to callers, and the rule that spares them. what: the sentence's end. */
static void say(struct fact_look *look, const struct config_public *address,
		const struct nft_chain *chain, const char *what)
{
	char text[ADDR_TEXT_BYTES];

	facts_say(
		look,
		"The chain \"%s %s %s\" drops what comes in by %s for port %u of %s and is passed "
		"up%s",
		chain->family, chain->table, chain->name, look->interface[0].host_name,
		address->ports[0].first, addr_format(&address->bind, text), what);
	cure(look, address, chain);
}

void facts_firewall_closed(struct fact_look *look)
{
	const struct config_public *address;
	json_t *rules = read_rules();
	struct nft_chain chain;

	address = find_dropped(look, rules, facts_nft_drops, "new", &chain);
	if (address)
		say(look, address, &chain,
		    ": live leases are not concerned, but callers of closed ports are told "
		    "nothing, and connections whose lease has ended hang.");
	json_decref(rules);
}

void facts_firewall_untold(struct fact_look *look)
{
	const struct config_public *address = NULL;
	json_t *rules = read_rules();
	struct nft_chain chain;

	if (!find_dropped(look, rules, facts_nft_drops, "new", &chain))
		address = find_dropped(look, rules, facts_nft_may_drop, "new", &chain);
	if (address)
		say(look, address, &chain,
		    ", unless a rule accepts it that cannot be understood from here (iptables' "
		    "matches, named sets, limits): then callers of closed ports are told nothing, "
		    "and connections whose lease has ended hang.");
	json_decref(rules);
}

/*
 * conntrack never saw the connections that a program carried. With nf_conntrack_tcp_loose it takes
 * the first segment that is passed up for the beginning of a new one; else that is "invalid".
 */
void facts_firewall_invalid(struct fact_look *look)
{
	bool loose =
		facts_files_number(look, "/proc/sys/net/netfilter/nf_conntrack_tcp_loose") != 0;
	const struct config_public *address;
	struct nft_chain chain;
	json_t *rules;

	if (loose)
		return;
	rules = read_rules();
	address = find_dropped(look, rules, facts_nft_drops, "invalid", &chain);
	if (address && !find_dropped(look, rules, facts_nft_drops, "new", &chain)) {
		facts_say(look,
			  "The chain \"%s %s %s\" drops what conntrack calls invalid before it "
			  "comes to "
			  "the pool, and with nf_conntrack_tcp_loose=0 that is each connection "
			  "whose lease has ended: it hangs instead of being reset.",
			  chain.family, chain.table, chain.name);
		cure(look, address, &chain);
	}
	json_decref(rules);
}
