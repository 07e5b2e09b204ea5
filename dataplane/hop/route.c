/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes. A notice only says "look again": the kernel replaces and drops routes in ways that its
 * notices do not tell in full, while a dump is always right. The copy is sorted and compared with
 * the last one, and only what differs is changed.
 */
#include "hop/internal.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include <linux/rtnetlink.h>

#include "port/port.h"

#define ROOM_FIRST 64u

/* The attributes of a route, or of one next hop of a multipath route, that lead somewhere. */
struct hop {
	struct sp_addr gateway;
	bool has_gateway;
	int ifindex;
};

struct reading {
	const struct nlattr *destination;
	const struct nlattr *multipath;
	uint32_t table;
	uint32_t metric;
	uint32_t mtu; /* 0: of the interface */
	struct hop hop;
};

static void read_via(const struct nlattr *attr, struct hop *hop)
{
	const struct rtvia *via = mnl_attr_get_payload(attr);
	size_t addr_bytes = mnl_attr_get_payload_len(attr) - sizeof(*via);
	__be32 v4_be;

	hop->has_gateway = true;
	if (addr_bytes == sizeof(hop->gateway)) {
		memcpy(&hop->gateway, via->rtvia_addr, sizeof(hop->gateway));
	} else if (addr_bytes == sizeof(v4_be)) {
		memcpy(&v4_be, via->rtvia_addr, sizeof(v4_be));
		hop->gateway = sp_addr_from_v4(v4_be);
	}
}

static void read_hop(const struct nlattr *attr, struct hop *hop)
{
	switch (mnl_attr_get_type(attr)) {
	case RTA_OIF:
		hop->ifindex = (int)mnl_attr_get_u32(attr);
		break;
	case RTA_GATEWAY:
		hop->has_gateway = mirror_addr(attr, &hop->gateway);
		break;
	case RTA_VIA:
		read_via(attr, hop);
		break;
	default:
		break;
	}
}

/*
 * Result: the MTU in the metrics of a route, or 0. Like the kernel's own forwarding, and so like
 * what the XDP program is told, only one that is locked counts: others are for the host's sockets.
 */
static uint32_t read_mtu(const struct nlattr *metrics)
{
	const struct nlattr *attr;
	uint32_t mtu = 0, locked = 0;

	mnl_attr_for_each_nested(attr, metrics)
	{
		if (mnl_attr_get_type(attr) == RTAX_MTU)
			mtu = mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == RTAX_LOCK)
			locked = mnl_attr_get_u32(attr);
	}
	return locked & (1u << RTAX_MTU) ? mtu : 0;
}

static struct reading read_attributes(const struct nlmsghdr *header, const struct rtmsg *body)
{
	struct reading reading = {.table = body->rtm_table};
	const struct nlattr *attr;

	mnl_attr_for_each(attr, header, sizeof(*body))
	{
		switch (mnl_attr_get_type(attr)) {
		case RTA_DST:
			reading.destination = attr;
			break;
		case RTA_TABLE:
			reading.table = mnl_attr_get_u32(attr);
			break;
		case RTA_PRIORITY:
			reading.metric = mnl_attr_get_u32(attr);
			break;
		case RTA_METRICS:
			reading.mtu = read_mtu(attr);
			break;
		case RTA_MULTIPATH:
			reading.multipath = attr;
			break;
		default:
			read_hop(attr, &reading.hop);
			break;
		}
	}
	return reading;
}

/* The first next hop of a multipath route whose link is up. */
static void read_multipath(const struct nlattr *multipath, struct hop *hop)
{
	const struct rtnexthop *next = mnl_attr_get_payload(multipath);
	int left_bytes = mnl_attr_get_payload_len(multipath);

	for (; RTNH_OK(next, left_bytes); next = RTNH_NEXT(next)) {
		const struct nlattr *attr = (const void *)RTNH_DATA(next);

		left_bytes -= NLMSG_ALIGN(next->rtnh_len);
		if (next->rtnh_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN))
			continue;
		hop->ifindex = next->rtnh_ifindex;
		mnl_attr_for_each_payload(attr, next->rtnh_len - sizeof(*next)) read_hop(attr, hop);
		return;
	}
}

/*
 * Result: the gateway record of a hop: that of no route unless it leads out of a port of ours, or
 * when there is no room (counted there).
 */
static uint16_t name_gateway(struct mirror *mirror, const struct hop *hop, uint32_t mtu)
{
	uint32_t port_index = mirror_port_of(mirror, hop->ifindex);
	uint32_t index = NEXTHOP_NO_ROUTE_INDEX;
	struct nexthop_gateway wanted =
		nexthop_gateway_of(hop->has_gateway ? &hop->gateway : NULL, port_index);

	wanted.mtu = mtu;
	if (port_index != MIRROR_NO_PORT)
		nexthop_gateway_name(mirror->nexthops, &wanted, &index);
	return (uint16_t)index;
}

