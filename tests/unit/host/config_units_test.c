/* SPDX-License-Identifier: BSD-3-Clause */
/* Durations, rates, ports, listeners and suggestions, by tables of cases. */
#include "host/config_table.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host/addr.h"
#include "host/boottime.h"

#define DAY_NS (86400 * NS_PER_S)

struct duration_case {
	const char *text;
	uint64_t ns;
	const char *formatted;
};

static void test_duration_when_good_then_ns_and_back(void **state)
{
	static const struct duration_case cases[] = {
		{"0", 0, "0"},
		{"30m", 1800 * NS_PER_S, "30m"},
		{"2ms", 2 * NS_PER_MS, "2ms"},
		{"24h", DAY_NS, "1d"},
		{"1h30m", 5400 * NS_PER_S, "1h30m"},
		{"90m", 5400 * NS_PER_S, "1h30m"},
		{"1d2h3m4s5ms6us", DAY_NS + 7384 * NS_PER_S + 5006 * NS_PER_US, "1d2h3m4s5ms6us"},
		{"0s", 0, "0"},
		{"366d", 366 * DAY_NS, "366d"},
		{"007s", 7 * NS_PER_S, "7s"},
	};
	char text[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t ns = UINT64_MAX;

		assert_int_equal(config_duration_parse(cases[i].text, &ns), 0);
		assert_int_equal(ns, cases[i].ns);
		assert_string_equal(config_duration_format(ns, text, sizeof(text)),
				    cases[i].formatted);
	}
}

static void test_duration_when_bad_then_refused(void **state)
{
	static const char *const cases[] = {
		"",	   "30",	 "m",	 "30 m", "1m1h",
		"1m1m",	   "-1s",	 "+1s",	 "1.5h", "1s ",
		" 1s",	   "1ns",	 "1S",	 "367d", "1w",
		"366d1us", "1mss",	 "1h30", "1e3s", "18446744073709551616s",
		"00",	   "1\xc2\xb5s",
	};
	uint64_t ns = 7;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(config_duration_parse(cases[i], &ns), -EINVAL);
		assert_int_equal(ns, 7);
	}
}

static void test_rate_parses(void **state)
{
	static const char *const bad[] = {"",	 "10",	 "/s",	 "10/",	 "10/d", "10/ms",
					  "0/s", "-1/s", "1/s ", "1 /s", "1//s", "1000000001/s"};
	struct config_rate rate = {.count = 3};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(config_rate_parse(bad[i], &rate), -EINVAL);
		assert_int_equal(rate.count, 3);
	}
	assert_int_equal(config_rate_parse("10/s", &rate), 0);
	assert_int_equal(rate.count, 10);
	assert_int_equal(rate.period_ns, NS_PER_S);
	assert_int_equal(config_rate_parse("1/m", &rate), 0);
	assert_int_equal(rate.period_ns, 60 * NS_PER_S);
	assert_int_equal(config_rate_parse("1000000000/h", &rate), 0);
	assert_int_equal(rate.count, 1000000000);
	assert_int_equal(rate.period_ns, 3600 * NS_PER_S);
	assert_int_equal(config_rate_parse("0", &rate), 0);
	assert_int_equal(rate.count, 0);
}

static void test_ports_parse(void **state)
{
	static const char *const bad[] = {
		"",   "0",    "0-5",   "65536", "1-65536", "2-1", "-",	"1-",
		"-1", "1--2", "1-2-3", "1 - 2", "a",	   "1a",  "+1", "99999999999999999999"};
	struct config_range range = {.first = 3, .last = 4};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(config_ports_parse(bad[i], &range), -EINVAL);
		assert_int_equal(range.first, 3);
	}
	assert_int_equal(config_ports_parse("1-65535", &range), 0);
	assert_int_equal(range.first, 1);
	assert_int_equal(range.last, 65535);
	assert_int_equal(config_ports_parse("22", &range), 0);
	assert_int_equal(range.first, 22);
	assert_int_equal(range.last, 22);
}

