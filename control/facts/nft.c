// SPDX-License-Identifier: BSD-3-Clause
#include "facts/nft.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MOST 16 /* of jumps: as the kernel's */

enum match {
	MATCH_NO,
	MATCH_UNSURE,
	MATCH_YES,
};

enum outcome {
	OUTCOME_ON, /* to the next rule, or back to the chain that jumped here */
	OUTCOME_ACCEPTED,
	OUTCOME_DROPPED,
	OUTCOME_UNSURE, /* something in the way may have accepted it */
};

struct walk {
	const json_t *objects; /* of "nftables" */
	const struct nft_packet *packet;
	const char *family, *table;
	unsigned int depth;
	bool skips_unsure; /* what is not understood is taken not to concern the packet */
};

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* Whether a number or a name is, or is in, the right side of a match. */
static enum match compare(const json_t *right, const char *text, unsigned int number)
{
	const json_t *range = json_object_get(right, "range");
	const json_t *set = json_is_array(right) ? right : json_object_get(right, "set");
	enum match best = MATCH_NO;
	const json_t *each;
	size_t i;

	if (json_is_integer(right))
		return json_integer_value(right) == number ? MATCH_YES : MATCH_NO;
	if (json_is_string(right) && *json_string_value(right) != '@')
		return text && strcmp(json_string_value(right), text) == 0 ? MATCH_YES : MATCH_NO;
	if (range && json_is_integer(json_array_get(range, 0)))
		return number >= json_integer_value(json_array_get(range, 0)) &&
				       number <= json_integer_value(json_array_get(range, 1))
			       ? MATCH_YES
			       : MATCH_NO;
	if (!json_is_array(set))
		return MATCH_UNSURE;
	json_array_foreach (set, i, each) {
		enum match one = compare(each, text, number);

		if (one > best)
			best = one;
	}
	return best;
}

static enum match compare_meta(const char *key, const json_t *right,
			       const struct nft_packet *packet)
{
	if (strcmp(key, "iifname") == 0 || strcmp(key, "iif") == 0) {
		const char *name = json_string_value(right);

		/* "eth*" is any of them */
		if (name && strchr(name, '*'))
			return MATCH_UNSURE;
		return compare(right, packet->interface, 0);
	}
	if (strcmp(key, "l4proto") == 0)
		return compare(right, "tcp", 6);
	if (strcmp(key, "nfproto") == 0)
		return compare(right, packet->family == 4 ? "ipv4" : "ipv6",
			       packet->family == 4 ? 2 : 10);
	return MATCH_UNSURE;
}

static enum match compare_payload(const json_t *payload, const json_t *right,
				  const struct nft_packet *packet)
{
	const char *protocol = text_of(payload, "protocol"), *field = text_of(payload, "field");
	bool ip = strcmp(protocol, "ip") == 0, ip6 = strcmp(protocol, "ip6") == 0;

	if ((ip && packet->family != 4) || (ip6 && packet->family != 6))
		return MATCH_NO;
	if (strcmp(protocol, "udp") == 0 || strncmp(protocol, "icmp", 4) == 0)
		return MATCH_NO;
	if (strcmp(field, "dport") == 0)
		return compare(right, NULL, packet->port);
	if ((ip || ip6) && strcmp(field, "daddr") == 0 && json_is_string(right))
		return compare(right, packet->to, 0);
	if (ip && strcmp(field, "protocol") == 0)
		return compare(right, "tcp", 6);
	return MATCH_UNSURE;
}

static enum match compare_ct(const char *key, const json_t *right, const struct nft_packet *packet)
{
	if (strcmp(key, "state") == 0)
		return compare(right, packet->ct_state, 0);
	/* "dnat", "assured" …: a packet that begins a connection has none of them. */
	if (strcmp(key, "status") == 0)
		return MATCH_NO;
	return MATCH_UNSURE;
}

/* Whether a member of the packet is, or is in, the right side. */
static enum match judge_member(const json_t *left, const json_t *right,
			       const struct nft_packet *packet)
{
	const json_t *payload = json_object_get(left, "payload");
	const char *meta = text_of(json_object_get(left, "meta"), "key");
	const char *ct = text_of(json_object_get(left, "ct"), "key");

	if (payload)
		return compare_payload(payload, right, packet);
	if (*meta)
		return compare_meta(meta, right, packet);
	return compare_ct(ct, right, packet);
}

static enum match judge_match(const json_t *match, const struct nft_packet *packet)
{
	enum match result = judge_member(json_object_get(match, "left"),
					 json_object_get(match, "right"), packet);
	const char *op = text_of(match, "op");

