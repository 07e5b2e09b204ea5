/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The neighbours that packets of ours need resolved: VMs with a live lease, gateways on the way to
 * them, gateways of routes out of the two interfaces. Each becomes a managed neighbour, which the
 * kernel keeps resolved with none of us alive. Entries that somebody else made are left alone.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/pins/names.h"

struct netlink;
struct netlink_neigh;
struct neighbours;

/*
 * Begins with what the kernel has: neighbours of ours are taken over, gateways of routes are added.
 * netlink is the caller's and outlives this. Times are CLOCK_BOOTTIME ns. Result: 0 and
 * *ret_neighbours, to be freed by neighbours_free(), or -errno.
 */
int neighbours_new(struct netlink *netlink, uint32_t public_ifindex, uint32_t builds_ifindex,
		   uint64_t now_ns, struct neighbours **ret_neighbours);

/* Frees the records; the kernel's neighbours stay managed. NULL is allowed. */
void neighbours_free(struct neighbours *neighbours);

/* kernel_vm_add(), kernel_vm_remove() and kernel_vm() say what these do. */
int neighbours_vm_add(struct neighbours *neighbours, const struct sp_addr *addr);
int neighbours_vm_remove(struct neighbours *neighbours, const struct sp_addr *addr);
struct kernel_vm neighbours_vm(const struct neighbours *neighbours, const struct sp_addr *addr);

/* Removes the neighbours of ours that an earlier process needed and this one does not. */
void neighbours_sweep(struct neighbours *neighbours);

/* What the mirror heard. */
void neighbours_hear(struct neighbours *neighbours, const struct netlink_neigh *neigh);
void neighbours_route_changed(struct neighbours *neighbours);
void neighbours_link_up(struct neighbours *neighbours, uint32_t ifindex);

/* An interface was made anew: the kernel has forgotten all about the old one. */
void neighbours_renumber(struct neighbours *neighbours, uint32_t public_ifindex,
			 uint32_t builds_ifindex);

/*
 * Packets are dropped for lack of that neighbour: has the kernel look for it, if it is not a
 * client's of which there are too many (host/seeks.h).
 */
void neighbours_look_for(struct neighbours *neighbours, const struct sp_wanted_hop *wanted,
			 uint64_t now_ns);

/* Changes were lost: compares everything with the kernel. Result: 0 or -errno. */
int neighbours_resync(struct neighbours *neighbours, uint64_t now_ns);

/* Follows routes that changed, a bounded part a call, and repeats what failed. Result: when to
 * call again, UINT64_MAX if nothing waits. */
uint64_t neighbours_expire(struct neighbours *neighbours, uint64_t now_ns);

/* Result: how many that others took or changed are managed again, since the last call. */
unsigned int neighbours_take_corrected(struct neighbours *neighbours);

/* Result: whether one of them has another link address, or none any more, since the last call. */
bool neighbours_take_moved(struct neighbours *neighbours);

/* Result: whether some route is for some senders alone, as of the last look at routes. */
bool neighbours_routes_for_some(const struct neighbours *neighbours);

/* Result: how many neighbours of ours the kernel manages. */
unsigned int neighbours_managed(const struct neighbours *neighbours);

/*
 * Removes every neighbour with our mark from these interfaces, for whoever made them. Result: 0 or
 * the first -errno.
 */
int neighbours_remove_all(struct netlink *netlink, const uint32_t *ifindexes,
			  unsigned int nr_ifindexes);
