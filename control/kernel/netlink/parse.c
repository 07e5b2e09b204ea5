// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/netlink/parse.h"

#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <sallyport/addr.h>

#define ATTRIBUTES 64

struct attributes {
	const struct nlattr *at[ATTRIBUTES];
};

static int note(const struct nlattr *attribute, void *data)
{
	struct attributes *found = data;
	uint16_t type = mnl_attr_get_type(attribute);

	if (type < ATTRIBUTES)
		found->at[type] = attribute;
	return MNL_CB_OK;
}

bool netlink_parse_is_v4(const struct sp_addr *addr)
{
	return !addr->word_be[0] && !addr->word_be[1] && addr->word_be[2] == SP_V4_MAPPED_BE;
}

static bool read_addr(int family, const void *bytes, size_t size, struct sp_addr *ret_addr)
{
	__be32 v4_be;

	if (family == AF_INET && size == sizeof(v4_be)) {
		memcpy(&v4_be, bytes, sizeof(v4_be));
		*ret_addr = sp_addr_from_v4(v4_be);
		return true;
	}
	if (family == AF_INET6 && size == sizeof(*ret_addr)) {
		memcpy(ret_addr, bytes, sizeof(*ret_addr));
		return true;
	}
	return false;
}

static bool attr_addr(int family, const struct nlattr *attribute, struct sp_addr *ret_addr)
{
	return attribute && read_addr(family, mnl_attr_get_payload(attribute),
				      mnl_attr_get_payload_len(attribute), ret_addr);
}

static bool attr_u32(const struct nlattr *attribute, uint32_t *ret_value)
{
	if (!attribute || mnl_attr_get_payload_len(attribute) != sizeof(*ret_value))
		return false;
	*ret_value = mnl_attr_get_u32(attribute);
	return true;
}

static void parse_addr(const struct nlmsghdr *message, const struct netlink_listener *listener)
{
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	struct netlink_addr addr = {.gone = message->nlmsg_type == RTM_DELADDR};
	struct attributes found = {0};

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header) || !listener->addr)
		return;
	mnl_attr_parse(message, sizeof(*header), note, &found);
	addr.ifindex = header->ifa_index;
	/* Of a point-to-point link IFA_ADDRESS is the peer's. */
	if (attr_addr(header->ifa_family, found.at[IFA_LOCAL], &addr.addr) ||
	    attr_addr(header->ifa_family, found.at[IFA_ADDRESS], &addr.addr))
		listener->addr(&addr, listener->context);
}

static void parse_gateway(int family, const struct attributes *found, struct netlink_route *route)
{
	const struct nlattr *via = found->at[RTA_VIA];

	if (attr_addr(family, found->at[RTA_GATEWAY], &route->gateway)) {
		route->has_gateway = true;
	} else if (via && mnl_attr_get_payload_len(via) > sizeof(struct rtvia)) {
		const struct rtvia *other = mnl_attr_get_payload(via);

		route->has_gateway =
			read_addr(other->rtvia_family, other->rtvia_addr,
				  mnl_attr_get_payload_len(via) - sizeof(*other), &route->gateway);
	}
}

static void parse_multipath(int family, const struct nlattr *multipath,
			    const struct netlink_listener *listener)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(multipath);
	size_t left = mnl_attr_get_payload_len(multipath);

	while (left >= sizeof(*hop) && hop->rtnh_len >= sizeof(*hop) && hop->rtnh_len <= left) {
		struct netlink_route route = {.ifindex = hop->rtnh_ifindex};
		struct attributes found = {0};
		size_t step = RTNH_ALIGN(hop->rtnh_len);

		mnl_attr_parse_payload(RTNH_DATA(hop), hop->rtnh_len - sizeof(*hop), note, &found);
		parse_gateway(family, &found, &route);
		listener->route(&route, listener->context);
		left -= step < left ? step : left;
		hop = (const void *)((const char *)hop + step);
	}
}

static void parse_route(const struct nlmsghdr *message, const struct netlink_listener *listener)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	struct attributes found = {0};
	struct netlink_route route = {0};

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return;
	if (header->rtm_type == RTN_LOCAL && listener->local)
		listener->local(listener->context);
	if (header->rtm_type != RTN_UNICAST || !listener->route)
		return;
	route.for_some = header->rtm_src_len != 0;
	mnl_attr_parse(message, sizeof(*header), note, &found);
	if (found.at[RTA_MULTIPATH])
		parse_multipath(header->rtm_family, found.at[RTA_MULTIPATH], listener);
	if (!attr_u32(found.at[RTA_OIF], &route.ifindex))
		return;
	parse_gateway(header->rtm_family, &found, &route);
	listener->route(&route, listener->context);
}