	if (strcmp(op, "!=") == 0 && result != MATCH_UNSURE)
		return result == MATCH_YES ? MATCH_NO : MATCH_YES;
	return strcmp(op, "==") == 0 || strcmp(op, "in") == 0 || strcmp(op, "!=") == 0
		       ? result
		       : MATCH_UNSURE;
}

static bool is_statement(const char *name)
{
	static const char *const harmless[] = {"counter", "log", "comment", "mangle", "notrack"};

	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (strcmp(harmless[i], name) == 0)
			return true;
	return false;
}

static enum outcome walk_chain(struct walk *walk, const char *name);

static enum outcome walk_jump(struct walk *walk, const json_t *jump)
{
	enum outcome outcome;

	if (walk->depth == DEPTH_MOST)
		return OUTCOME_UNSURE;
	walk->depth++;
	outcome = walk_chain(walk, text_of(jump, "target"));
	walk->depth--;
	return outcome;
}

/* What a rule comes to whose conditions hold, or may hold. */
static enum outcome apply(struct walk *walk, const char *verdict, const json_t *details, bool sure,
			  bool *ret_returns)
{
	if (!sure && walk->skips_unsure)
		return OUTCOME_ON;
	if (strcmp(verdict, "continue") == 0)
		return OUTCOME_ON;
	if (strcmp(verdict, "accept") == 0)
		return sure ? OUTCOME_ACCEPTED : OUTCOME_UNSURE;
	if (strcmp(verdict, "drop") == 0 || strcmp(verdict, "reject") == 0)
		return sure ? OUTCOME_DROPPED : OUTCOME_ON;
	if (strcmp(verdict, "return") == 0) {
		*ret_returns = sure;
		return sure ? OUTCOME_ON : OUTCOME_UNSURE;
	}
	if (!sure)
		return OUTCOME_UNSURE;
	*ret_returns = strcmp(verdict, "goto") == 0;
	return walk_jump(walk, details);
}

/*
 * The verdict that a map of verdicts has for the packet. Result: MATCH_YES and *ret_verdict, an
 * object of one member; MATCH_NO if it has none for it.
 */
static enum match judge_vmap(const json_t *vmap, const struct nft_packet *packet,
			     const json_t **ret_verdict)
{
	const json_t *elements = json_object_get(json_object_get(vmap, "data"), "set"), *each;
	enum match best = json_is_array(elements) ? MATCH_NO : MATCH_UNSURE;
	size_t i;

	json_array_foreach (elements, i, each) {
		const json_t *key = json_array_get(each, 0);
		const char *text = json_string_value(key);
		/* "*" is for all that have no other */
		enum match one = text && strcmp(text, "*") == 0
					 ? MATCH_UNSURE
					 : judge_member(json_object_get(vmap, "key"), key, packet);

		if (one == MATCH_YES)
			*ret_verdict = json_array_get(each, 1);
		if (one > best)
			best = one;
	}
	return best;
}

static enum outcome walk_vmap(struct walk *walk, const json_t *vmap, bool sure, bool *ret_returns)
{
	const json_t *verdict = NULL;
	enum match match = judge_vmap(vmap, walk->packet, &verdict);
	const char *name = json_object_iter_key(json_object_iter((json_t *)verdict));

	if (match == MATCH_NO)
		return OUTCOME_ON;
	if (match == MATCH_UNSURE || !name)
		return walk->skips_unsure ? OUTCOME_ON : OUTCOME_UNSURE;
	return apply(walk, name, json_object_get(verdict, name), sure, ret_returns);
}

static enum outcome walk_rule(struct walk *walk, const json_t *rule, bool *ret_returns)
{
	static const char *const verdicts[] = {"accept", "drop", "reject",
					       "return", "jump", "goto"};
	const json_t *expressions = json_object_get(rule, "expr"), *each;
	bool sure = true;
	size_t i;

	json_array_foreach (expressions, i, each) {
		const char *name = json_object_iter_key(json_object_iter((json_t *)each));
		const json_t *details = json_object_get(each, name ? name : "");

		for (size_t j = 0; name && j < sizeof(verdicts) / sizeof(verdicts[0]); j++)
			if (strcmp(name, verdicts[j]) == 0)
				return apply(walk, name, details, sure, ret_returns);
		if (!name || is_statement(name))
			continue;
		if (strcmp(name, "vmap") == 0)
			return walk_vmap(walk, details, sure, ret_returns);
		switch (strcmp(name, "match") == 0 ? judge_match(details, walk->packet)
						   : MATCH_UNSURE) {
		case MATCH_NO:
			return OUTCOME_ON;
		case MATCH_UNSURE:
			sure = false;
			break;
		case MATCH_YES:
			break;
		}
	}
	return OUTCOME_ON;
}

