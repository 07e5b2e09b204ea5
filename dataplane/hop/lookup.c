/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers as the kernel's bpf_fib_lookup() does, by rules and tables, for one prefix of targets
 * and one of sources. Where the two families differ here, they do so in the kernel.
 */
#include "hop/internal.h"

#include <linux/fib_rules.h>

#define V4_DEPTH 96

/* What a table says, and of how long a prefix. */
struct found {
	enum mirror_answer answer;
	uint16_t gateway_index;
	uint8_t depth;
};

/* A question under way. */
struct question {
	const struct mirror_tree *tree;
	uint32_t node;
	const struct mirror_prefix *source;
	uint32_t table;
	uint32_t *left;
};

static struct found found_in(const struct mirror_route *route)
{
	return (struct found){.answer = route->answer,
			      .gateway_index = route->gateway_index,
			      .depth = route->prefix.depth};
}

static const struct mirror_node *node_at(const struct question *question, uint32_t index)
{
	return &question->tree->nodes[index];
}

/* IPv4: of the longest prefix the first route by metric that is not dead, else a shorter one. */
static struct found look_up_v4(const struct question *question)
{
	struct found nothing = {.answer = MIRROR_NOTHING};

	for (uint32_t n = question->node; n != MIRROR_NO_NODE; n = node_at(question, n)->parent) {
		const struct mirror_node *node = node_at(question, n);

		for (uint32_t i = node->first; i < node->first + node->nr; i++) {
			const struct mirror_route *route = &question->tree->routes[i];

			if (route->table == question->table && !route->dead)
				return found_in(route);
		}
	}
	return nothing;
}

static bool better(const struct mirror_route *route, const struct mirror_route *than)
{
	/* The wire has low as 3, medium as 0 and high as 1. */
	return !than || (route->preference ^ 2) > (than->preference ^ 2);
}

/* Routes of one node, table and prefix of sources lie beside each other, the lowest metric first.
 */
struct run {
	const struct mirror_route *first;
	const struct mirror_route *end;
};

/*
 * Of the lowest metric the best that is not dead; only if there is none all others count, and then
 * whatever their metrics.
 */
static const struct mirror_route *select_v6(const struct question *question, const struct run *run)
{
	const struct mirror_route *best = NULL, *route;
	bool equal = false;

	for (route = run->first; route < run->end; route++) {
		if (best && route->metric != run->first->metric &&
		    best->metric == run->first->metric)
			break;
		if (route->dead)
			continue;
		if (better(route, best)) {
			best = route;
			equal = false;
		} else if (best->by_gateway && route->metric == best->metric &&
			   route->preference == best->preference) {
			equal |= route->gateway_index != best->gateway_index;
		}
	}
	/* Of equals the kernel takes the next one when a router does not answer its own packets. */
	if (equal)
		*question->left |= SP_LEFT_ROUTERS;
	return best;
}

/* Result: whether the node has routes of the table for some sources only. */
static bool has_sources(const struct question *question, const struct mirror_node *node)
{
	for (uint32_t i = node->first; i < node->first + node->nr; i++)
		if (question->tree->routes[i].table == question->table &&
		    question->tree->routes[i].source.depth != 0)
			return true;
	return false;
}

/*
 * The run of routes for the longest prefix of sources, of fewer bits than depth, that the
 * question's is in; the one of no bits is that of routes for everybody. Result: false if there is
 * none.
 */
static bool find_run(const struct question *question, const struct mirror_node *node, int depth,
		     struct run *ret)
{
	const struct mirror_route *first, *last, *end;

	if (node->nr == 0)
		return false;
	first = &question->tree->routes[node->first];
	end = first + node->nr;
	for (; first < end; first++)
		if (first->table == question->table && first->source.depth < depth &&
		    mirror_prefix_covers(&first->source, question->source))
			break;
	if (first == end)
		return false;
	for (last = first; last < end && last->table == question->table; last++)
		if (mirror_prefix_compare(&last->source, &first->source) != 0)
			break;
	ret->first = first;
	ret->end = last;
	return true;
}

/*
 * Where a search begins. A prefix with routes for some sources hides those that it has for
 * everybody from all other sources, but for that of all addresses, which is what remains to them.
 */
static uint32_t begin_v6(const struct question *question, struct run *ret)
{
	uint32_t n = question->node;

	for (; n != MIRROR_NO_NODE; n = node_at(question, n)->parent) {
		const struct mirror_node *node = node_at(question, n);
		bool hides = has_sources(question, node);

		if (find_run(question, node, 129, ret) && (!hides || ret->first->source.depth != 0))
			return n;
	}
	return find_run(question, node_at(question, 0), 1, ret) ? 0 : MIRROR_NO_NODE;
}

/* IPv6: where all routes are dead it goes on with shorter sources, then with shorter targets. */
static struct found look_up_v6(const struct question *question)
{
	struct found nothing = {.answer = MIRROR_NOTHING};
	struct run run;
	uint32_t n = begin_v6(question, &run);

	while (n != MIRROR_NO_NODE) {
		const struct mirror_route *route = select_v6(question, &run);

		if (route)
			return found_in(route);
		if (find_run(question, node_at(question, n), run.first->source.depth, &run))
			continue;
		do
			n = node_at(question, n)->parent;
		while (n != MIRROR_NO_NODE && !find_run(question, node_at(question, n), 129, &run));
	}
	return nothing;
}

static bool matches(const struct question *question, const struct mirror_rule *rule)
{
	bool match = !rule->never &&
		     mirror_prefix_covers(&rule->to, &node_at(question, question->node)->prefix) &&
		     mirror_prefix_covers(&rule->from, question->source);

	return match != rule->inverted;
}

/* Result: whether what a table said is the last word. */
static bool settles(const struct mirror_tree *tree, const struct mirror_rule *rule,
		    const struct found *found)
{
	if (found->answer == MIRROR_NOTHING)
		return false;
	/* bpf_fib_lookup() knows neither throw routes nor suppressing rules of IPv6. */
	if (tree->family == 6 || found->answer == MIRROR_REJECTS)
		return true;
	return found->answer == MIRROR_LEADS && found->depth - V4_DEPTH > rule->suppress;
}

static uint32_t target_of(const struct mirror_rules *rules, uint32_t at)
{
	for (uint32_t i = at + 1; i < rules->nr; i++)
		if (rules->rule[i].preference == rules->rule[at].target)
			return i;
	return at + 1;
}

uint16_t mirror_lookup(const struct mirror_tree *tree, uint32_t node, uint32_t source,
		       uint32_t *left)
{
	struct question question = {
		.tree = tree, .node = node, .source = &tree->source[source], .left = left};
	uint32_t i = 0;

	while (i < tree->rules->nr) {
		const struct mirror_rule *rule = &tree->rules->rule[i];
		struct found found;

		if (!matches(&question, rule) || rule->action == FR_ACT_NOP) {
			i++;
			continue;
		}
		if (rule->action == FR_ACT_GOTO) {
			i = target_of(tree->rules, i);
			continue;
		}
		if (rule->action != FR_ACT_TO_TBL)
			break;
		question.table = rule->table;
		found = tree->family == 4 ? look_up_v4(&question) : look_up_v6(&question);
		if (settles(tree, rule, &found))
			return found.answer == MIRROR_LEADS ? found.gateway_index
							    : NEXTHOP_NO_ROUTE_INDEX;
		i++;
	}
	return NEXTHOP_NO_ROUTE_INDEX;
}