static int add_route(struct mirror_routes *routes, const struct mirror_route *route)
{
	if (routes->nr == routes->room) {
		uint32_t room = routes->room ? 2 * routes->room : ROOM_FIRST;
		struct mirror_route *grown = realloc(routes->route, room * sizeof(*grown));

		if (!grown)
			return -1; /* errno is ENOMEM, which mirror_dump() passes on */
		routes->route = grown;
		routes->room = room;
	}
	routes->route[routes->nr] = *route;
	routes->route[routes->nr].order = routes->nr;
	routes->nr++;
	return 0;
}

static int take_route(const struct nlmsghdr *header, void *data)
{
	const struct rtmsg *body = mnl_nlmsg_get_payload(header);
	struct reading reading = read_attributes(header, body);
	struct mirror *mirror = data;
	struct mirror_route route = {
		.family = body->rtm_family == AF_INET ? 4 : 6,
		.depth = body->rtm_dst_len,
		.metric = reading.metric,
	};

	if (reading.table != RT_TABLE_MAIN || (body->rtm_flags & RTM_F_CLONED) ||
	    (body->rtm_family != AF_INET && body->rtm_family != AF_INET6))
		return MNL_CB_OK;
	if (route.family == 4)
		route.prefix = sp_addr_from_v4(0);
	if (reading.destination && !mirror_addr(reading.destination, &route.prefix))
		return MNL_CB_OK;
	if (reading.multipath)
		read_multipath(reading.multipath, &reading.hop);
	/* Other types (unreachable, blackhole, …) stand in the way of shorter prefixes. */
	if (body->rtm_type != RTN_UNICAST || (body->rtm_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)))
		reading.hop.ifindex = 0;
	route.gateway_index = name_gateway(mirror, &reading.hop, reading.mtu);
	return add_route(&mirror->dumped, &route) < 0 ? MNL_CB_ERROR : MNL_CB_OK;
}

static int compare_prefix(const struct mirror_route *a, const struct mirror_route *b)
{
	if (a->family != b->family)
		return a->family - b->family;
	if (a->depth != b->depth)
		return a->depth - b->depth;
	return memcmp(&a->prefix, &b->prefix, sizeof(a->prefix));
}

static int compare_route(const void *left, const void *right)
{
	const struct mirror_route *a = left, *b = right;
	int r = compare_prefix(a, b);

	if (r)
		return r;
	if (a->metric != b->metric)
		return a->metric < b->metric ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

/* Leaves of each prefix the route that wins. */
static void sort_and_choose(struct mirror_routes *routes)
{
	uint32_t kept = 0;

	if (routes->nr == 0)
		return;
	qsort(routes->route, routes->nr, sizeof(*routes->route), compare_route);
	for (uint32_t i = 1; i < routes->nr; i++)
		if (compare_prefix(&routes->route[kept], &routes->route[i]) != 0)
			routes->route[++kept] = routes->route[i];
	routes->nr = kept + 1;
}

static struct nexthop_route nexthop_route_of(const struct mirror_route *route)
{
	return (struct nexthop_route){.prefix = route->prefix,
				      .family = route->family,
				      .depth = route->depth,
				      .gateway_index = route->gateway_index};
}

/* Refusals for lack of room are counted there; the route is then as good as none. */
static void set_route(struct mirror *mirror, const struct mirror_route *route)
{
	struct nexthop_route set = nexthop_route_of(route);

	nexthop_route_set(mirror->nexthops, &set);
}

static void clear_route(struct mirror *mirror, const struct mirror_route *route)
{
	struct nexthop_route clear = nexthop_route_of(route);

	nexthop_route_clear(mirror->nexthops, &clear);
}

/* Both sorted: walks them together and carries over what differs. */
static void apply(struct mirror *mirror)
{
	const struct mirror_routes *old = &mirror->routes, *new = &mirror->dumped;
	uint32_t o = 0, n = 0;

	while (o < old->nr || n < new->nr) {
		const struct mirror_route *was = o < old->nr ? &old->route[o] : NULL;
		const struct mirror_route *is = n < new->nr ? &new->route[n] : NULL;
		int order = !was ? 1 : !is ? -1 : compare_prefix(was, is);

		if (order < 0)
			clear_route(mirror, was);
		else if (order > 0 || was->gateway_index != is->gateway_index)
			set_route(mirror, is);
		o += order <= 0;
		n += order >= 0;
	}
}

int mirror_route_copy(struct mirror *mirror)
{
	struct mirror_routes spare = mirror->routes;
	int r;

	mirror->dumped.nr = 0;
	r = mirror_dump(mirror, RTM_GETROUTE, AF_INET, take_route);
	if (r == 0)
		r = mirror_dump(mirror, RTM_GETROUTE, AF_INET6, take_route);
	if (r < 0)
		return r;
	sort_and_choose(&mirror->dumped);
	apply(mirror);
	mirror->routes = mirror->dumped;
	mirror->dumped = spare;
	return 0;
}