static void parse_object(const struct nlmsghdr *message, const struct netlink_listener *listener)
{
	const struct nhmsg *header = mnl_nlmsg_get_payload(message);
	struct attributes found = {0};
	struct netlink_route route = {0};

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header) || !listener->route)
		return;
	mnl_attr_parse(message, sizeof(*header), note, &found);
	if (!attr_u32(found.at[NHA_OIF], &route.ifindex))
		return;
	route.has_gateway = attr_addr(header->nh_family, found.at[NHA_GATEWAY], &route.gateway);
	listener->route(&route, listener->context);
}

/* What a rule may have and still be for all packets to an address. */
static bool for_all(unsigned int attribute)
{
	switch (attribute) {
	case FRA_UNSPEC:
	case FRA_DST:
	case FRA_GOTO:
	case FRA_PRIORITY:
	case FRA_SUPPRESS_IFGROUP:
	case FRA_SUPPRESS_PREFIXLEN:
	case FRA_TABLE:
	case FRA_PAD:
	case FRA_PROTOCOL:
		return true;
	}
	return false;
}

static void parse_rule(const struct nlmsghdr *message, const struct netlink_listener *listener)
{
	const struct fib_rule_hdr *header = mnl_nlmsg_get_payload(message);
	struct attributes found = {0};
	struct netlink_rule rule;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header) || !listener->rule ||
	    (header->family != AF_INET && header->family != AF_INET6))
		return;
	mnl_attr_parse(message, sizeof(*header), note, &found);
	rule.for_some = header->tos != 0;
	for (unsigned int i = 0; i < ATTRIBUTES; i++)
		rule.for_some |= found.at[i] && !for_all(i);
	listener->rule(&rule, listener->context);
}

static void parse_neigh(const struct nlmsghdr *message, const struct netlink_listener *listener)
{
	const struct ndmsg *header = mnl_nlmsg_get_payload(message);
	struct netlink_neigh neigh = {.gone = message->nlmsg_type == RTM_DELNEIGH};
	struct attributes found = {0};
	uint32_t flags = 0;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header) || !listener->neigh)
		return;
	mnl_attr_parse(message, sizeof(*header), note, &found);
	if (!attr_addr(header->ndm_family, found.at[NDA_DST], &neigh.addr))
		return;
	neigh.ifindex = header->ndm_ifindex;
	neigh.state = header->ndm_state;
	neigh.managed = attr_u32(found.at[NDA_FLAGS_EXT], &flags) && flags & NTF_EXT_MANAGED;
	if (found.at[NDA_PROTOCOL] && mnl_attr_get_payload_len(found.at[NDA_PROTOCOL]) == 1)
		neigh.protocol = mnl_attr_get_u8(found.at[NDA_PROTOCOL]);
	if (found.at[NDA_LLADDR] &&
	    mnl_attr_get_payload_len(found.at[NDA_LLADDR]) == sizeof(neigh.mac))
		memcpy(neigh.mac, mnl_attr_get_payload(found.at[NDA_LLADDR]), sizeof(neigh.mac));
	listener->neigh(&neigh, listener->context);
}

static void parse_link(const struct nlmsghdr *message, const struct netlink_listener *listener)
{
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(message);
	struct netlink_link link = {.gone = message->nlmsg_type == RTM_DELLINK};
	struct attributes found = {0};

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header) || !listener->link)
		return;
	mnl_attr_parse(message, sizeof(*header), note, &found);
	link.ifindex = header->ifi_index;
	link.up = header->ifi_flags & IFF_UP && header->ifi_flags & IFF_LOWER_UP;
	if (found.at[IFLA_IFNAME])
		snprintf(link.name, sizeof(link.name), "%.*s",
			 (int)mnl_attr_get_payload_len(found.at[IFLA_IFNAME]),
			 mnl_attr_get_str(found.at[IFLA_IFNAME]));
	listener->link(&link, listener->context);
}

static void tell_rule_changed(const struct netlink_listener *listener)
{
	if (listener->route_changed)
		listener->route_changed(listener->context);
	if (listener->rule_changed)
		listener->rule_changed(listener->context);
}

void netlink_parse(const struct nlmsghdr *message, bool answered,
		   const struct netlink_listener *listener)
{
	switch (message->nlmsg_type) {
	case RTM_NEWADDR:
	case RTM_DELADDR:
		parse_addr(message, listener);
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		if (answered)
			parse_route(message, listener);
		else if (listener->route_changed)
			listener->route_changed(listener->context);
		break;
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		if (answered)
			parse_object(message, listener);
		else if (listener->route_changed)
			listener->route_changed(listener->context);
		break;
	case RTM_NEWRULE:
	case RTM_DELRULE:
		if (answered)
			parse_rule(message, listener);
		else
			tell_rule_changed(listener);
		break;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		parse_neigh(message, listener);
		break;
	case RTM_NEWLINK:
	case RTM_DELLINK:
		parse_link(message, listener);
		break;
	case RTM_NEWNETCONF:
		if (listener->switched)
			listener->switched(listener->context);
		break;
	}
}