static bool is_of(const struct walk *walk, const json_t *object)
{
	return strcmp(text_of(object, "family"), walk->family) == 0 &&
	       strcmp(text_of(object, "table"), walk->table) == 0;
}

static enum outcome walk_chain(struct walk *walk, const char *name)
{
	const json_t *object;
	size_t i;

	json_array_foreach (walk->objects, i, object) {
		const json_t *rule = json_object_get(object, "rule");
		enum outcome outcome;
		bool returns = false;

		if (!rule || !is_of(walk, rule) || strcmp(text_of(rule, "chain"), name) != 0)
			continue;
		outcome = walk_rule(walk, rule, &returns);
		if (outcome != OUTCOME_ON || returns)
			return outcome;
	}
	return OUTCOME_ON;
}

static bool concerns(const char *family, const struct nft_packet *packet)
{
	return strcmp(family, "inet") == 0 ||
	       strcmp(family, packet->family == 4 ? "ip" : "ip6") == 0;
}

/* A rule of nothing but xt has a target of iptables: LOG, REJECT, whatever. */
static bool is_target(const json_t *rule)
{
	const json_t *each;
	bool found = false;
	size_t i;

	json_array_foreach (json_object_get(rule, "expr"), i, each) {
		const char *name = json_object_iter_key(json_object_iter((json_t *)each));
		bool xt = name && strcmp(name, "xt") == 0;

		if (!name || (!xt && !is_statement(name)))
			return false;
		found |= xt;
	}
	return found;
}

static bool ends_with_target(const struct walk *walk, const char *name)
{
	const json_t *object, *last = NULL;
	size_t i;

	json_array_foreach (walk->objects, i, object) {
		const json_t *rule = json_object_get(object, "rule");

		if (rule && is_of(walk, rule) && strcmp(text_of(rule, "chain"), name) == 0)
			last = rule;
	}
	return is_target(last);
}

/* What a base chain comes to. */
static enum outcome walk_base(struct walk *walk, const json_t *chain)
{
	const char *name = text_of(chain, "name");
	enum outcome outcome = walk_chain(walk, name);

	if (outcome == OUTCOME_ON && (strcmp(text_of(chain, "policy"), "drop") == 0 ||
				      (walk->skips_unsure && ends_with_target(walk, name))))
		outcome = OUTCOME_DROPPED;
	return outcome;
}

static bool find_chain(const json_t *rules, const struct nft_packet *packet, bool skips_unsure,
		       struct nft_chain *ret_chain)
{
	const json_t *objects = json_object_get(rules, "nftables"), *object;
	size_t i;

	json_array_foreach (objects, i, object) {
		const json_t *chain = json_object_get(object, "chain");
		struct walk walk = {.objects = objects,
				    .packet = packet,
				    .family = text_of(chain, "family"),
				    .table = text_of(chain, "table"),
				    .skips_unsure = skips_unsure};

		if (strcmp(text_of(chain, "hook"), "input") != 0 ||
		    !concerns(walk.family, packet) || walk_base(&walk, chain) != OUTCOME_DROPPED)
			continue;
		*ret_chain = (struct nft_chain){walk.family, walk.table, text_of(chain, "name")};
		return true;
	}
	return false;
}

bool facts_nft_drops(const json_t *rules, const struct nft_packet *packet,
		     struct nft_chain *ret_chain)
{
	return find_chain(rules, packet, false, ret_chain);
}

bool facts_nft_may_drop(const json_t *rules, const struct nft_packet *packet,
			struct nft_chain *ret_chain)
{
	return find_chain(rules, packet, true, ret_chain);
}

static void forget_table(json_t *objects, const char *family, const char *table)
{
	for (size_t i = json_array_size(objects); i-- > 0;) {
		const json_t *chain = json_object_get(json_array_get(objects, i), "chain");

		if (chain && strcmp(text_of(chain, "family"), family) == 0 &&
		    strcmp(text_of(chain, "table"), table) == 0)
			json_array_remove(objects, i);
	}
}

void facts_nft_forget_dormant(json_t *rules, FILE *listing)
{
	json_t *objects = json_object_get(rules, "nftables");
	char family[16] = "", table[256] = "";
	char *line = NULL;
	size_t capacity = 0;

	while (getline(&line, &capacity, listing) > 0)
		if (sscanf(line, "table %15s %255s", family, table) != 2 &&
		    strncmp(line, "\tflags ", strlen("\tflags ")) == 0 && strstr(line, "dormant"))
			forget_table(objects, family, table);
	free(line);
}
