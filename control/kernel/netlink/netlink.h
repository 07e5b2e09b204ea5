/* SPDX-License-Identifier: BSD-3-Clause */
/* What is asked of, told to and heard from the kernel by rtnetlink, in our own terms. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/table.h>

struct netlink;

/* A local address of this network namespace. */
struct netlink_addr {
	bool gone;
	uint32_t ifindex;
	struct sp_addr addr;
};

/* One next hop of a unicast route. */
struct netlink_route {
	uint32_t ifindex;
	bool has_gateway;
	bool for_some; /* senders alone */
	struct sp_addr gateway;
};

/* A rule of policy routing. */
struct netlink_rule {
	bool for_some; /* packets alone, by more than where they go */
};

struct netlink_neigh {
	bool gone;
	bool managed;
	uint8_t protocol; /* who made it (NDA_PROTOCOL) */
	uint16_t state;	  /* NUD_* */
	uint32_t ifindex;
	struct sp_addr addr;
	uint8_t mac[6]; /* zero if not known */
};

struct netlink_link {
	bool gone;
	bool up; /* administratively, and with carrier */
	uint32_t ifindex;
	char name[16];
};

/*
 * Who listens. NULL: not interested in that kind. Routes and rules are only told in a dump; that
 * one, or a next hop object, has changed is told by route_changed, and of a rule by rule_changed
 * too.
 */
struct netlink_listener {
	void (*addr)(const struct netlink_addr *addr, void *context);
	void (*route)(const struct netlink_route *route, void *context);
	void (*route_changed)(void *context);
	void (*local)(void *context); /* a route by which packets come to this host itself */
	void (*rule)(const struct netlink_rule *rule, void *context);
	void (*rule_changed)(void *context);
	void (*neigh)(const struct netlink_neigh *neigh, void *context);
	void (*link)(const struct netlink_link *link, void *context);
	void (*switched)(void *context); /* forwarding of some interface was turned on or off */
	void *context;
};

/*
 * Opens the sockets of this network namespace and subscribes. Result: 0 and *ret_netlink, to be
 * closed by netlink_close(), or -errno.
 */
int netlink_open(struct netlink **ret_netlink);
void netlink_close(struct netlink *netlink);

/* Result: the descriptor on which changes arrive, -1 after netlink_reopen() failed. */
int netlink_fd(const struct netlink *netlink);

/*
 * Opens the sockets anew after one of them failed; what was told meanwhile is lost, and everything
 * is to be dumped anew. Result: 0, or -errno: then it is to be tried again later.
 */
int netlink_reopen(struct netlink *netlink);

/*
 * Tells the listener what has arrived since the last call, without waiting. Result: 0, -ENOBUFS if
 * changes were lost and everything must be dumped anew, or -errno.
 */
int netlink_receive(struct netlink *netlink, const struct netlink_listener *listener);

enum netlink_table {
	NETLINK_ADDRS,
	NETLINK_ROUTES,
	NETLINK_NEIGHS,
	NETLINK_OBJECTS, /* next hops that routes lead to by number, told as routes */
	NETLINK_RULES,
};

/* Tells the listener all there is of a kind. Result: 0 or -errno (-EINTR: it changed meanwhile). */
int netlink_dump(struct netlink *netlink, enum netlink_table table,
		 const struct netlink_listener *listener);

/*
 * Result: whether the kernel takes what is sent to an address for this network namespace's own: it
 * is on an interface, or a local route has it; false if it cannot be asked.
 */
bool netlink_has_addr(struct netlink *netlink, const struct sp_addr *addr);

/*
 * Asks which way the kernel would send a packet. Result: 0 and *ret_route, -ENETUNREACH if nowhere
 * (or to this host itself), or -errno.
 */
int netlink_ask_route(struct netlink *netlink, const struct sp_addr *to,
		      struct netlink_route *ret_route);

/* The mark of the neighbours that we made (NDA_PROTOCOL), so that we remove no other. */
#define NETLINK_NEIGH_OURS 83

/*
 * Has the kernel keep a neighbour resolved, with our mark on it: one that it may know already, or a
 * new one only. Result: 0, -EEXIST if it is not new, or -errno.
 */
int netlink_neigh_create(struct netlink *netlink, uint32_t ifindex, const struct sp_addr *addr);
int netlink_neigh_manage(struct netlink *netlink, uint32_t ifindex, const struct sp_addr *addr);

/*
 * Has the kernel look for a neighbour now, as for a packet of its own; one that it keeps resolved
 * is no longer kept so. Result: 0 or -errno.
 */
int netlink_neigh_look_for(struct netlink *netlink, uint32_t ifindex, const struct sp_addr *addr);

/* Looks one neighbour up. Result: 0 and *ret_neigh, -ENOENT if there is none, or -errno. */
int netlink_neigh_get(struct netlink *netlink, uint32_t ifindex, const struct sp_addr *addr,
		      struct netlink_neigh *ret_neigh);

/* Removes a neighbour. Result: 0 (also if there is none) or -errno. */
int netlink_neigh_remove(struct netlink *netlink, uint32_t ifindex, const struct sp_addr *addr);
