/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All prefixes of targets that routes and rules name, and all of sources: whoever is of the same
 * ones is answered the same.
 */
#include "hop/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <linux/rtnetlink.h>

static int compare_routes(const void *left, const void *right)
{
	const struct mirror_route *a = left, *b = right;
	int r = a->family - b->family;

	if (!r)
		r = mirror_prefix_compare(&a->prefix, &b->prefix);
	if (!r && a->table != b->table)
		r = a->table < b->table ? -1 : 1;
	if (!r)
		r = b->source.depth - a->source.depth;
	if (!r)
		r = mirror_prefix_compare(&a->source, &b->source);
	if (!r && a->metric != b->metric)
		r = a->metric < b->metric ? -1 : 1;
	if (!r)
		r = a->order < b->order ? -1 : 1;
	return r;
}

void mirror_tree_sort(struct mirror_routes *routes)
{
	if (routes->nr > 0)
		qsort(routes->route, routes->nr, sizeof(*routes->route), compare_routes);
}

static int compare_nodes(const void *left, const void *right)
{
	const struct mirror_node *a = left, *b = right;

	return mirror_prefix_compare(&a->prefix, &b->prefix);
}

static struct mirror_prefix everything(uint8_t family)
{
	struct mirror_prefix prefix = {.depth = 0};

	mirror_prefix_read(family == 4 ? AF_INET : AF_INET6, 0, NULL, &prefix);
	return prefix;
}

static void add_node(struct mirror_tree *tree, const struct mirror_prefix *prefix)
{
	tree->nodes[tree->nr++] = (struct mirror_node){.prefix = *prefix};
}

static void add_nodes(struct mirror_tree *tree)
{
	struct mirror_prefix all = everything(tree->family);

	add_node(tree, &all);
	for (uint32_t i = 0; i < tree->nr_routes; i++)
		add_node(tree, &tree->routes[i].prefix);
	for (uint32_t i = 0; i < tree->rules->nr; i++)
		add_node(tree, &tree->rules->rule[i].to);
}

/* Sorted, so that what is around a node has been met before it. */
static void sort_nodes(struct mirror_tree *tree)
{
	uint32_t kept = 0;

	qsort(tree->nodes, tree->nr, sizeof(*tree->nodes), compare_nodes);
	for (uint32_t i = 1; i < tree->nr; i++)
		if (compare_nodes(&tree->nodes[kept], &tree->nodes[i]) != 0)
			tree->nodes[++kept] = tree->nodes[i];
	tree->nr = kept + 1;
	tree->nodes[0].parent = MIRROR_NO_NODE;
	for (uint32_t i = 1; i < tree->nr; i++) {
		uint32_t around = i - 1;

		while (!mirror_prefix_covers(&tree->nodes[around].prefix, &tree->nodes[i].prefix))
			around = tree->nodes[around].parent;
		tree->nodes[i].parent = around;
	}
}

static void hang_routes(struct mirror_tree *tree)
{
	uint32_t route = 0;

	for (uint32_t i = 0; i < tree->nr; i++) {
		struct mirror_node *node = &tree->nodes[i];

		node->first = route;
		while (route < tree->nr_routes &&
		       mirror_prefix_compare(&tree->routes[route].prefix, &node->prefix) == 0)
			route++;
		node->nr = route - node->first;
	}
}

/* Result: false if there is no room. */
static bool add_source(struct mirror_tree *tree, const struct mirror_prefix *source)
{
	for (uint32_t i = 0; i < tree->nr_sources; i++)
		if (mirror_prefix_compare(&tree->source[i], source) == 0)
			return true;
	if (tree->nr_sources == NEXTHOP_SOURCES + 1)
		return false;
	tree->source[tree->nr_sources++] = *source;
	return true;
}

static int compare_sources(const void *left, const void *right)
{
	const struct mirror_prefix *a = left, *b = right;

	return b->depth - a->depth;
}

static bool gather_sources(struct mirror_tree *tree)
{
	bool room = true;

	tree->source[0] = everything(tree->family);
	tree->nr_sources = 1;
	for (uint32_t i = 0; i < tree->nr_routes; i++)
		room &= add_source(tree, &tree->routes[i].source);
	for (uint32_t i = 0; i < tree->rules->nr; i++)
		room &= add_source(tree, &tree->rules->rule[i].from);
	qsort(&tree->source[1], tree->nr_sources - 1, sizeof(tree->source[0]), compare_sources);
	return room;
}

/* Result: whether no rule but the kernel's own three is there. */
static bool plain_rules(const struct mirror_rules *rules)
{
	return rules->nr == 3 && rules->rule[0].table == RT_TABLE_LOCAL &&
	       rules->rule[1].table == RT_TABLE_MAIN && rules->rule[2].table == RT_TABLE_DEFAULT;
}

