/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel mirror against the kernel: in a network namespace of its own, ip(8) changes routes,
 * neighbours and links, and the mirror must come to say the same.
 */
#include "fixture.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <sallyport/left.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "hop/mirror.h"
#include "host/addr.h"
#include "host/boottime.h"

#define PATIENCE_NS (10 * (uint64_t)NS_PER_S)

struct setting {
	struct fixture fixture; /* ports and nexthops only */
	struct mirror *mirror;
};

static void __attribute__((format(printf, 1, 2))) run(const char *format, ...)
{
	char command[512];
	va_list list;

	va_start(list, format);
	vsnprintf(command, sizeof(command), format, list);
	va_end(list);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

static void make_links(void)
{
	run("ip link set lo up");
	run("ip link add pub type veth peer name pubpeer");
	run("ip link add bld type veth peer name bldpeer");
	run("for i in pub pubpeer bld bldpeer; do ip link set $i up; done");
	run("ip addr add 192.0.2.1/24 dev pub");
	run("ip addr add 10.0.0.1/16 dev bld");
	run("ip addr add 2001:db8:3::1/64 dev bld nodad");
}

static int open_setting(void **state)
{
	struct setting *setting = calloc(1, sizeof(*setting));
	struct ports *ports = &setting->fixture.ports;

	assert_non_null(setting);
	make_links();
	ports->nr = 2;
	assert_int_equal(port_probe(&ports->port[FIXTURE_PUBLIC], "pub", SP_ROLE_PUBLIC), 0);
	assert_int_equal(port_probe(&ports->port[FIXTURE_BUILDS], "bld", SP_ROLE_BUILDS), 0);
	assert_int_equal(nexthops_open(&setting->fixture.nexthops), 0);
	assert_int_equal(mirror_open(ports, &setting->fixture.nexthops, &setting->mirror), 0);
	*state = setting;
	return 0;
}

static int close_setting(void **state)
{
	struct setting *setting = *state;

	mirror_close(setting->mirror);
	nexthops_close(&setting->fixture.nexthops);
	free(setting);
	run("ip link del pub 2>/dev/null; ip link del bld 2>/dev/null; ip route flush table main");
	return 0;
}

/* Where a packet from one to another goes, the sender being left open by NULL. */
static const struct nexthop_gateway *route(struct setting *setting, const char *from,
					   const char *text)
{
	struct sp_tuple packet = {.to = fixture_addr(text)};
	const struct sp_tuple *packets[] = {&packet};
	uint8_t family = (uint8_t)addr_family(&packet.to);
	struct nexthop_way way;

	if (from)
		packet.from = fixture_addr(from);
	for (uint32_t port = 0; port < 2; port++) {
		nexthop_way_find(&setting->fixture.nexthops, packets, &family, port, &way, 1);
		if (way.gateway->port_index != NEXTHOP_NO_PORT)
			return way.gateway;
	}
	return NULL;
}

/*
 * Says where a destination goes: "none", "link 1" or "via 192.0.2.9 0", with the port behind, and
 * then the MTU if the route has its own.
 */
static const char *said(struct setting *setting, const char *to, char text[128])
{
	const struct nexthop_gateway *found = route(setting, NULL, to);
	char addr[64];

	if (!found)
		snprintf(text, 128, "none");
	else if (found->on_link)
		snprintf(text, 128, "link %u", found->port_index);
	else
		snprintf(text, 128, "via %s %u", addr_format(&found->addr, addr),
			 found->port_index);
	if (found && found->mtu)
		snprintf(text + strlen(text), 128 - strlen(text), " mtu %u", found->mtu);
	return text;
}

static bool says(struct setting *setting, const char *to, const char *expected)
{
	char text[128];

	return strcmp(said(setting, to, text), expected) == 0;
}

static uint8_t last_byte(struct setting *setting, uint32_t port, const char *text)
{
	struct sp_addr addr = fixture_addr(text);

	return (uint8_t)(nexthop_neighbour_find(&setting->fixture.nexthops, &addr, port) >> 40);
}

/* One look at what the kernel has to say, or at a change put off. Result: of mirror_follow(). */
static int follow_once(struct setting *setting)
{
	struct pollfd fd = {.fd = mirror_fd(setting->mirror), .events = POLLIN};
	int wait_ms = mirror_timeout_ms(setting->mirror, boottime_now_ns());

	poll(&fd, 1, wait_ms < 0 || wait_ms > 100 ? 100 : wait_ms);
	return mirror_follow(setting->mirror, boottime_now_ns());
}

static void expect_route(struct setting *setting, const char *to, const char *expected)
{
	uint64_t until_ns = boottime_now_ns() + PATIENCE_NS;
	char text[128];

	while (!says(setting, to, expected) && boottime_now_ns() < until_ns)
		assert_int_equal(follow_once(setting), 0);
	assert_string_equal(said(setting, to, text), expected);
}

static void expect_neighbour(struct setting *setting, uint32_t port, const char *addr,
			     uint8_t expected)
{
	uint64_t until_ns = boottime_now_ns() + PATIENCE_NS;

	while (last_byte(setting, port, addr) != expected && boottime_now_ns() < until_ns)
		assert_int_equal(follow_once(setting), 0);
	assert_int_equal(last_byte(setting, port, addr), expected);
}

static void test_connected_networks_are_on_link(void **state)
{
	expect_route(*state, "192.0.2.77", "link 0");
	expect_route(*state, "10.0.3.7", "link 1");
	expect_route(*state, "2001:db8:3::7", "link 1");
	expect_route(*state, "203.0.113.1", "none");
}

static void test_routes_come_change_and_go(void **state)
{
	run("ip route add default via 192.0.2.254");
	expect_route(*state, "203.0.113.1", "via 192.0.2.254 0");
	run("ip route replace default via 192.0.2.253");
	expect_route(*state, "203.0.113.1", "via 192.0.2.253 0");
	run("ip route add 203.0.113.0/24 via 10.0.0.9");
	expect_route(*state, "203.0.113.1", "via 10.0.0.9 1");
	expect_route(*state, "203.0.114.1", "via 192.0.2.253 0");
	run("ip route del 203.0.113.0/24");
	expect_route(*state, "203.0.113.1", "via 192.0.2.253 0");
	run("ip -6 route add default via 2001:db8:3::9");
	expect_route(*state, "2001:db8:77::1", "via 2001:db8:3::9 1");
}

static void test_locked_mtu_of_a_route_is_followed(void **state)
{
	run("ip route add 203.0.113.0/24 via 192.0.2.254 mtu lock 1300");
	expect_route(*state, "203.0.113.1", "via 192.0.2.254 0 mtu 1300");
	run("ip route replace 203.0.113.0/24 via 192.0.2.254 mtu lock 1280");
	expect_route(*state, "203.0.113.1", "via 192.0.2.254 0 mtu 1280");
	run("ip route replace 203.0.113.0/24 via 192.0.2.254 mtu 1280");
	expect_route(*state, "203.0.113.1", "via 192.0.2.254 0");
	run("ip -6 route add 2001:db8:77::/64 via 2001:db8:3::9 mtu lock 1300");
	expect_route(*state, "2001:db8:77::1", "via 2001:db8:3::9 1 mtu 1300");
}

static void test_lowest_metric_wins(void **state)
{
	run("ip route add default via 192.0.2.254 metric 100");
	run("ip route add default via 192.0.2.253 metric 50");
	expect_route(*state, "203.0.113.1", "via 192.0.2.253 0");
	run("ip route del default metric 50");
	expect_route(*state, "203.0.113.1", "via 192.0.2.254 0");
}

static void test_unreachable_route_hides_the_shorter_one(void **state)
{
	run("ip route add default via 192.0.2.254");
	expect_route(*state, "203.0.113.1", "via 192.0.2.254 0");
	run("ip route add unreachable 203.0.113.0/24");
	expect_route(*state, "203.0.113.1", "none");
	expect_route(*state, "203.0.114.1", "via 192.0.2.254 0");
	run("ip route add local 203.0.114.1 dev pub table main");
	expect_route(*state, "203.0.114.1", "none");
}

static void test_tables_without_a_rule_are_not_looked_at(void **state)
{
	run("ip route add 203.0.113.0/24 via 192.0.2.254 table 77");
	run("ip route add 203.0.114.0/24 via 192.0.2.254");
	expect_route(*state, "203.0.114.1", "via 192.0.2.254 0");
	expect_route(*state, "203.0.113.1", "none");
}

static void test_multipath_route_takes_a_living_hop(void **state)
{
	run("ip route add 203.0.113.0/24 nexthop via 192.0.2.254 nexthop via 10.0.0.9");
	expect_route(*state, "203.0.113.1", "via 192.0.2.254 0"); /* asked for port 0 first */
	run("ip link set pub down");
	expect_route(*state, "203.0.113.1", "via 10.0.0.9 1");
}

static void test_ipv4_route_through_an_ipv6_gateway(void **state)
{
	run("ip route add 203.0.113.0/24 via inet6 fe80::9 dev pub");
	expect_route(*state, "203.0.113.1", "via fe80::9 0");
}

static void expect_from(struct setting *setting, const char *from, const char *to,
			const char *gateway)
{
	uint64_t until_ns = boottime_now_ns() + PATIENCE_NS;
	const struct nexthop_gateway *found = route(setting, from, to);
	struct sp_addr wanted = fixture_addr(gateway ? gateway : "::");

	while ((gateway ? !found || !sp_addr_equal(&found->addr, &wanted) : found != NULL) &&
	       boottime_now_ns() < until_ns) {
		assert_int_equal(follow_once(setting), 0);
		found = route(setting, from, to);
	}
	assert_int_equal(found != NULL, gateway != NULL);
	if (gateway)
		assert_true(sp_addr_equal(&found->addr, &wanted));
}

/* The kernel says nothing of the IPv4 routes that go with a next hop object. */
static void test_next_hop_objects_are_followed(void **state)
{
	for (int mode = 0; mode < 2; mode++) {
		run("echo %d >/proc/sys/net/ipv4/nexthop_compat_mode", mode);
		run("ip nexthop add id 1 via 192.0.2.254 dev pub");
		run("ip route add 203.0.113.0/24 nhid 1");
		expect_route(*state, "203.0.113.1", "via 192.0.2.254 0");
		run("ip nexthop replace id 1 via 192.0.2.253 dev pub");
		expect_route(*state, "203.0.113.1", "via 192.0.2.253 0");
		run("ip nexthop del id 1");
		expect_route(*state, "203.0.113.1", "none");
	}
}

static void test_policy_rules_tell_senders_apart(void **state)
{
	run("ip route add default via 10.0.0.9");
	run("ip route add default via 192.0.2.254 table 101");
	run("ip rule add from 192.0.2.1 lookup 101 pref 1000");
	expect_from(*state, "192.0.2.1", "203.0.113.1", "192.0.2.254");
	expect_from(*state, "192.0.2.2", "203.0.113.1", "10.0.0.9");
	run("ip rule add to 203.0.113.0/24 prohibit pref 900");
	expect_from(*state, "192.0.2.1", "203.0.113.1", NULL);
	expect_from(*state, "192.0.2.1", "203.0.114.1", "192.0.2.254");
	run("ip rule del pref 900");
	run("ip rule del pref 1000");
	expect_from(*state, "192.0.2.1", "203.0.113.1", "10.0.0.9");
}

static void test_routes_for_some_sources_hide_the_others(void **state)
{
	run("ip -6 route add 2001:db8:f::/48 via 2001:db8:3::9");
	run("ip -6 route add 2001:db8:f::/48 from 2001:db8:a::/48 via 2001:db8:3::8");
	expect_from(*state, "2001:db8:a::1", "2001:db8:f::1", "2001:db8:3::8");
	expect_from(*state, "2001:db8:b::1", "2001:db8:f::1", NULL);
}

static uint32_t left_of(struct setting *setting)
{
	return atomic_load(&setting->fixture.nexthops.left);
}

static void expect_left(struct setting *setting, uint32_t left)
{
	uint64_t until_ns = boottime_now_ns() + PATIENCE_NS;

	while (left_of(setting) != left && boottime_now_ns() < until_ns)
		assert_int_equal(follow_once(setting), 0);
	assert_int_equal(left_of(setting), left);
}

/* What the mirror cannot say is left to the XDP program, and only for as long. */
static void test_what_cannot_be_said_is_left(void **state)
{
	expect_left(*state, 0);
	run("ip rule add suppress_ifgroup 7 lookup main pref 100");
	expect_left(*state, SP_LEFT_RULE);
	run("ip rule del pref 100");
	expect_left(*state, 0);
	run("for i in $(seq 1 40); do echo rule add from 198.18.0.$i lookup 101 pref 100; done | "
	    "ip -batch -");
	expect_left(*state, SP_LEFT_SOURCES);
	run("for i in $(seq 1 40); do echo rule del pref 100; done | ip -batch -");
	expect_left(*state, 0);
	run("ip -6 route add default via 2001:db8:3::8 metric 7");
	run("ip -6 route append default dev bld metric 7");
	expect_left(*state, SP_LEFT_ROUTERS);
	run("ip -6 route flush default");
	expect_left(*state, 0);
}

/* The kernel says nothing of the IPv4 routes that go with a link. */
static void test_routes_go_with_their_link(void **state)
{
	expect_route(*state, "2001:db8:3::7", "link 1");
	run("echo 1 >/proc/sys/net/ipv6/conf/bld/disable_ipv6");
	expect_route(*state, "2001:db8:3::7", "none");
	expect_route(*state, "10.0.3.7", "link 1");
	run("ip link set bld down");
	expect_route(*state, "10.0.3.7", "none");
}

static void test_neighbours_come_change_and_go(void **state)
{
	run("ip neigh add 10.0.3.7 lladdr 02:00:00:00:00:05 dev bld");
	expect_neighbour(*state, FIXTURE_BUILDS, "10.0.3.7", 5);
	run("ip neigh replace 10.0.3.7 lladdr 02:00:00:00:00:06 dev bld");
	expect_neighbour(*state, FIXTURE_BUILDS, "10.0.3.7", 6);
	assert_int_equal(last_byte(*state, FIXTURE_PUBLIC, "10.0.3.7"), 0);
	run("ip neigh del 10.0.3.7 dev bld");
	expect_neighbour(*state, FIXTURE_BUILDS, "10.0.3.7", 0);
	run("ip neigh add 2001:db8:3::7 lladdr 02:00:00:00:00:07 dev bld");
	expect_neighbour(*state, FIXTURE_BUILDS, "2001:db8:3::7", 7);
}

static void test_link_address_and_mtu_are_followed(void **state)
{
	struct setting *setting = *state;
	struct port *port = &setting->fixture.ports.port[FIXTURE_BUILDS];
	uint64_t until_ns = boottime_now_ns() + PATIENCE_NS;

	run("ip link set bld address 02:00:00:00:00:99");
	run("ip link set bld mtu 1400");
	while ((atomic_load(&port->mtu) != 1400 || atomic_load(&port->link_addr) >> 40 != 0x99) &&
	       boottime_now_ns() < until_ns)
		assert_int_equal(follow_once(setting), 0);
	assert_int_equal(atomic_load(&port->mtu), 1400);
	assert_int_equal(atomic_load(&port->link_addr) >> 40, 0x99);
}

static void test_lost_notices_are_made_up_for(void **state)
{
	struct setting *setting = *state;
	int size = 4096;

	run("ip neigh add 10.0.3.7 lladdr 02:00:00:00:00:05 dev bld nud permanent");
	expect_neighbour(setting, FIXTURE_BUILDS, "10.0.3.7", 5);
	assert_int_equal(
		setsockopt(mirror_fd(setting->mirror), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)),
		0);
	run("for i in $(seq 1 250); do echo neigh add 10.0.4.$i lladdr 02:00:00:00:01:01 "
	    "dev bld nud permanent; done | ip -batch -");
	run("ip neigh del 10.0.3.7 dev bld");
	run("ip route add 203.0.113.0/24 via 192.0.2.254");
	run("ip neigh add 10.0.9.9 lladdr 02:00:00:00:00:09 dev bld nud permanent");
	expect_neighbour(setting, FIXTURE_BUILDS, "10.0.9.9", 9);
	assert_int_equal(last_byte(setting, FIXTURE_BUILDS, "10.0.3.7"), 0);
	expect_route(setting, "203.0.113.1", "via 192.0.2.254 0");
}

