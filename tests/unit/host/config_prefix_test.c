/* SPDX-License-Identifier: BSD-3-Clause */
/* Items of public.addresses of which each session has an address. */
#include "host/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config_fixture.h"
#include "host/addr.h"

/* An item whose bind is a prefix. */
static void test_load_when_a_prefix_is_wrong_then_it_is_named(void **state)
{
	static const char net[] = "\"2001:db8:2::/64\"";
	static const char fleet[] =
		"public: { interface = \"eth0\"; addresses = ( { bind = \"2001:db8:5::/64\"; } ); "
		"};\n"
		"builds: { interface = \"eth1\"; networks = [ \"2001:db8:2::/64\" ]; };\n"
		"fleet: { etcd = [ \"http://192.0.2.9:2379\" ]; };\n";

	fixture_expect_sides(
		"{ bind = \"2001:db8:5::/64\"; pool = \"own\"; sessions = 9; },\n"
		"{ bind = \"2001:db8:6::1\"; },\n{ bind = \"2001:db8:5:0:1::/80\"; "
		"pool = \"other\"; }",
		net,
		"f:4: public.addresses[2].bind: 2001:db8:5:0:1::/80 and public.addresses[0]"
		".bind, 2001:db8:5::, have their first 64 bits or more in common\n");
	fixture_expect_sides(
		"{ bind = \"2001:db8:5::/56\"; }", net,
		"f:2: public.addresses[0].bind: \"2001:db8:5::/56\" has 56 bits: a prefix of "
		"which each session has an address has 64 to 80, and one address is written "
		"without a length\n");
	fixture_expect_sides(
		"{ bind = \"2001:db8:5::/64\"; advertise = \"edge.example.org\"; }", net,
		"f:2: public.addresses[0].advertise: people are told the address that a "
		"session has of the prefix\n");
	fixture_expect_sides(
		"{ bind = \"2001:db8:5::/64\"; ports = [ 22 ]; }", net,
		"f:2: public.addresses[0].ports[0]: an address of a prefix has ssh at port 22 "
		"and all ports for itself\n");
	fixture_expect_sides(
		"{ bind = \"2001:db8:6::1\"; sessions = 9; }", net,
		"f:2: public.addresses[0].sessions: is of a prefix alone: as many as there "
		"are ports can use an address\n");
	fixture_expect_sides(
		"{ bind = \"2001:db8:5::/64\"; },\n{ bind = \"2001:db8:6::1\"; }", net,
		"f:2: public.addresses[0].bind: public.addresses[1] is IPv6 of the same pool, "
		"default: a prefix needs a pool without other IPv6\n");
	fixture_expect_sides(
		"{ bind = \"2001:db8:5::/64\"; },\n{ bind = \"2001:db8:5::1\"; pool = "
		"\"one\"; }",
		net,
		"f:3: public.addresses[1].bind: 2001:db8:5::1 and public.addresses[0].bind, "
		"2001:db8:5::, have their first 64 bits or more in common\n");
	fixture_expect_sides(
		"{ bind = \"2001:db8:2:0:1::/80\"; }", net,
		"f:2: public.addresses[0].bind: 2001:db8:2:0:1:: lies in builds.networks[0], "
		"2001:db8:2::/64\n");
	fixture_expect_errors(fleet,
			      "f:1: public.addresses[0].bind: a fleet (fleet.etcd) hands out ports "
			      "of addresses, and no address of a prefix\n");
}

static void test_load_when_bind_is_a_prefix_then_all_ports_are_its_slots(void **state)
{
	static const char text[] =
		"public: { interface = \"eth0\"; addresses = ( { bind = "
		"\"2001:db8:5:0:a000::/80\"; } ); };\n"
		"builds: { interface = \"eth1\"; networks = [ \"2001:db8:2::/64\" ]; };\n";
	struct config_errors errors = {0};
	struct config *config;
	char shown[ADDR_PREFIX_BYTES];
	struct sp_prefix prefix;

	assert_int_equal(config_load_text("f", text, strlen(text), &config, &errors), 0);
	assert_true(config_is_prefix(&config->public.addresses[0]));
	prefix = config_prefix(&config->public.addresses[0]);
	assert_string_equal(addr_prefix_format(&prefix, shown), "2001:db8:5:0:a000::/80");
	assert_string_equal(config->public.addresses[0].advertise, shown);
	assert_int_equal(config->public.addresses[0].sessions, 4096);
	assert_int_equal(config->public.addresses[0].nr_ports, 1);
	assert_int_equal(config->public.addresses[0].ports[0].first, 1);
	assert_int_equal(config->public.addresses[0].ports[0].last, UINT16_MAX);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load_when_a_prefix_is_wrong_then_it_is_named),
		cmocka_unit_test(test_load_when_bind_is_a_prefix_then_all_ports_are_its_slots),
	};

	return cmocka_run_group_tests_name("config_prefix", tests, NULL, NULL);
}