static bool has_table(const struct mirror_tree *tree, uint32_t node, uint32_t table)
{
	const struct mirror_node *it = &tree->nodes[node];

	for (uint32_t i = it->first; i < it->first + it->nr; i++)
		if (tree->routes[i].table == table)
			return true;
	return false;
}

static bool throws_locally(const struct mirror_tree *tree)
{
	for (uint32_t i = 0; i < tree->nr_routes; i++)
		if (tree->routes[i].table == RT_TABLE_LOCAL &&
		    tree->routes[i].answer == MIRROR_THROWS)
			return true;
	return false;
}

/*
 * Until the first policy rule is made the kernel keeps the local and the main table of IPv4 as one,
 * in which the longest prefix wins and a throw in the local one ends the search; from then on the
 * local one goes before, even once the rule is gone. It cannot be asked which it is.
 */
static bool local_is_open(const struct mirror_tree *tree)
{
	if (tree->family != 4 || !plain_rules(tree->rules))
		return false;
	if (throws_locally(tree))
		return true;
	for (uint32_t i = 1; i < tree->nr; i++) {
		if (!has_table(tree, i, RT_TABLE_MAIN))
			continue;
		for (uint32_t n = tree->nodes[i].parent; n != MIRROR_NO_NODE;
		     n = tree->nodes[n].parent)
			if (has_table(tree, n, RT_TABLE_LOCAL))
				return true;
	}
	return false;
}

/* Result: whether the table has a route of the node's prefix for all sources. */
static bool is_for_all(const struct mirror_tree *tree, uint32_t node, uint32_t table)
{
	const struct mirror_node *it = &tree->nodes[node];

	for (uint32_t i = it->first; i < it->first + it->nr; i++)
		if (tree->routes[i].table == table && tree->routes[i].source.depth == 0)
			return true;
	return false;
}

static bool has_within(const struct mirror_tree *tree, uint32_t node, uint32_t table)
{
	const struct mirror_prefix *around = &tree->nodes[node].prefix;

	for (uint32_t i = node + 1; i < tree->nr; i++) {
		if (!mirror_prefix_covers(around, &tree->nodes[i].prefix))
			return false;
		if (has_table(tree, i, table))
			return true;
	}
	return false;
}

/*
 * Where a prefix other than ::/0 has routes for some sources only, and longer ones within it, the
 * kernel finds those for some sources or not, as routes came and went: once it had one for all
 * sources that is gone, the tree's node borrows the route of a longer prefix, whose key it then
 * compares (fib6_find_prefix() and fib6_node_lookup_1() of net/ipv6/ip6_fib.c). It cannot be asked.
 */
static bool sources_are_open(const struct mirror_tree *tree)
{
	for (uint32_t n = 1; tree->family == 6 && n < tree->nr; n++) {
		const struct mirror_node *it = &tree->nodes[n];

		for (uint32_t i = it->first; i < it->first + it->nr; i++) {
			uint32_t table = tree->routes[i].table;

			if (tree->routes[i].source.depth > 0 && !is_for_all(tree, n, table) &&
			    has_within(tree, n, table))
				return true;
		}
	}
	return false;
}

static void take_routes(struct mirror_tree *tree, const struct mirror_routes *routes)
{
	uint32_t first = 0, end;

	while (first < routes->nr && routes->route[first].family != tree->family)
		first++;
	for (end = first; end < routes->nr && routes->route[end].family == tree->family;)
		end++;
	tree->nr_routes = end - first;
	if (tree->nr_routes > 0)
		tree->routes = &routes->route[first];
}

int mirror_tree_make(const struct mirror *mirror, uint8_t family, struct mirror_tree *ret,
		     uint32_t *left)
{
	struct mirror_tree tree = {.family = family, .rules = &mirror->rules[family == 4 ? 0 : 1]};

	take_routes(&tree, &mirror->routes);
	tree.nodes = calloc(1 + tree.nr_routes + tree.rules->nr, sizeof(*tree.nodes));
	if (!tree.nodes)
		return -ENOMEM;
	add_nodes(&tree);
	sort_nodes(&tree);
	hang_routes(&tree);
	if (!gather_sources(&tree))
		*left |= SP_LEFT_SOURCES;
	if (local_is_open(&tree))
		*left |= SP_LEFT_LOCAL;
	if (sources_are_open(&tree))
		*left |= SP_LEFT_WITHIN;
	*ret = tree;
	return 0;
}

void mirror_tree_free(struct mirror_tree *tree)
{
	free(tree->nodes);
	tree->nodes = NULL;
}
