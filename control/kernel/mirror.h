/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What this network namespace has, followed by netlink: its own addresses into hosts, routes and
 * neighbours into neighbours, and word of our interfaces coming, going and coming back.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "table/hosts.h"

struct config;
struct neighbours;
struct netlink;
struct table_map;

struct mirror_interface {
	char name[KERNEL_NAME_SIZE];
	uint32_t ifindex;
	uint32_t vlan;	      /* 0: untagged */
	uint32_t hop_ifindex; /* that next hops are behind: of the VLAN, if the kernel has one */
	/* For the owner, who clears them. */
	bool told;	 /* something of it changed */
	bool gone;	 /* it was taken away, if only for a moment */
	bool renamed;	 /* it got the name that called says */
	bool link_local; /* it has such an address of IPv6 */
	char called[KERNEL_NAME_SIZE];
};

struct mirror {
	struct netlink *netlink;
	struct neighbours *neighbours;
	struct hosts hosts;
	struct mirror_interface interfaces[2]; /* public and builds, which may be the same */
	bool addrs_changed;
	bool rules_changed;
	bool rules_for_some; /* some rule is for some packets to an address alone */
	bool hops_changed;   /* what the XDP program remembers is to be asked for anew */
	bool renumbered; /* an interface of ours came back with another index; the owner clears it
			  */
	bool switched;	 /* forwarding of something was turned on or off; the owner clears it */
	bool blind;	 /* netlink failed: opened anew by kernel_mirror_expire() */
	uint64_t reopen_ns;
	unsigned int reopens_failed;
	uint64_t resyncs;
	const struct table_map *table;
	uint64_t *wanted_read; /* for each CPU, the count of wanted that was read up to */
	uint64_t next_wanted_ns;
};

/*
 * Places the public addresses in hosts, then opens and fills the mirror. The table outlives it.
 * Result: 0, the mirror to be closed by kernel_mirror_close(); or -errno and *ret_reason.
 */
int kernel_mirror_open(struct mirror *mirror, const struct config *config,
		       const struct table_map *table, char **ret_reason);
void kernel_mirror_close(struct mirror *mirror);

/* Takes in what changed. Result: 0, or -errno: the mirror is blind for now. */
int kernel_mirror_dispatch(struct mirror *mirror, uint64_t now_ns);

/* Like kernel_expire(). */
uint64_t kernel_mirror_expire(struct mirror *mirror, uint64_t now_ns);

/* Looks for the interfaces of our VLANs. */
void kernel_mirror_find_hops(struct mirror *mirror);

/* Goes on with the indexes that the interfaces have now. */
void kernel_mirror_renumber(struct mirror *mirror);
