/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the kernel's rules and tables to the one table of the workers: for each prefix of targets a
 * leaf, with an answer for each prefix of sources. What does not differ from the next shorter
 * prefix is left out. The outcome is compared with the last one, and only what differs is changed.
 */
#include "hop/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define V4_DEPTH 96

/* Names the list of sources of a tree. */
static uint32_t name_sources(struct mirror *mirror, const struct mirror_tree *tree)
{
	struct nexthop_sources list = {.nr = tree->nr_sources - 1};
	uint32_t index = 0;

	for (uint32_t i = 0; i < list.nr; i++) {
		struct sp_prefix *prefix = &list.prefix[i];
		uint8_t depth = tree->source[i + 1].depth;

		prefix->addr = tree->source[i + 1].addr;
		memset(&prefix->mask, 0xff, depth / 8);
		if (depth % 8)
			((uint8_t *)&prefix->mask)[depth / 8] = (uint8_t)(0xff00 >> depth % 8);
	}
	if (list.nr > 0 && nexthop_sources_name(mirror->nexthops, &list, &index) < 0)
		mirror->left |= SP_LEFT_ROOM;
	return index;
}

static struct nexthop_leaf make_leaf(struct mirror *mirror, const struct mirror_tree *tree,
				     uint32_t node, uint32_t sources)
{
	struct nexthop_leaf leaf = {.sources = (uint16_t)sources};
	bool differ = false;

	for (uint32_t i = 0; i < tree->nr_sources; i++) {
		leaf.gateway[i] = mirror_lookup(tree, node, i, &mirror->left);
		differ |= leaf.gateway[i] != leaf.gateway[0];
	}
	if (!differ)
		leaf = (struct nexthop_leaf){.gateway = {leaf.gateway[0]}};
	return leaf;
}

static int add_place(struct mirror *mirror, const struct mirror_tree *tree,
		     const struct mirror_node *node)
{
	struct mirror_places *places = &mirror->spare;

	if (mirror_grow((void **)&places->place, places->nr, &places->room,
			sizeof(*places->place)) < 0)
		return -ENOMEM;
	places->place[places->nr++] = (struct mirror_place){
		.prefix = node->prefix, .leaf_index = node->leaf_index, .family = tree->family};
	return 0;
}

static int add_places(struct mirror *mirror, struct mirror_tree *tree)
{
	uint32_t sources = name_sources(mirror, tree);

	for (uint32_t i = 0; i < tree->nr; i++) {
		struct mirror_node *node = &tree->nodes[i];
		uint32_t around =
			i > 0 ? tree->nodes[node->parent].leaf_index : NEXTHOP_NO_ROUTE_INDEX;
		struct nexthop_leaf leaf = make_leaf(mirror, tree, i, sources);

		if (nexthop_leaf_name(mirror->nexthops, &leaf, &node->leaf_index) < 0)
			mirror->left |= SP_LEFT_ROOM;
		if (node->leaf_index != around && add_place(mirror, tree, node) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_family(struct mirror *mirror, uint8_t family)
{
	struct mirror_tree tree;
	int r = mirror_tree_make(mirror, family, &tree, &mirror->left);

	if (r < 0)
		return r;
	r = add_places(mirror, &tree);
	mirror_tree_free(&tree);
	return r;
}

static int compare_places(const struct mirror_place *a, const struct mirror_place *b)
{
	return a->family != b->family ? a->family - b->family
				      : mirror_prefix_compare(&a->prefix, &b->prefix);
}

static struct nexthop_route route_of(const struct mirror_place *place)
{
	struct nexthop_route route = {.prefix = place->prefix.addr,
				      .family = place->family,
				      .depth = place->prefix.depth,
				      .leaf_index = place->leaf_index};

	if (place->family == 4)
		route.depth -= V4_DEPTH;
	return route;
}

static void set_place(struct mirror *mirror, struct mirror_place *place)
{
	struct nexthop_route set = route_of(place);

	place->refused = nexthop_route_set(mirror->nexthops, &set) < 0;
}

static void clear_place(struct mirror *mirror, const struct mirror_place *place)
{
	struct nexthop_route clear = route_of(place);

	if (!place->refused)
		nexthop_route_clear(mirror->nexthops, &clear);
}

/* Both sorted: walks them together and carries over what differs. */
static void apply(struct mirror *mirror)
{
	struct mirror_places *old = &mirror->places, *new = &mirror->spare;
	uint32_t o = 0, n = 0;

	while (o < old->nr || n < new->nr) {
		const struct mirror_place *was = o < old->nr ? &old->place[o] : NULL;
		struct mirror_place *is = n < new->nr ? &new->place[n] : NULL;
		int order = !was ? 1 : !is ? -1 : compare_places(was, is);

		if (order < 0)
			clear_place(mirror, was);
		else if (order > 0 || was->refused || was->leaf_index != is->leaf_index)
			set_place(mirror, is);
		if (order >= 0 && is->refused)
			mirror->left |= SP_LEFT_ROOM;
		o += order <= 0;
		n += order >= 0;
	}
}

static void say_left(struct mirror *mirror, uint32_t left)
{
	atomic_store_explicit(&mirror->nexthops->left, left, memory_order_release);
}

/* What is left to the XDP program is left before the workers' table changes, and taken back after.
 */
int mirror_spread(struct mirror *mirror)
{
	uint32_t before = atomic_load_explicit(&mirror->nexthops->left, memory_order_relaxed);
	struct mirror_places spare;
	int r;

	mirror_tree_sort(&mirror->routes);
	mirror->spare.nr = 0;
	r = add_family(mirror, 4);
	if (r == 0)
		r = add_family(mirror, 6);
	if (r < 0)
		return r;
	say_left(mirror, before | mirror->left);
	apply(mirror);
	say_left(mirror, mirror->left);
	spare = mirror->places;
	mirror->places = mirror->spare;
	mirror->spare = spare;
	return 0;
}