static void test_listen_parses(void **state)
{
	static const char *const bad[] = {
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1:0",
		"127.0.0.1:65536",
		":80",
		"80",
		"::1:80",
		"[::1]80",
		"[::1]",
		"[127.0.0.1]:80",
		"[::1:",
		"[]:80",
		"[]",
		"]:80",
		"[:80",
		"x:80",
		"[",
		":",
		"127.0.0.1:80 ",
		"[1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111]:80",
	};
	struct config_listen listen = {.port = 5};
	char text[ADDR_TEXT_BYTES];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(config_listen_parse(bad[i], &listen), -EINVAL);
		assert_int_equal(listen.port, 5);
	}
	assert_int_equal(config_listen_parse("127.0.0.1:9464", &listen), 0);
	assert_true(listen.enabled);
	assert_int_equal(listen.port, 9464);
	assert_string_equal(addr_format(&listen.addr, text), "127.0.0.1");
	assert_int_equal(config_listen_parse("[2001:db8::1]:65535", &listen), 0);
	assert_string_equal(addr_format(&listen.addr, text), "2001:db8::1");
	assert_int_equal(config_listen_parse("", &listen), 0);
	assert_false(listen.enabled);
}

struct suggest_case {
	const char *prefix;
	const char *name;
	const char *expected;
};

static void test_suggest_finds_what_was_meant(void **state)
{
	static const struct suggest_case cases[] = {
		{"leases.", "lnger", "leases.linger"},
		{"leases.", "ilnger", "leases.linger"},
		{"leases.", "max_livetime", "leases.max_lifetime"},
		{"leases.", "extend_while_use", "leases.extend_while_used"},
		{"", "dataplan", "dataplane"},
		{"", "metric", "metrics"},
		{"", "socket", "api.socket"},
		{"edge.", "workers", "dataplane.workers"},
		{"edge.", "zebra", NULL},
		{"edge.", "x", NULL},
		{"", "a_name_that_is_longer_than_every_key_that_there_is_by_far", NULL},
	};
	char key[CONFIG_KEY_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *said =
			config_suggest(config_options, cases[i].prefix, cases[i].name, key);

		if (cases[i].expected) {
			assert_non_null(said);
			assert_string_equal(said, cases[i].expected);
		} else {
			assert_null(said);
		}
	}
}

static void test_quote_escapes(void **state)
{
	char quoted[CONFIG_QUOTE_SIZE], text[400];

	assert_string_equal(config_quote("plain", quoted), "\"plain\"");
	assert_string_equal(config_quote("two words", quoted), "\"two words\"");
	assert_string_equal(config_quote("", quoted), "\"\"");
	assert_string_equal(config_quote("a\"b\n", quoted), "\"a\\\"b\\x0a\"");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_in_range(strlen(config_quote(text, quoted)), 100, CONFIG_QUOTE_SIZE - 1);
}

/* Configurations are compared as memory. */
static void test_text_when_parsed_then_the_rest_is_zero(void **state)
{
	const struct config_option *option = &config_options[config_option_find("edge.name")];
	struct config_value value = {.form = CONFIG_FORM_STRING, .string = "ab"};
	char name[CONFIG_NAME_SIZE], problem[CONFIG_PROBLEM_SIZE];
	static const char expected[CONFIG_NAME_SIZE] = "ab";

	memset(name, 'x', sizeof(name));
	assert_int_equal(config_value_parse(option, &value, name, problem), 0);
	assert_memory_equal(name, expected, sizeof(name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_duration_when_good_then_ns_and_back),
		cmocka_unit_test(test_duration_when_bad_then_refused),
		cmocka_unit_test(test_rate_parses),
		cmocka_unit_test(test_ports_parse),
		cmocka_unit_test(test_listen_parses),
		cmocka_unit_test(test_suggest_finds_what_was_meant),
		cmocka_unit_test(test_quote_escapes),
		cmocka_unit_test(test_text_when_parsed_then_the_rest_is_zero),
	};

	return cmocka_run_group_tests_name("config_units", tests, NULL, NULL);
}
