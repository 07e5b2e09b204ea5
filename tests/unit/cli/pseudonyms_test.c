/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may be named, and that others have one name each. */
#include "cli/bundle/redact/pseudonyms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *call_address(struct pseudonyms *pseudonyms, const char *text)
{
	static char name[PSEUDONYM_BYTES];
	struct sp_addr addr;

	assert_int_equal(addr_parse(text, &addr), 0);
	return redact_pseudonyms_address(pseudonyms, &addr, name);
}

static const char *call_prefix(struct pseudonyms *pseudonyms, const char *text)
{
	static char name[PSEUDONYM_BYTES];
	struct sp_prefix prefix;

	assert_int_equal(addr_prefix_parse(text, &prefix), 0);
	return redact_pseudonyms_prefix(pseudonyms, &prefix, name);
}

static void know(struct pseudonyms *pseudonyms, const char *text)
{
	struct sp_prefix prefix;

	assert_int_equal(addr_prefix_parse(text, &prefix), 0);
	assert_int_equal(redact_pseudonyms_know(pseudonyms, &prefix), 0);
}

static int set_up(void **state)
{
	struct pseudonyms *pseudonyms;

	if (redact_pseudonyms_open(&pseudonyms) < 0)
		return -1;
	know(pseudonyms, "192.0.2.1");
	know(pseudonyms, "10.0.0.0/16");
	*state = pseudonyms;
	return 0;
}

static int tear_down(void **state)
{
	redact_pseudonyms_close(*state);
	return 0;
}

static void test_address_when_seen_again_then_the_same_name(void **state)
{
	assert_string_equal(call_address(*state, "203.0.113.5"), "ipv4-1");
	assert_string_equal(call_address(*state, "203.0.113.6"), "ipv4-2");
	assert_string_equal(call_address(*state, "2001:db8::5"), "ipv6-1");
	assert_string_equal(call_address(*state, "203.0.113.5"), "ipv4-1");
	assert_string_equal(call_address(*state, "2001:DB8:0::5"), "ipv6-1");
}

static void test_address_when_known_then_named(void **state)
{
	static const char *const known[] = {"192.0.2.1",       "10.0.3.7", "127.0.0.1", "0.0.0.0",
					    "255.255.255.255", "::1",	   "::",	"ff02::1"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_string_equal(call_address(*state, known[i]), known[i]);
	assert_string_equal(call_address(*state, "10.1.0.1"), "ipv4-1");
	assert_string_equal(call_address(*state, "192.0.2.2"), "ipv4-2");
	assert_string_equal(call_address(*state, "fe80::1"), "ipv6-1");
}

static void test_prefix_when_of_others_then_its_address_has_the_name(void **state)
{
	assert_string_equal(call_address(*state, "203.0.113.5"), "ipv4-1");
	assert_string_equal(call_prefix(*state, "203.0.113.5"), "ipv4-1/32");
	assert_string_equal(call_prefix(*state, "203.0.113.0/24"), "ipv4-2/24");
	assert_string_equal(call_prefix(*state, "2001:db8::/32"), "ipv6-1/32");
}

static void test_prefix_when_around_or_inside_known_ones_then_named(void **state)
{
	static const char *const named[] = {"192.0.2.0/24", "10.0.3.0/24", "0.0.0.0/0", "::/0"};

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		assert_string_equal(call_prefix(*state, named[i]), named[i]);
}

static void test_link_when_any_then_a_number(void **state)
{
	char name[PSEUDONYM_BYTES];

	assert_string_equal(redact_pseudonyms_link(*state, "02:fc:00:00:00:05", name), "link-1");
	assert_string_equal(redact_pseudonyms_link(*state, "02:fc:00:00:00:06", name), "link-2");
	assert_string_equal(redact_pseudonyms_link(*state, "02:fc:00:00:00:05", name), "link-1");
}

static void test_host_when_known_then_its_addresses_are_named(void **state)
{
	assert_int_equal(redact_pseudonyms_know_host(*state), 0);
	assert_string_equal(call_address(*state, "203.0.113.5"), "ipv4-1");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_address_when_seen_again_then_the_same_name),
		CASE(test_address_when_known_then_named),
		CASE(test_prefix_when_of_others_then_its_address_has_the_name),
		CASE(test_prefix_when_around_or_inside_known_ones_then_named),
		CASE(test_link_when_any_then_a_number),
		CASE(test_host_when_known_then_its_addresses_are_named),
	};

	return cmocka_run_group_tests_name("pseudonyms", tests, NULL, NULL);
}
