/* SPDX-License-Identifier: BSD-3-Clause */
/* Next hops by address and interface, and what the kernel says and is told of each. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <linux/neighbour.h>

#include "kernel/neighbours/index.h"
#include "kernel/pins/names.h"

struct netlink;
struct netlink_neigh;

/* The kernel's NUD_VALID, which its own headers keep to themselves. */
#define NEIGHBOURS_VALID                                                                           \
	(NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY)

/* An address whose link-layer address we need. */
struct hop {
	struct index_node node; /* first, so that a node is a hop */
	unsigned int nr_vms;	/* that it leads to */
	bool gateway;		/* of a route out of one of the interfaces */
	bool gateway_seen;	/* by the look at routes under way */
	bool ours;		/* managed, with our mark */
	bool foreign;		/* somebody else fixed it: left alone */
	bool taken;		/* was ours until others took or changed it */
	bool failed;		/* was given up on since it was last resolved */
	bool waiting;		/* to be managed as soon as the kernel lets us */
	bool listed;		/* by the dump under way */
	uint16_t state;
	uint8_t mac[6];
};

struct hops {
	struct netlink *netlink; /* not ours */
	struct index index;
	unsigned int nr_ours;
	unsigned int nr_corrected; /* taken ones that are ours again */
	bool retry;		   /* some hop waits */
	bool moved;		   /* some link address is another, or gone; the owner clears it */
};

/* Result: the hop, or NULL; neighbours_hops_get() makes one that is not there, and returns NULL for
 * want of memory. */
struct hop *neighbours_hops_find(const struct hops *hops, const struct sp_addr *addr,
				 uint32_t ifindex);
struct hop *neighbours_hops_get(struct hops *hops, const struct sp_addr *addr, uint32_t ifindex);

/* Takes in what the kernel says of a hop's neighbour. */
void neighbours_hops_note(struct hops *hops, struct hop *hop, const struct netlink_neigh *neigh);

/* A hop is needed: has the kernel manage it, now or as soon as it can (the link may be down). */
void neighbours_hops_use(struct hops *hops, struct hop *hop);

/* Lets a hop go if nothing needs it, with its neighbour if that is ours; it may be gone then. */
void neighbours_hops_release(struct hops *hops, struct hop *hop);

/* Tries again for each hop that waits; sets retry if one still does. */
void neighbours_hops_retry(struct hops *hops);

/* Calls visit for each hop, which may release it. */
void neighbours_hops_each(struct hops *hops, void (*visit)(struct hop *hop, void *context),
			  void *context);

/* Result: what a VM that is reached by this hop is said to be. */
enum kernel_vm_state neighbours_hops_state(const struct hop *hop);
