// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/netlink/parse.h"

#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "host/addr.h"

#define MESSAGE_BYTES 256
#define RANDOM_ROUNDS 200000

/* What was told last, and how often. */
struct heard {
	struct netlink_addr addr;
	struct netlink_route routes[8];
	struct netlink_neigh neigh;
	struct netlink_link link;
	struct netlink_rule rule;
	unsigned int nr_addrs, nr_routes, nr_changes, nr_neighs, nr_links, nr_rules,
		nr_rule_changes;
};

static void hear_addr(const struct netlink_addr *addr, void *context)
{
	struct heard *heard = context;

	heard->addr = *addr;
	heard->nr_addrs++;
}

static void hear_route(const struct netlink_route *route, void *context)
{
	struct heard *heard = context;

	heard->routes[heard->nr_routes++ % 8] = *route;
}

static void hear_change(void *context)
{
	((struct heard *)context)->nr_changes++;
}

static void hear_neigh(const struct netlink_neigh *neigh, void *context)
{
	struct heard *heard = context;

	heard->neigh = *neigh;
	heard->nr_neighs++;
}

static void hear_link(const struct netlink_link *link, void *context)
{
	struct heard *heard = context;

	heard->link = *link;
	heard->nr_links++;
}

static void hear_rule(const struct netlink_rule *rule, void *context)
{
	struct heard *heard = context;

	heard->rule = *rule;
	heard->nr_rules++;
}

static void hear_rule_change(void *context)
{
	((struct heard *)context)->nr_rule_changes++;
}

static void parse(const struct nlmsghdr *message, bool answered, struct heard *heard)
{
	const struct netlink_listener listener = {
		.addr = hear_addr,
		.route = hear_route,
		.route_changed = hear_change,
		.neigh = hear_neigh,
		.link = hear_link,
		.rule = hear_rule,
		.rule_changed = hear_rule_change,
		.context = heard,
	};

	netlink_parse(message, answered, &listener);
}

static struct nlmsghdr *begin(void *buffer, uint16_t type)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

	message->nlmsg_type = type;
	return message;
}

static void assert_addr(const struct sp_addr *addr, const char *text)
{
	char found[ADDR_TEXT_BYTES];

	assert_string_equal(addr_format(addr, found), text);
}

static void test_parse_when_point_to_point_then_own_address(void **state)
{
	char buffer[MESSAGE_BYTES];
	struct nlmsghdr *message = begin(buffer, RTM_NEWADDR);
	struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	struct heard heard = {0};

	header->ifa_family = AF_INET;
	header->ifa_index = 7;
	mnl_attr_put_u32(message, IFA_ADDRESS, SP_BE32(0x0a000002));
	mnl_attr_put_u32(message, IFA_LOCAL, SP_BE32(0x0a000001));
	parse(message, false, &heard);
	assert_int_equal(heard.nr_addrs, 1);
	assert_addr(&heard.addr.addr, "10.0.0.1");
	assert_int_equal(heard.addr.ifindex, 7);
	assert_false(heard.addr.gone);
}

static void put_hop(struct nlmsghdr *message, int ifindex, uint32_t gateway_be)
{
	struct rtnexthop *hop = mnl_nlmsg_get_payload_tail(message);
	uint32_t before = message->nlmsg_len;

	message->nlmsg_len += sizeof(*hop);
	mnl_attr_put_u32(message, RTA_GATEWAY, gateway_be);
	memset(hop, 0, sizeof(*hop));
	hop->rtnh_ifindex = ifindex;
	hop->rtnh_len = (uint16_t)(message->nlmsg_len - before);
}

static void test_parse_when_multipath_then_each_next_hop(void **state)
{
	char buffer[MESSAGE_BYTES];
	struct nlmsghdr *message = begin(buffer, RTM_NEWROUTE);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	struct heard heard = {0};
	struct nlattr *nest;

	header->rtm_family = AF_INET;
	header->rtm_type = RTN_UNICAST;
	nest = mnl_attr_nest_start(message, RTA_MULTIPATH);
	put_hop(message, 3, SP_BE32(0x0a000001));
	put_hop(message, 4, SP_BE32(0x0a000002));
	mnl_attr_nest_end(message, nest);
	parse(message, true, &heard);
	assert_int_equal(heard.nr_routes, 2);
	assert_int_equal(heard.routes[0].ifindex, 3);
	assert_addr(&heard.routes[0].gateway, "10.0.0.1");
	assert_int_equal(heard.routes[1].ifindex, 4);
	assert_addr(&heard.routes[1].gateway, "10.0.0.2");
	parse(message, false, &heard);
	assert_int_equal(heard.nr_routes, 2);
	assert_int_equal(heard.nr_changes, 1);
}

static void test_parse_when_ipv4_goes_via_ipv6_then_that_gateway(void **state)
{
	char buffer[MESSAGE_BYTES], via[sizeof(struct rtvia) + 16] = {0};
	struct nlmsghdr *message = begin(buffer, RTM_NEWROUTE);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	const uint16_t family = AF_INET6;
	struct heard heard = {0};

	header->rtm_family = AF_INET;
	header->rtm_type = RTN_UNICAST;
	memcpy(via, &family, sizeof(family));
	via[sizeof(struct rtvia)] = (char)0xfe;
	via[sizeof(struct rtvia) + 1] = (char)0x80;
	via[sizeof(via) - 1] = 1;
	mnl_attr_put_u32(message, RTA_OIF, 5);
	mnl_attr_put(message, RTA_VIA, sizeof(via), via);
	parse(message, true, &heard);
	assert_int_equal(heard.nr_routes, 1);
	assert_true(heard.routes[0].has_gateway);
	assert_addr(&heard.routes[0].gateway, "fe80::1");
}

