/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shared by the mirror's files. mirror.c hears notices, dump.c reads dumps; link.c, neighbour.c,
 * object.c, rule.c and route.c know one kind of the kernel's objects each. tree.c sorts them,
 * lookup.c answers by them as the kernel would, and spread.c writes the answers to where workers
 * read.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

#include <sallyport/left.h>
#include <sallyport/table.h>

#include "hop/mirror.h"
#include "hop/nexthop.h"

#define MIRROR_NO_PORT	     UINT32_MAX
#define MIRROR_MESSAGE_BYTES 32768u
#define MIRROR_HOPS_MAX	     NEXTHOP_BUCKETS /* of one route; more are not used */
#define MIRROR_RULES_MAX     256u	     /* of each family */

/* A prefix in terms of struct sp_addr: that of IPv4 is within ::ffff:0:0/96. */
struct mirror_prefix {
	struct sp_addr addr;
	uint8_t depth; /* 0 to 128 */
};

/* One way that a route, or an object, leads. */
struct mirror_hop {
	struct sp_addr gateway;
	bool has_gateway;
	bool dead;
	bool encapsulates; /* nobody is told the way then */
	int ifindex;
	uint32_t weight;
};

struct mirror_hops {
	struct mirror_hop hop[MIRROR_HOPS_MAX];
	uint32_t nr;
	uint32_t mtu; /* that the route insists on */
};

/* A next hop object (ip nexthop): a hop, a group of others, or none. */
struct mirror_object {
	uint32_t id;
	bool blackhole;
	struct mirror_hop hop;
	uint32_t nr_members;
	struct {
		uint32_t id;
		uint32_t weight;
	} member[MIRROR_HOPS_MAX];
};

struct mirror_objects {
	struct mirror_object *object; /* by id */
	uint32_t nr;
	uint32_t room;
};

/* What a route says of a packet. */
enum mirror_answer {
	MIRROR_NOTHING, /* this table does not know */
	MIRROR_LEADS,	/* by its gateway, perhaps none of ours */
	MIRROR_REJECTS,
	MIRROR_THROWS,
};

struct mirror_route {
	struct mirror_prefix prefix;
	struct mirror_prefix source; /* IPv6: for packets from there alone; else of depth 0 */
	uint32_t table;
	uint32_t metric; /* the lowest wins */
	uint32_t order;	 /* in the dump: the first wins */
	uint16_t gateway_index;
	uint8_t family; /* 4 or 6 */
	uint8_t answer; /* enum mirror_answer */
	uint8_t preference;
	bool dead;
	bool by_gateway; /* one hop at least is none of this link */
};

struct mirror_routes {
	struct mirror_route *route;
	uint32_t nr;
	uint32_t room;
};

/* A policy rule. */
struct mirror_rule {
	uint32_t preference;
	uint32_t table;
	uint32_t target;  /* of FR_ACT_GOTO: a preference */
	int32_t suppress; /* answers of prefixes as short as that do not count; -1: all count */
	uint8_t action;	  /* FR_ACT_* */
	bool never;	  /* asks for what no packet of ours has */
	bool inverted;
	struct mirror_prefix from;
	struct mirror_prefix to;
};

/* In the kernel's order. */
struct mirror_rules {
	struct mirror_rule rule[MIRROR_RULES_MAX];
	uint32_t nr;
};

/* A prefix of targets that some route or rule names, and what there is of it. */
struct mirror_node {
	struct mirror_prefix prefix;
	uint32_t parent; /* the next shorter one around it, MIRROR_NO_NODE: none */
	uint32_t first;	 /* of its routes */
	uint32_t nr;
	uint32_t leaf_index;
};

#define MIRROR_NO_NODE UINT32_MAX

/* All of one family: nodes and routes are sorted. */
struct mirror_tree {
	uint8_t family;
	const struct mirror_rules *rules;
	const struct mirror_route *routes;
	uint32_t nr_routes;
	struct mirror_node *nodes; /* [0] is all addresses */
	uint32_t nr;
	struct mirror_prefix source[NEXTHOP_SOURCES + 1]; /* [0]: all others */
	uint32_t nr_sources;
};

