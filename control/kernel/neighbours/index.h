/* SPDX-License-Identifier: BSD-3-Clause */
/* A growing hash index of records by address and interface; the records embed their node. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <sallyport/table.h>

struct index_node {
	struct index_node *next; /* in the same slot */
	struct sp_addr addr;
	uint32_t ifindex;
};

/* All zero is an empty index. */
struct index {
	struct index_node **slots;
	size_t nr_slots; /* a power of two, or 0 */
	size_t nr_nodes;
};

/* Result: the node with that key, or NULL. */
struct index_node *neighbours_index_find(const struct index *index, const struct sp_addr *addr,
					 uint32_t ifindex);

/* Adds a node whose key is set and not in the index. Result: 0 or -ENOMEM. */
int neighbours_index_add(struct index *index, struct index_node *node);

/* Takes a node out, which must be in. */
void neighbours_index_remove(struct index *index, struct index_node *node);

/* Empties the index and frees every node, which must be the first member of its allocation. */
void neighbours_index_free_nodes(struct index *index);
