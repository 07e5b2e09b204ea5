/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses and prefixes, from and to text and socket addresses. */
#include "host/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

static void test_address_when_good_then_back_in_its_usual_form(void **state)
{
	static const char *const cases[][2] = {
		{"192.0.2.1", "192.0.2.1"},
		{"0.0.0.0", "0.0.0.0"},
		{"255.255.255.255", "255.255.255.255"},
		{"2001:db8::1", "2001:db8::1"},
		{"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
		{"::", "::"},
		{"::1", "::1"},
	};
	char text[ADDR_TEXT_BYTES];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sp_addr addr;

		assert_int_equal(addr_parse(cases[i][0], &addr), 0);
		assert_string_equal(addr_format(&addr, text), cases[i][1]);
		assert_int_equal(addr_family(&addr), strchr(cases[i][0], ':') ? 6 : 4);
	}
}

static void test_address_when_bad_then_refused_and_untouched(void **state)
{
	static const char *const cases[] = {
		"",
		"192.0.2",
		"192.0.2.256",
		"192.0.2.1 ",
		" 192.0.2.1",
		"192.0.2.01",
		"::ffff:192.0.2.1",
		"fe80::1%eth0",
		"2001:db8::1/64",
		"1::2::3",
		"localhost",
		"[::1]",
	};
	struct sp_addr addr, before;

	memset(&addr, 0x5a, sizeof(addr));
	before = addr;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(addr_parse(cases[i], &addr), -EINVAL);
		assert_memory_equal(&addr, &before, sizeof(addr));
	}
}

static void test_any_is_known_in_both_families(void **state)
{
	struct sp_addr addr;

	assert_int_equal(addr_parse("0.0.0.0", &addr), 0);
	assert_true(addr_is_any(&addr));
	assert_int_equal(addr_parse("::", &addr), 0);
	assert_true(addr_is_any(&addr));
	assert_int_equal(addr_parse("::1", &addr), 0);
	assert_false(addr_is_any(&addr));
}

struct prefix_case {
	const char *text;
	int result;
	const char *formatted;
	unsigned int length;
};

static void test_prefix_when_parsed_then_masked_and_back(void **state)
{
	static const struct prefix_case cases[] = {
		{"10.0.0.0/16", 0, "10.0.0.0/16", 16},
		{"10.0.0.1/16", -EDOM, "10.0.0.0/16", 16},
		{"10.255.255.255/31", -EDOM, "10.255.255.254/31", 31},
		{"192.0.2.1", 0, "192.0.2.1/32", 32},
		{"192.0.2.1/32", 0, "192.0.2.1/32", 32},
		{"0.0.0.0/0", 0, "0.0.0.0/0", 0},
		{"1.2.3.4/0", -EDOM, "0.0.0.0/0", 0},
		{"2001:db8::/32", 0, "2001:db8::/32", 32},
		{"2001:db8::/31", 0, "2001:db8::/31", 31},
		{"2001:db9::/31", -EDOM, "2001:db8::/31", 31},
		{"2001:db8::1", 0, "2001:db8::1/128", 128},
		{"::/0", 0, "::/0", 0},
		{"2001:db8:1:2:3:4:5:6/127", 0, "2001:db8:1:2:3:4:5:6/127", 127},
	};
	char text[ADDR_PREFIX_BYTES];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sp_prefix prefix;

		assert_int_equal(addr_prefix_parse(cases[i].text, &prefix), cases[i].result);
		assert_string_equal(addr_prefix_format(&prefix, text), cases[i].formatted);
		assert_int_equal(addr_prefix_length(&prefix), cases[i].length);
	}
}

static void test_prefix_when_bad_then_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"/",
		"/16",
		"10.0.0.0/",
		"10.0.0.0/33",
		"10.0.0.0/-1",
		"10.0.0.0/1x",
		"10.0.0.0/01",
		"10.0.0.0/+1",
		"10.0.0.0/ 8",
		"::/129",
		"10.0/16",
		"::ffff:0:0/96",
		"::ffff:10.0.0.0/104",
		"10.0.0.0//8",
		"10.0.0.0/8/8",
		"10.0.0.0/4294967304",
		"2001:db8:1111:2222:3333:4444:5555:6666:7777:8888/64",
	};
	struct sp_prefix prefix;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(addr_prefix_parse(cases[i], &prefix), -EINVAL);
}

static bool contains(const char *prefix_text, const char *addr_text)
{
	struct sp_prefix prefix;
	struct sp_addr addr;

	assert_int_equal(addr_prefix_parse(prefix_text, &prefix), 0);
	assert_int_equal(addr_parse(addr_text, &addr), 0);
	return sp_prefix_contains(&prefix, &addr);
}

