// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/neighbours/hops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/netlink/netlink.h"

static bool wanted(const struct hop *hop)
{
	return hop->nr_vms || hop->gateway;
}

static void set_ours(struct hops *hops, struct hop *hop, bool ours)
{
	hops->nr_ours += ours;
	hops->nr_ours -= hop->ours;
	hop->ours = ours;
}

static bool known(const struct hop *hop)
{
	static const uint8_t none[sizeof(hop->mac)];

	return memcmp(hop->mac, none, sizeof(none)) != 0;
}

void neighbours_hops_note(struct hops *hops, struct hop *hop, const struct netlink_neigh *neigh)
{
	bool marked = neigh->protocol == NETLINK_NEIGH_OURS, mine = neigh->managed && marked;

	hop->taken |= hop->ours && (neigh->gone || !mine);
	set_ours(hops, hop, mine && !neigh->gone);
	/* What bears our mark was ours, whatever others made of it. */
	hop->foreign = !neigh->gone && !marked &&
		       (neigh->managed || neigh->state & (NUD_PERMANENT | NUD_NOARP));
	hop->state = neigh->gone ? NUD_NONE : neigh->state;
	hops->moved |=
		known(hop) && (neigh->gone || memcmp(hop->mac, neigh->mac, sizeof(hop->mac)));
	memcpy(hop->mac, neigh->mac, sizeof(hop->mac));
	if (hop->state & NEIGHBOURS_VALID)
		hop->failed = false;
	else if (hop->state & NUD_FAILED)
		hop->failed = true;
	hop->waiting = wanted(hop) && !hop->ours && !hop->foreign;
	hops->retry |= hop->waiting;
}

/* There is a neighbour already: it is managed too, unless it is ours or somebody else's. */
static int manage_present(struct hops *hops, struct hop *hop)
{
	struct netlink_neigh neigh = {.gone = true};

	netlink_neigh_get(hops->netlink, hop->node.ifindex, &hop->node.addr, &neigh);
	neighbours_hops_note(hops, hop, &neigh);
	if (!hop->waiting)
		return 0;
	return netlink_neigh_manage(hops->netlink, hop->node.ifindex, &hop->node.addr);
}

/* Has the kernel manage a hop. One that it cannot yet (the link is down) is tried again later. */
static void manage(struct hops *hops, struct hop *hop)
{
	int error = netlink_neigh_create(hops->netlink, hop->node.ifindex, &hop->node.addr);

	hop->waiting = true;
	if (error == -EEXIST)
		error = manage_present(hops, hop);
	if (!error && hop->waiting) {
		hops->nr_corrected += hop->taken;
		hop->taken = false;
		set_ours(hops, hop, true);
		hop->waiting = false;
	}
	hops->retry |= hop->waiting;
}

static void drop(struct hops *hops, struct hop *hop)
{
	neighbours_index_remove(&hops->index, &hop->node);
	set_ours(hops, hop, false);
	free(hop);
}

void neighbours_hops_release(struct hops *hops, struct hop *hop)
{
	if (wanted(hop))
		return;
	if (hop->ours)
		netlink_neigh_remove(hops->netlink, hop->node.ifindex, &hop->node.addr);
	drop(hops, hop);
}

struct hop *neighbours_hops_find(const struct hops *hops, const struct sp_addr *addr,
				 uint32_t ifindex)
{
	return (struct hop *)neighbours_index_find(&hops->index, addr, ifindex);
}

struct hop *neighbours_hops_get(struct hops *hops, const struct sp_addr *addr, uint32_t ifindex)
{
	struct hop *hop = neighbours_hops_find(hops, addr, ifindex);

	if (hop)
		return hop;
	hop = calloc(1, sizeof(*hop));
	if (!hop)
		return NULL;
	hop->node.addr = *addr;
	hop->node.ifindex = ifindex;
	if (neighbours_index_add(&hops->index, &hop->node)) {
		free(hop);
		return NULL;
	}
	return hop;
}

void neighbours_hops_use(struct hops *hops, struct hop *hop)
{
	if (!hop->ours)
		manage(hops, hop);
}

void neighbours_hops_each(struct hops *hops, void (*visit)(struct hop *hop, void *context),
			  void *context)
{
	for (size_t slot = 0; slot < hops->index.nr_slots; slot++) {
		struct index_node *node = hops->index.slots[slot];

		while (node) {
			struct index_node *next = node->next;

			visit((struct hop *)node, context);
			node = next;
		}
	}
}

static void retry(struct hop *hop, void *context)
{
	struct hops *hops = context;

	if (hop->waiting)
		manage(hops, hop);
}

void neighbours_hops_retry(struct hops *hops)
{
	hops->retry = false;
	neighbours_hops_each(hops, retry, hops);
}

enum kernel_vm_state neighbours_hops_state(const struct hop *hop)
{
	if (hop->state & NEIGHBOURS_VALID)
		return KERNEL_VM_RESOLVED;
	return hop->failed ? KERNEL_VM_UNANSWERED : KERNEL_VM_RESOLVING;
}
