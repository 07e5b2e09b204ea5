/* SPDX-License-Identifier: BSD-3-Clause */
/* Next hops: longest prefixes of both families, and neighbours by port. */
#include "fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/addr.h"

static int open_nexthops(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	assert_int_equal(nexthops_open(&fixture->nexthops), 0);
	*state = fixture;
	return 0;
}

static int close_nexthops(void **state)
{
	struct fixture *fixture = *state;

	nexthops_close(&fixture->nexthops);
	free(fixture);
	return 0;
}

static const struct nexthop_gateway *find(struct fixture *fixture, const char *text)
{
	struct sp_tuple packet = {.to = fixture_addr(text)};
	const struct sp_tuple *packets[] = {&packet};
	uint8_t family = (uint8_t)addr_family(&packet.to);
	struct nexthop_way way;

	nexthop_way_find(&fixture->nexthops, packets, &family, 0, &way, 1);
	return way.gateway->port_index == NEXTHOP_NO_PORT ? NULL : way.gateway;
}

static void expect_gateway(struct fixture *fixture, const char *to, const char *gateway)
{
	const struct nexthop_gateway *found = find(fixture, to);
	struct sp_addr addr = fixture_addr(gateway);

	assert_non_null(found);
	assert_false(found->on_link);
	assert_memory_equal(&found->addr, &addr, sizeof(addr));
}

static void test_empty_table_has_no_route(void **state)
{
	assert_null(find(*state, "192.0.2.1"));
	assert_null(find(*state, "2001:db8::1"));
}

static void test_longest_prefix_wins(void **state)
{
	static const struct {
		const char *default_route, *net, *host, *via[3], *to[3];
	} families[] = {
		{"0.0.0.0",
		 "10.1.2.0",
		 "10.1.2.3",
		 {"192.0.2.1", "192.0.2.2", "192.0.2.3"},
		 {"10.9.9.9", "10.1.2.99", "10.1.2.3"}},
		{"::",
		 "2001:db8:1::",
		 "2001:db8:1::3",
		 {"fe80::1", "fe80::2", "fe80::3"},
		 {"2001:db8:9::9", "2001:db8:1::99", "2001:db8:1::3"}},
	};

	for (size_t i = 0; i < 2; i++) {
		uint8_t net = i == 0 ? 24 : 64, host = i == 0 ? 32 : 128;

		fixture_route(*state, families[i].host, host, 0, families[i].via[2]);
		fixture_route(*state, families[i].default_route, 0, 0, families[i].via[0]);
		fixture_route(*state, families[i].net, net, 0, families[i].via[1]);
		for (size_t j = 0; j < 3; j++)
			expect_gateway(*state, families[i].to[j], families[i].via[j]);
	}
}

static void test_cleared_route_uncovers_the_shorter_one(void **state)
{
	struct fixture *fixture = *state;
	struct nexthop_route route = {.prefix = fixture_addr("10.1.2.0"), .family = 4, .depth = 24};

	fixture_route(fixture, "10.0.0.0", 8, 0, "192.0.2.1");
	fixture_route(fixture, "10.1.2.0", 24, 0, "192.0.2.2");
	expect_gateway(fixture, "10.1.2.3", "192.0.2.2");
	assert_int_equal(nexthop_route_clear(&fixture->nexthops, &route), 0);
	expect_gateway(fixture, "10.1.2.3", "192.0.2.1");
	assert_true(nexthop_route_clear(&fixture->nexthops, &route) < 0);
}

static uint32_t name(struct fixture *fixture, const struct nexthop_gateway *wanted)
{
	uint32_t index;

	assert_int_equal(nexthop_gateway_name(&fixture->nexthops, wanted, &index), 0);
	return index;
}

static void test_gateways_are_named_once_for_each_port_and_mtu(void **state)
{
	struct fixture *fixture = *state;
	struct sp_addr addr = fixture_addr("192.0.2.1");
	struct nexthop_gateway wanted = nexthop_gateway_of(&addr, 0);
	uint32_t first = name(fixture, &wanted), again = name(fixture, &wanted);
	uint32_t other_port, other_mtu, on_link;

	wanted.mtu = 1300;
	other_mtu = name(fixture, &wanted);
	wanted = nexthop_gateway_of(&addr, 1);
	other_port = name(fixture, &wanted);
	wanted = nexthop_gateway_of(NULL, 0);
	on_link = name(fixture, &wanted);
	assert_int_equal(first, again);
	assert_int_not_equal(first, other_mtu);
	assert_int_not_equal(first, other_port);
	assert_int_not_equal(first, on_link);
	assert_int_not_equal(first, NEXTHOP_NO_ROUTE_INDEX);
}

