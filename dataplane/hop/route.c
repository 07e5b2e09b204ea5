/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes. A notice only says "look again": the kernel replaces and drops routes in ways that its
 * notices do not tell in full, or at all, while a dump is always right.
 */
#include "hop/internal.h"

#include <net/if.h>
#include <string.h>

#include <linux/rtnetlink.h>

/* The attributes of a route. */
struct reading {
	const struct nlattr *to;
	const struct nlattr *from;
	const struct nlattr *multipath;
	uint32_t table;
	uint32_t metric;
	uint32_t object; /* its number, 0: none */
	uint32_t mtu;	 /* 0: of the interface */
	uint8_t preference;
	struct mirror_hop hop;
};

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

static void read_attribute(const struct nlattr *attr, struct reading *reading)
{
	switch (mnl_attr_get_type(attr)) {
	case RTA_DST:
		reading->to = attr;
		break;
	case RTA_SRC:
		reading->from = attr;
		break;
	case RTA_TABLE:
		reading->table = mnl_attr_get_u32(attr);
		break;
	case RTA_PRIORITY:
		reading->metric = mnl_attr_get_u32(attr);
		break;
	case RTA_METRICS:
		reading->mtu = read_mtu(attr);
		break;
	case RTA_MULTIPATH:
		reading->multipath = attr;
		break;
	case RTA_NH_ID:
		reading->object = mnl_attr_get_u32(attr);
		break;
	case RTA_PREF:
		reading->preference = mnl_attr_get_u8(attr);
		break;
	default:
		mirror_hop_read(attr, &reading->hop);
		break;
	}
}

static void read_multipath(const struct nlattr *multipath, struct mirror_hops *hops)
{
	const struct rtnexthop *next = mnl_attr_get_payload(multipath);
	int left_bytes = mnl_attr_get_payload_len(multipath);

	for (; RTNH_OK(next, left_bytes) && hops->nr < MIRROR_HOPS_MAX; next = RTNH_NEXT(next)) {
		/* The macro below reckons the end from its first argument, again and again. */
		const void *first = RTNH_DATA(next);
		const struct nlattr *attr;
		struct mirror_hop *hop = &hops->hop[hops->nr++];

		left_bytes -= NLMSG_ALIGN(next->rtnh_len);
		*hop = (struct mirror_hop){.ifindex = next->rtnh_ifindex,
					   .weight = next->rtnh_hops + 1u,
					   .dead = (next->rtnh_flags & RTNH_F_DEAD) != 0};
		mnl_attr_for_each_payload(first, next->rtnh_len - sizeof(*next))
			mirror_hop_read(attr, hop);
	}
}

static uint8_t answer_of(uint8_t type)
{
	switch (type) {
	case RTN_UNREACHABLE:
	case RTN_BLACKHOLE:
	case RTN_PROHIBIT:
		return MIRROR_REJECTS;
	case RTN_THROW:
		return MIRROR_THROWS;
	default:
		return MIRROR_LEADS;
	}
}

/* Where it leads; what is not for others to use (local, broadcast, …) leads out of no port. */
static void find_hops(struct mirror *mirror, const struct reading *reading, uint8_t type,
		      struct mirror_route *route)
{
	const struct mirror_object *object =
		reading->object ? mirror_object_find(mirror, reading->object) : NULL;
	struct mirror_hops hops = {.nr = 0, .mtu = reading->mtu};

	if (object && object->blackhole)
		route->answer = MIRROR_REJECTS;
	else if (object)
		mirror_object_hops(mirror, object, &hops);
	else if (reading->multipath)
		read_multipath(reading->multipath, &hops);
	else
		hops.hop[hops.nr++] = reading->hop;
	if (route->answer != MIRROR_LEADS)
		return;
	for (uint32_t i = 0; i < hops.nr; i++)
		route->by_gateway |= hops.hop[i].has_gateway;
	route->dead = route->dead || mirror_hops_dead(&hops);
	if (type == RTN_UNICAST && !route->dead)
		route->gateway_index = mirror_hops_name(mirror, &hops);
}

static int add_route(struct mirror_routes *routes, const struct mirror_route *route)
{
	if (mirror_grow((void **)&routes->route, routes->nr, &routes->room, sizeof(*route)) < 0)
		return MNL_CB_ERROR;
	routes->route[routes->nr] = *route;
	routes->route[routes->nr].order = routes->nr;
	routes->nr++;
	return MNL_CB_OK;
}

static int take_route(const struct nlmsghdr *header, void *data)
{
	const struct rtmsg *body = mnl_nlmsg_get_payload(header);
	struct reading reading = {.table = body->rtm_table, .hop.weight = 1};
	struct mirror *mirror = data;
	struct mirror_route route = {
		.family = body->rtm_family == AF_INET ? 4 : 6,
		.answer = answer_of(body->rtm_type),
		.dead = (body->rtm_flags & RTNH_F_DEAD) != 0,
	};
	const struct nlattr *attr;

	mnl_attr_for_each(attr, header, sizeof(*body)) read_attribute(attr, &reading);
	/* No packet of ours has a type of service that a route could ask for. */
	if ((body->rtm_flags & RTM_F_CLONED) || (route.family == 4 && body->rtm_tos != 0) ||
	    (body->rtm_family != AF_INET && body->rtm_family != AF_INET6) ||
	    !mirror_rule_uses(mirror, route.family, reading.table) ||
	    !mirror_prefix_read(body->rtm_family, body->rtm_dst_len, reading.to, &route.prefix) ||
	    !mirror_prefix_read(body->rtm_family, body->rtm_src_len, reading.from, &route.source))
		return MNL_CB_OK;
	route.table = reading.table;
	route.metric = reading.metric;
	route.preference = reading.preference;
	find_hops(mirror, &reading, body->rtm_type, &route);
	return add_route(&mirror->routes, &route);
}

int mirror_route_copy(struct mirror *mirror)
{
	int r;

	mirror->left = 0;
	mirror->routes.nr = 0;
	r = mirror_rule_copy(mirror);
	if (r == 0)
		r = mirror_object_copy(mirror);
	if (r == 0)
		r = mirror_dump(mirror, RTM_GETROUTE, AF_INET, take_route);
	if (r == 0)
		r = mirror_dump(mirror, RTM_GETROUTE, AF_INET6, take_route);
	return r < 0 ? r : mirror_spread(mirror);
}
