/* SPDX-License-Identifier: BSD-3-Clause */
#include "runner/side.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/addr.h"
#include "host/config.h"

/* The loopback is there in every network namespace, if perhaps down and without an address. */
static bool has(const char *builds, const char *addr)
{
	struct config_errors errors = {0};
	struct config *config;
	struct sp_addr own;
	char text[512];
	bool result;

	snprintf(text, sizeof(text),
		 "public: { interface = \"none0\"; addresses = ( { bind = \"192.0.2.1\"; } ); };\n"
		 "builds: { %s; networks = [ \"10.0.0.0/16\" ]; };\n",
		 builds);
	assert_int_equal(config_load_text("f", text, strlen(text), &config, &errors), 0);
	assert_int_equal(addr_parse(addr, &own), 0);
	result = runner_side_has(config, &own);
	config_free(config);
	return result;
}

static void test_has_when_in_networks_then_so(void **state)
{
	assert_true(has("interface = \"none1\"", "10.0.0.1"));
}

static void test_has_when_of_another_interface_then_not(void **state)
{
	assert_false(has("interface = \"none1\"", "127.0.0.1"));
	assert_false(has("interface = \"none1\"", "192.0.2.1"));
	assert_false(has("interface = \"none1\"; vlan = 7", "127.0.0.1"));
}

static void test_has_when_of_the_builds_interface_then_so(void **state)
{
	if (system("ip -4 addr show dev lo 2>/dev/null | grep -q 127.0.0.1/") != 0) {
		print_message("# skipped: the loopback has no address here\n");
		skip();
	}
	assert_true(has("interface = \"lo\"", "127.0.0.1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_has_when_in_networks_then_so),
		cmocka_unit_test(test_has_when_of_another_interface_then_not),
		cmocka_unit_test(test_has_when_of_the_builds_interface_then_so),
	};

	return cmocka_run_group_tests_name("runner_side", tests, NULL, NULL);
}
