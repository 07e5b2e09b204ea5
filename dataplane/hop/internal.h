/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the mirror's files: mirror.c hears notices, dump.c reads dumps, each of the
 * others knows one kind of object. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

#include "hop/mirror.h"
#include "hop/nexthop.h"

#define MIRROR_NO_PORT	     UINT32_MAX
#define MIRROR_MESSAGE_BYTES 32768u

/* A route of the main table, of either family. */
struct mirror_route {
	struct sp_addr prefix;
	uint32_t metric; /* the lowest wins */
	uint8_t family;	 /* 4 or 6 */
	uint8_t depth;
	uint16_t gateway_index;
	uint32_t order; /* in the dump: the first wins */
};

struct mirror_routes {
	struct mirror_route *route;
	uint32_t nr;
	uint32_t room;
};

struct mirror {
	struct mnl_socket *notices;
	struct ports *ports;
	struct nexthops *nexthops;
	struct mirror_routes routes; /* as in nexthops: sorted, one for each prefix */
	struct mirror_routes dumped;
	uint64_t generation; /* of the neighbours' dump */
	uint64_t routes_ns;  /* when the routes were last copied */
	bool routes_changed;
	bool lost; /* notices were */
	bool gone; /* an interface is */
};

/*
 * Sends a dump request and hands each message of the answer to take(). Result: 0, -EINTR if the
 * kernel's state changed meanwhile so that the copy may be inconsistent, or -errno.
 */
int mirror_dump(struct mirror *mirror, uint16_t type, uint8_t family, mnl_cb_t take);

/* Result: our port of that kernel interface, or MIRROR_NO_PORT. */
uint32_t mirror_port_of(const struct mirror *mirror, int ifindex);

/* The address in an attribute of 4 or 16 bytes. Result: false if it has another size. */
bool mirror_addr(const struct nlattr *attr, struct sp_addr *ret);

/* Copy anew all routes, neighbours, links. Result: as of mirror_dump(). */
int mirror_route_copy(struct mirror *mirror);
int mirror_neighbour_copy(struct mirror *mirror);
int mirror_link_copy(struct mirror *mirror);

/* Take one message, from a dump or as a notice. Result: MNL_CB_OK. */
int mirror_neighbour_take(const struct nlmsghdr *header, void *mirror);
int mirror_link_take(const struct nlmsghdr *header, void *mirror);
