// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/neighbours/neighbours.h"

#include <errno.h>
#include <stdlib.h>

#include "kernel/neighbours/index.h"
#include "kernel/netlink/netlink.h"

/* Neighbours to be removed, gathered before any is, since one question is asked at a time. */
struct gathered {
	const uint32_t *ifindexes;
	unsigned int nr_ifindexes;
	struct index found;
	int error;
};

static void gather(const struct netlink_neigh *neigh, void *context)
{
	struct gathered *gathered = context;
	struct index_node *node = NULL;
	bool there = false;

	for (unsigned int i = 0; i < gathered->nr_ifindexes; i++)
		there |= gathered->ifindexes[i] == neigh->ifindex;
	if (!there || !neigh->managed || neigh->protocol != NETLINK_NEIGH_OURS ||
	    neighbours_index_find(&gathered->found, &neigh->addr, neigh->ifindex))
		return;
	node = calloc(1, sizeof(*node));
	if (node) {
		node->addr = neigh->addr;
		node->ifindex = neigh->ifindex;
	}
	if (!node || neighbours_index_add(&gathered->found, node)) {
		gathered->error = -ENOMEM;
		free(node);
	}
}

int neighbours_remove_all(struct netlink *netlink, const uint32_t *ifindexes,
			  unsigned int nr_ifindexes)
{
	struct gathered gathered = {.ifindexes = ifindexes, .nr_ifindexes = nr_ifindexes};
	const struct netlink_listener listener = {.neigh = gather, .context = &gathered};
	int error = netlink_dump(netlink, NETLINK_NEIGHS, &listener);

	if (!error || error == -EINTR)
		error = gathered.error;
	for (size_t slot = 0; slot < gathered.found.nr_slots; slot++) {
		for (struct index_node *node = gathered.found.slots[slot]; node;
		     node = node->next) {
			int one = netlink_neigh_remove(netlink, node->ifindex, &node->addr);

			if (!error)
				error = one;
		}
	}
	neighbours_index_free_nodes(&gathered.found);
	return error;
}