/* A prefix of targets for which workers have a leaf. */
struct mirror_place {
	struct mirror_prefix prefix;
	uint32_t leaf_index;
	uint8_t family;
	bool refused; /* there was no room */
};

struct mirror_places {
	struct mirror_place *place; /* sorted, one for each prefix */
	uint32_t nr;
	uint32_t room;
};

struct mirror {
	struct mnl_socket *notices;
	struct ports *ports;
	struct nexthops *nexthops;
	struct mirror_objects objects;
	struct mirror_rules rules[2]; /* of IPv4 and of IPv6 */
	struct mirror_routes routes;
	struct mirror_places places; /* what workers are told now */
	struct mirror_places spare;
	uint64_t generation; /* of the neighbours' dump */
	uint64_t routes_ns;  /* when the routes were last copied */
	uint32_t left;	     /* enum sp_left, of the copy */
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

/*
 * Reads a prefix of depth bits in that family (AF_INET or AF_INET6); attr may be NULL for one of
 * no bits. Result: false if it is none.
 */
bool mirror_prefix_read(int family, uint8_t depth, const struct nlattr *attr,
			struct mirror_prefix *ret);

/* Result: whether a prefix holds all of another one. */
bool mirror_prefix_covers(const struct mirror_prefix *prefix, const struct mirror_prefix *other);

/* Order in which each prefix comes before those that it covers. Result: as of strcmp(). */
int mirror_prefix_compare(const struct mirror_prefix *a, const struct mirror_prefix *b);

/* Makes room for one more in an array. Result: 0, or -1 with errno ENOMEM. */
int mirror_grow(void **array, uint32_t nr, uint32_t *room, size_t bytes);

/* The attributes of a route, or of one next hop of several, that lead somewhere. */
void mirror_hop_read(const struct nlattr *attr, struct mirror_hop *hop);

/*
 * Result: the gateway record for hops that are not dead: that of no route unless one leads out of
 * a port of ours, or when there is no room (counted there, and then left).
 */
uint16_t mirror_hops_name(struct mirror *mirror, const struct mirror_hops *hops);

/* Result: whether each of them is dead. */
bool mirror_hops_dead(const struct mirror_hops *hops);

/* Finds an object by its id. Result: NULL if it is not known. */
const struct mirror_object *mirror_object_find(const struct mirror *mirror, uint32_t id);

/* Adds where an object leads. */
void mirror_object_hops(const struct mirror *mirror, const struct mirror_object *object,
			struct mirror_hops *hops);

/* Result: whether a rule of that family leads to that table. */
bool mirror_rule_uses(const struct mirror *mirror, uint8_t family, uint32_t table);

/* Copy anew all routes (with rules and objects), neighbours, links. Result: as of mirror_dump(). */
int mirror_route_copy(struct mirror *mirror);
int mirror_neighbour_copy(struct mirror *mirror);
int mirror_link_copy(struct mirror *mirror);

/* Parts of mirror_route_copy(). Result: as of mirror_dump(). */
int mirror_object_copy(struct mirror *mirror);
int mirror_rule_copy(struct mirror *mirror);

/* Take one message, from a dump or as a notice. Result: MNL_CB_OK. */
int mirror_neighbour_take(const struct nlmsghdr *header, void *mirror);
int mirror_link_take(const struct nlmsghdr *header, void *mirror);

/*
 * Answers as the kernel would for a packet to an address of that node and of no longer one, from
 * one of that source and of no longer one. Result: a gateway; *left gets what cannot be said.
 */
uint16_t mirror_lookup(const struct mirror_tree *tree, uint32_t node, uint32_t source,
		       uint32_t *left);

/* Makes and frees the trees of a family, from sorted routes. Result: 0 or -ENOMEM. */
int mirror_tree_make(const struct mirror *mirror, uint8_t family, struct mirror_tree *ret,
		     uint32_t *left);
void mirror_tree_free(struct mirror_tree *tree);

/* Sorts routes as a tree wants them. */
void mirror_tree_sort(struct mirror_routes *routes);

/* Tells the workers what the copied rules and routes come to. Result: 0 or -ENOMEM. */
int mirror_spread(struct mirror *mirror);
