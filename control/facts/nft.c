// SPDX-License-Identifier: BSD-3-Clause
#include "facts/nft.h"

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

static enum match judge_match(const json_t *match, const struct nft_packet *packet)
{
	const json_t *left = json_object_get(match, "left"),
		     *right = json_object_get(match, "right");
	const json_t *payload = json_object_get(left, "payload");
	const char *op = text_of(match, "op");
	const char *meta = text_of(json_object_get(left, "meta"), "key");
	const char *ct = text_of(json_object_get(left, "ct"), "key");
	enum match result = MATCH_UNSURE;

	if (payload)
		result = compare_payload(payload, right, packet);
	else if (*meta)
		result = compare_meta(meta, right, packet);
	else if (strcmp(ct, "state") == 0)
		result = compare(right, packet->ct_state, 0);
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
			return OUTCOME_UNSURE;
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

bool facts_nft_drops(const json_t *rules, const struct nft_packet *packet,
		     struct nft_chain *ret_chain)
{
	const json_t *objects = json_object_get(rules, "nftables"), *object;
	size_t i;

	json_array_foreach (objects, i, object) {
		const json_t *chain = json_object_get(object, "chain");
		struct walk walk = {.objects = objects,
				    .packet = packet,
				    .family = text_of(chain, "family"),
				    .table = text_of(chain, "table")};
		enum outcome outcome;

		if (strcmp(text_of(chain, "hook"), "input") != 0 || !concerns(walk.family, packet))
			continue;
		outcome = walk_chain(&walk, text_of(chain, "name"));
		if (outcome == OUTCOME_ON && strcmp(text_of(chain, "policy"), "drop") == 0)
			outcome = OUTCOME_DROPPED;
		if (outcome != OUTCOME_DROPPED)
			continue;
		*ret_chain = (struct nft_chain){walk.family, walk.table, text_of(chain, "name")};
		return true;
	}
	return false;
}