static void test_parse_when_route_is_no_unicast_then_passed_over(void **state)
{
	char buffer[MESSAGE_BYTES];
	struct nlmsghdr *message = begin(buffer, RTM_NEWROUTE);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	struct heard heard = {0};

	header->rtm_family = AF_INET;
	header->rtm_type = RTN_LOCAL;
	mnl_attr_put_u32(message, RTA_OIF, 5);
	parse(message, true, &heard);
	assert_int_equal(heard.nr_routes, 0);
}

static void test_parse_when_neighbour_is_managed_then_whose(void **state)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 9};
	char buffer[MESSAGE_BYTES];
	struct nlmsghdr *message = begin(buffer, RTM_DELNEIGH);
	struct ndmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	struct heard heard = {0};

	header->ndm_family = AF_INET;
	header->ndm_ifindex = 9;
	header->ndm_state = NUD_REACHABLE;
	mnl_attr_put_u32(message, NDA_DST, SP_BE32(0x0a000307));
	mnl_attr_put(message, NDA_LLADDR, sizeof(mac), mac);
	mnl_attr_put_u32(message, NDA_FLAGS_EXT, NTF_EXT_MANAGED);
	mnl_attr_put_u8(message, NDA_PROTOCOL, NETLINK_NEIGH_OURS);
	parse(message, false, &heard);
	assert_int_equal(heard.nr_neighs, 1);
	assert_true(heard.neigh.gone && heard.neigh.managed);
	assert_int_equal(heard.neigh.protocol, NETLINK_NEIGH_OURS);
	assert_int_equal(heard.neigh.state, NUD_REACHABLE);
	assert_memory_equal(heard.neigh.mac, mac, sizeof(mac));
}

/* Result: whether a rule of IPv4 with that attribute is for some packets alone. */
static bool rule_for_some(uint16_t attribute)
{
	char buffer[MESSAGE_BYTES];
	struct nlmsghdr *message = begin(buffer, RTM_NEWRULE);
	struct fib_rule_hdr *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	struct heard heard = {0};

	header->family = AF_INET;
	mnl_attr_put_u32(message, FRA_PRIORITY, 32766);
	mnl_attr_put_u32(message, FRA_SUPPRESS_PREFIXLEN, UINT32_MAX);
	mnl_attr_put_u32(message, attribute, 1);
	parse(message, true, &heard);
	assert_int_equal(heard.nr_rules, 1);
	parse(message, false, &heard);
	assert_int_equal(heard.nr_rules, 1);
	assert_int_equal(heard.nr_changes, 1);
	assert_int_equal(heard.nr_rule_changes, 1);
	return heard.rule.for_some;
}

static void test_parse_when_rule_selects_then_for_some(void **state)
{
	assert_false(rule_for_some(FRA_TABLE));
	assert_false(rule_for_some(FRA_DST));
	assert_true(rule_for_some(FRA_SRC));
	assert_true(rule_for_some(FRA_IIFNAME));
	assert_true(rule_for_some(FRA_FWMARK));
	assert_true(rule_for_some(FRA_DPORT_RANGE));
	assert_true(rule_for_some(FRA_DPORT_RANGE + 9)); /* of a kernel that is newer */
}

static void test_parse_when_route_has_a_source_then_for_some(void **state)
{
	char buffer[MESSAGE_BYTES];
	struct nlmsghdr *message = begin(buffer, RTM_NEWROUTE);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	struct heard heard = {0};

	header->rtm_family = AF_INET6;
	header->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(message, RTA_OIF, 5);
	parse(message, true, &heard);
	assert_false(heard.routes[0].for_some);
	header->rtm_src_len = 64;
	parse(message, true, &heard);
	assert_true(heard.routes[1].for_some);
}

/* Messages of the exact size on the heap, so that a look beyond one is seen by a sanitizer. */
static void test_parse_when_random_then_never_looks_outside(void **state)
{
	static const uint16_t types[] = {RTM_NEWADDR,  RTM_DELADDR, RTM_NEWROUTE,
					 RTM_NEWNEIGH, RTM_NEWLINK, RTM_NEWRULE};
	unsigned int seed = 20260101;
	struct heard heard = {0};

	for (unsigned int round = 0; round < RANDOM_ROUNDS; round++) {
		uint32_t bytes = sizeof(struct nlmsghdr) + (uint32_t)rand_r(&seed) % 120;
		struct nlmsghdr *message = malloc(bytes);

		assert_non_null(message);
		for (uint32_t i = 0; i < bytes; i++)
			((unsigned char *)message)[i] =
				(unsigned char)(rand_r(&seed) % (i % 4 < 2 ? 40 : 3));
		message->nlmsg_len = bytes;
		message->nlmsg_type = types[(unsigned int)rand_r(&seed) % 6];
		parse(message, round % 2, &heard);
		free(message);
	}
	assert_true(heard.nr_links > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_when_point_to_point_then_own_address),
		cmocka_unit_test(test_parse_when_multipath_then_each_next_hop),
		cmocka_unit_test(test_parse_when_ipv4_goes_via_ipv6_then_that_gateway),
		cmocka_unit_test(test_parse_when_route_is_no_unicast_then_passed_over),
		cmocka_unit_test(test_parse_when_neighbour_is_managed_then_whose),
		cmocka_unit_test(test_parse_when_rule_selects_then_for_some),
		cmocka_unit_test(test_parse_when_route_has_a_source_then_for_some),
		cmocka_unit_test(test_parse_when_random_then_never_looks_outside),
	};

	return cmocka_run_group_tests_name("netlink_parse", tests, NULL, NULL);
}
