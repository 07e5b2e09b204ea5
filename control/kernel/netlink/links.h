/* SPDX-License-Identifier: BSD-3-Clause */
/* The interfaces of this network namespace, as rtnetlink tells of them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define LINKS_NAME_SIZE 16

struct links_link {
	uint32_t ifindex;
	uint32_t master;	    /* the bridge or bond it is a port of, 0: none */
	uint32_t lower;		    /* what a VLAN or macvlan is on, 0: none known */
	bool lower_elsewhere;	    /* lower is in another network namespace */
	char name[LINKS_NAME_SIZE]; /* ends with a zero */
	char kind[LINKS_NAME_SIZE]; /* "veth", "bridge" …; "": a device of its own driver */
	uint16_t vlan;		    /* of a VLAN of IEEE 802.1Q: its number */
	uint32_t mtu;
	unsigned char mac[6];
	bool up;      /* administratively */
	bool carrier; /* and with a carrier: packets come and go */
	bool loopback;
	uint32_t native_prog; /* ids of XDP programs, 0: none */
	uint32_t generic_prog;
};

struct links {
	struct links_link *link;
	unsigned int nr;
};

/* Reads all. Result: 0 and *ret_links, or -errno. */
int netlink_links_read(struct links *ret_links);
void netlink_links_free(struct links *links);

/* Result: that of the name or index, NULL if there is none. */
const struct links_link *netlink_links_named(const struct links *links, const char *name);
const struct links_link *netlink_links_at(const struct links *links, uint32_t ifindex);

/* Result: that of which this is an alternative name (`ip link property add`), NULL if there is
 * none. */
const struct links_link *netlink_links_also_named(const struct links *links, const char *name);

/*
 * Result: whether packets of upper come by way of link: a port of it, or what it is put on, or
 * below one of these.
 */
bool netlink_links_is_below(const struct links *links, const struct links_link *link,
			    const struct links_link *upper);

/* Result: the interface of a VLAN on a trunk, NULL if there is none. */
const struct links_link *netlink_links_vlan(const struct links *links, uint32_t trunk_ifindex,
					    uint32_t vlan);

/*
 * Result: the index of the interface that addresses and next hops of a side have: the VLAN's on
 * that trunk. It is the trunk itself if vlan is 0, and if the kernel has none or cannot be asked.
 */
uint32_t netlink_links_hop(uint32_t trunk_ifindex, uint32_t vlan);

/* Result: whether an XDP program is on it. NULL is allowed. */
bool netlink_links_has_program(const struct links_link *link);