static void test_kernel_is_asked_to_resolve(void **state)
{
	struct setting *setting = *state;
	struct sp_addr v4 = fixture_addr("10.0.3.7"), v6 = fixture_addr("2001:db8:3::7");

	assert_int_equal(mirror_resolve(setting->mirror, FIXTURE_BUILDS, &v4), 0);
	assert_int_equal(mirror_resolve(setting->mirror, FIXTURE_BUILDS, &v6), 0);
	run("ip neigh show nud all dev bld | grep -q '^10.0.3.7.*INCOMPLETE'");
	run("ip neigh show nud all dev bld | grep -q '^2001:db8:3::7.*INCOMPLETE'");
	assert_int_equal(last_byte(setting, FIXTURE_BUILDS, "10.0.3.7"), 0);
	run("ip neigh replace 10.0.3.7 lladdr 02:00:00:00:00:05 dev bld");
	expect_neighbour(setting, FIXTURE_BUILDS, "10.0.3.7", 5);
}

/* As a host is whose interfaces are all down. */
static void test_no_routes_lead_nowhere(void **state)
{
	struct setting *setting = *state;

	mirror_close(setting->mirror);
	nexthops_close(&setting->fixture.nexthops);
	run("for i in pub pubpeer bld bldpeer lo; do ip addr flush dev $i; ip link set $i down; "
	    "done");
	run("! ip route show table all | grep .; ! ip -6 route show table all | grep .");
	assert_int_equal(nexthops_open(&setting->fixture.nexthops), 0);
	assert_int_equal(
		mirror_open(&setting->fixture.ports, &setting->fixture.nexthops, &setting->mirror),
		0);
	assert_true(says(setting, "10.0.3.7", "none"));
	assert_true(says(setting, "2001:db8:3::7", "none"));
}

