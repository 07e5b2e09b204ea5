// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/neighbours/index.h"

#include <errno.h>
#include <stdlib.h>

#include <sallyport/addr.h>

#define FIRST_SLOTS 64

static struct index_node **slot_of(const struct index *index, const struct index_node *node)
{
	return &index->slots[sp_addr_hash(&node->addr, node->ifindex) & (index->nr_slots - 1)];
}

struct index_node *neighbours_index_find(const struct index *index, const struct sp_addr *addr,
					 uint32_t ifindex)
{
	const struct index_node key = {.addr = *addr, .ifindex = ifindex};
	struct index_node *node;

	if (!index->nr_slots)
		return NULL;
	for (node = *slot_of(index, &key); node; node = node->next)
		if (node->ifindex == ifindex && sp_addr_equal(&node->addr, addr))
			return node;
	return NULL;
}

static void insert(struct index *index, struct index_node *node)
{
	struct index_node **slot = slot_of(index, node);

	node->next = *slot;
	*slot = node;
	index->nr_nodes++;
}

static int grow(struct index *index)
{
	struct index bigger = {.nr_slots = index->nr_slots ? 2 * index->nr_slots : FIRST_SLOTS};

	bigger.slots = calloc(bigger.nr_slots, sizeof(struct index_node *));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t slot = 0; slot < index->nr_slots; slot++) {
		while (index->slots[slot]) {
			struct index_node *node = index->slots[slot];

			index->slots[slot] = node->next;
			insert(&bigger, node);
		}
	}
	free(index->slots);
	*index = bigger;
	return 0;
}

int neighbours_index_add(struct index *index, struct index_node *node)
{
	if (index->nr_nodes == index->nr_slots) {
		int error = grow(index);

		if (error)
			return error;
	}
	insert(index, node);
	return 0;
}

void neighbours_index_remove(struct index *index, struct index_node *node)
{
	struct index_node **place = slot_of(index, node);

	while (*place != node)
		place = &(*place)->next;
	*place = node->next;
	index->nr_nodes--;
}

void neighbours_index_free_nodes(struct index *index)
{
	for (size_t slot = 0; slot < index->nr_slots; slot++) {
		while (index->slots[slot]) {
			struct index_node *node = index->slots[slot];

			index->slots[slot] = node->next;
			free(node);
		}
	}
	free(index->slots);
	*index = (struct index){0};
}