static void test_prefix_contains_its_own_and_no_other_family(void **state)
{
	assert_true(contains("10.0.0.0/16", "10.0.255.255"));
	assert_false(contains("10.0.0.0/16", "10.1.0.0"));
	assert_true(contains("0.0.0.0/0", "192.0.2.1"));
	assert_false(contains("0.0.0.0/0", "2001:db8::1"));
	assert_true(contains("2001:db8::/64", "2001:db8::ffff"));
	assert_false(contains("2001:db8::/64", "2001:db8:0:1::"));
	assert_true(contains("::/0", "2001:db8::1"));
	assert_false(contains("::/0", "192.0.2.1"));
	assert_false(contains("::/80", "192.0.2.1"));
	assert_false(contains("::fffe:0:0/95", "192.0.2.1"));
}

static bool overlaps(const char *a_text, const char *b_text)
{
	struct sp_prefix a, b;

	assert_int_equal(addr_prefix_parse(a_text, &a), 0);
	assert_int_equal(addr_prefix_parse(b_text, &b), 0);
	assert_int_equal(addr_prefix_overlaps(&a, &b), addr_prefix_overlaps(&b, &a));
	return addr_prefix_overlaps(&a, &b);
}

static void test_prefixes_overlap_when_one_holds_the_other(void **state)
{
	assert_true(overlaps("10.0.0.0/8", "10.1.0.0/16"));
	assert_true(overlaps("10.0.0.0/8", "10.0.0.0/8"));
	assert_false(overlaps("10.0.0.0/16", "10.1.0.0/16"));
	assert_false(overlaps("0.0.0.0/0", "2001:db8::/32"));
	assert_false(overlaps("10.0.0.0/8", "::/0"));
}

static void test_sockaddr_goes_both_ways(void **state)
{
	static const char *const cases[] = {"192.0.2.1", "2001:db8::1"};
	struct sockaddr_un other = {.sun_family = AF_UNIX};
	struct sockaddr_storage storage;
	struct sp_addr addr, back;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		socklen_t length;

		assert_int_equal(addr_parse(cases[i], &addr), 0);
		length = addr_to_sockaddr(&addr, 443, &storage);
		assert_int_equal(length,
				 i == 0 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
		assert_int_equal(ntohs(((struct sockaddr_in *)&storage)->sin_port), 443);
		assert_int_equal(addr_from_sockaddr((struct sockaddr *)&storage, &back), 0);
		assert_memory_equal(&addr, &back, sizeof(addr));
	}
	assert_int_equal(addr_from_sockaddr((struct sockaddr *)&other, &back), -EAFNOSUPPORT);
	assert_memory_equal(&addr, &back, sizeof(addr));
}

static void test_endpoint_is_an_address_and_a_port(void **state)
{
	static const char *const bad[] = {"192.0.2.1",	     "192.0.2.1:",    "192.0.2.1:65536",
					  "192.0.2.1:22 ",   "192.0.2.1:+22", "host:22",
					  "[2001:db8::1]22", "[]:22",	      ":22"};
	struct sp_addr addr, before;
	char text[ADDR_TEXT_BYTES];
	uint16_t port = 7;

	assert_int_equal(addr_endpoint_parse("[2001:db8::1]:60022", &addr, &port), 0);
	assert_string_equal(addr_format(&addr, text), "2001:db8::1");
	assert_int_equal(port, 60022);
	assert_int_equal(addr_endpoint_parse("192.0.2.1:22", &addr, &port), 0);
	assert_string_equal(addr_format(&addr, text), "192.0.2.1");
	before = addr;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(addr_endpoint_parse(bad[i], &addr, &port), -EINVAL);
	assert_memory_equal(&addr, &before, sizeof(addr));
	assert_int_equal(port, 22);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_when_good_then_back_in_its_usual_form),
		cmocka_unit_test(test_address_when_bad_then_refused_and_untouched),
		cmocka_unit_test(test_any_is_known_in_both_families),
		cmocka_unit_test(test_prefix_when_parsed_then_masked_and_back),
		cmocka_unit_test(test_prefix_when_bad_then_refused),
		cmocka_unit_test(test_prefix_contains_its_own_and_no_other_family),
		cmocka_unit_test(test_prefixes_overlap_when_one_holds_the_other),
		cmocka_unit_test(test_sockaddr_goes_both_ways),
		cmocka_unit_test(test_endpoint_is_an_address_and_a_port),
	};

	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