static void test_interface_taken_away_is_an_error(void **state)
{
	uint64_t until_ns = boottime_now_ns() + PATIENCE_NS;
	int r = 0;

	run("ip link del bld");
	while (r == 0 && boottime_now_ns() < until_ns)
		r = follow_once(*state);
	assert_int_equal(r, -ENODEV);
}

static void test_missing_interface_is_named_an_error(void **state)
{
	struct port port;

	assert_int_equal(port_probe(&port, "nosuch0", SP_ROLE_PUBLIC), -ENODEV);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_setting, close_setting)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_connected_networks_are_on_link),
		CASE(test_routes_come_change_and_go),
		CASE(test_locked_mtu_of_a_route_is_followed),
		CASE(test_lowest_metric_wins),
		CASE(test_unreachable_route_hides_the_shorter_one),
		CASE(test_tables_without_a_rule_are_not_looked_at),
		CASE(test_multipath_route_takes_a_living_hop),
		CASE(test_ipv4_route_through_an_ipv6_gateway),
		CASE(test_next_hop_objects_are_followed),
		CASE(test_policy_rules_tell_senders_apart),
		CASE(test_routes_for_some_sources_hide_the_others),
		CASE(test_what_cannot_be_said_is_left),
		CASE(test_routes_go_with_their_link),
		CASE(test_neighbours_come_change_and_go),
		CASE(test_link_address_and_mtu_are_followed),
		CASE(test_lost_notices_are_made_up_for),
		CASE(test_kernel_is_asked_to_resolve),
		CASE(test_no_routes_lead_nowhere),
		CASE(test_interface_taken_away_is_an_error),
		CASE(test_missing_interface_is_named_an_error),
	};

	if (unshare(CLONE_NEWNET) < 0) {
		printf("1..0 # SKIP it takes root to make a network namespace\n");
		return EXIT_SUCCESS;
	}
	if (fixture_start_eal() < 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests_name("mirror", tests, NULL, NULL);
}