static void test_gateways_have_an_end(void **state)
{
	struct fixture *fixture = *state;
	struct sp_addr addr = fixture_addr("10.0.0.0");
	struct nexthop_gateway wanted = nexthop_gateway_of(&addr, 0);
	uint32_t index = 0;

	for (uint32_t i = 1; i < NEXTHOP_GATEWAYS_MAX; i++) {
		wanted.addr.word_be[3] = SP_BE32(i);
		index = name(fixture, &wanted);
	}
	wanted.port_index = 1;
	assert_int_equal(nexthop_gateway_name(&fixture->nexthops, &wanted, &index), -ENOSPC);
	assert_int_equal(index, NEXTHOP_GATEWAYS_MAX - 1);
	assert_int_equal(fixture->nexthops.nr_refused, 1);
}

static uint64_t neighbour(struct fixture *fixture, const char *text, uint32_t port)
{
	struct sp_addr addr = fixture_addr(text);

	return nexthop_neighbour_find(&fixture->nexthops, &addr, port);
}

static void test_neighbours_are_known_by_port(void **state)
{
	struct fixture *fixture = *state;
	uint8_t link_addr[6];
	uint64_t word;

	fixture_neighbour(fixture, 0, "fe80::1", 7);
	fixture_neighbour(fixture, 1, "fe80::1", 8);
	for (uint32_t port = 0; port < 2; port++) {
		word = neighbour(fixture, "fe80::1", port);
		fixture_link((uint8_t)(7 + port), link_addr);
		assert_memory_equal(&word, link_addr, 6);
	}
	fixture_forget(fixture, 0, "fe80::1");
	assert_int_equal(neighbour(fixture, "fe80::1", 0), 0);
	assert_int_not_equal(neighbour(fixture, "fe80::1", 1), 0);
	assert_int_equal(neighbour(fixture, "fe80::2", 1), 0);
}

static void test_many_neighbours_find_room(void **state)
{
	struct fixture *fixture = *state;
	struct sp_addr addr = fixture_addr("10.0.0.0");
	uint8_t link_addr[6] = {2};

	for (uint32_t i = 0; i < 40000; i++) {
		addr.word_be[3] = SP_BE32(0x0a000000 + i);
		memcpy(&link_addr[2], &i, 4);
		assert_int_equal(nexthop_neighbour_set(&fixture->nexthops, &addr, 1, link_addr, 0),
				 0);
	}
	for (uint32_t i = 0; i < 40000; i++) {
		uint64_t word;

		addr.word_be[3] = SP_BE32(0x0a000000 + i);
		word = nexthop_neighbour_find(&fixture->nexthops, &addr, 1);
		assert_int_equal((uint32_t)(word >> 16), i);
	}
	assert_int_equal(fixture->nexthops.nr_refused, 0);
}

static void test_sweep_forgets_what_a_dump_did_not_have(void **state)
{
	struct fixture *fixture = *state;
	struct sp_addr kept = fixture_addr("10.0.0.1"), gone = fixture_addr("10.0.0.2");
	uint8_t link_addr[6] = {2};

	nexthop_neighbour_set(&fixture->nexthops, &kept, 0, link_addr, 1);
	nexthop_neighbour_set(&fixture->nexthops, &gone, 0, link_addr, 1);
	nexthop_neighbour_set(&fixture->nexthops, &kept, 0, link_addr, 2);
	nexthop_neighbour_sweep(&fixture->nexthops, 2);
	assert_int_not_equal(neighbour(fixture, "10.0.0.1", 0), 0);
	assert_int_equal(neighbour(fixture, "10.0.0.2", 0), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_nexthops, close_nexthops)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_empty_table_has_no_route),
		CASE(test_longest_prefix_wins),
		CASE(test_cleared_route_uncovers_the_shorter_one),
		CASE(test_gateways_are_named_once_for_each_port_and_mtu),
		CASE(test_gateways_have_an_end),
		CASE(test_neighbours_are_known_by_port),
		CASE(test_many_neighbours_find_room),
		CASE(test_sweep_forgets_what_a_dump_did_not_have),
	};

	if (fixture_start_eal() < 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests_name("nexthop", tests, NULL, NULL);
}
