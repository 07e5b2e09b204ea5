/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/wall_time.h"

#define S_NS 1000000000ULL

static void test_parse_when_a_time_then_gives_it(void **state)
{
	static const struct {
		const char *text;
		uint64_t wall_ns;
	} times[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2026-11-23T12:00:03Z", 1795435203 * S_NS},
		{"2026-11-23t12:00:03z", 1795435203 * S_NS},
		{"2026-11-23T13:30:03+01:30", 1795435203 * S_NS},
		{"2026-11-23T07:00:03-05:00", 1795435203 * S_NS},
		{"2026-11-23T12:00:03.5Z", 1795435203 * S_NS + S_NS / 2},
		{"2026-11-23T12:00:03.1234567899Z", 1795435203 * S_NS + 123456789},
		{"2024-02-29T00:00:00Z", 1709164800 * S_NS},
	};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		uint64_t wall_ns = 1;

		assert_int_equal(model_wall_time_parse(times[i].text, &wall_ns), 0);
		assert_true(wall_ns == times[i].wall_ns);
	}
}

static void test_parse_when_not_a_time_then_refuses(void **state)
{
	static const char *const texts[] = {
		"",
		"2026-11-23",
		"2026-11-23T12:00Z",
		"2026-11-23T12:00:03",
		"2026-11-23T12:00:03Zx",
		"2026-13-23T12:00:03Z",
		"2026-04-31T12:00:03Z",
		"2026-02-29T12:00:03Z",
		"2026-11-23T24:00:03Z",
		"2026-11-23T12:60:03Z",
		"2026-11-23T12:00:03.Z",
		"2026-11-23T12:00:03+1:00",
		"1969-12-31T23:59:59Z",
		"1970-01-01T00:00:00+01:00",
		"9999-11-23T12:00:03Z",
		"1795435203",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint64_t wall_ns = 1;

		print_message("# %s\n", texts[i]);
		assert_int_equal(model_wall_time_parse(texts[i], &wall_ns), -EINVAL);
		assert_int_equal(wall_ns, 1);
	}
}

static void test_said_when_a_time_then_gives_it_in_rfc_3339(void **state)
{
	static const struct {
		const char *text;
		enum wall_time_said said;
		const char *want; /* untouched: "" */
	} times[] = {
		{"2026-11-30T08:48Z", WALL_TIME_SAID, "2026-11-30T08:48:00Z"},
		{"2026-11-30 08:48Z", WALL_TIME_SAID, "2026-11-30T08:48:00Z"},
		{"2026-11-30 08:48 UTC", WALL_TIME_SAID, "2026-11-30T08:48:00Z"},
		{"2026-11-30 08:48:07 UTC", WALL_TIME_SAID, "2026-11-30T08:48:07Z"},
		{"2026-11-30 08:48+01:00", WALL_TIME_SAID, "2026-11-30T08:48:00+01:00"},
		{"2026-11-30t08:48:07.25-05:00", WALL_TIME_SAID, "2026-11-30t08:48:07.25-05:00"},
		{"2026-11-30 08:48", WALL_TIME_SAID_NO_ZONE, "2026-11-30T08:48:00Z"},
		{"2026-11-30T08:48:07", WALL_TIME_SAID_NO_ZONE, "2026-11-30T08:48:07Z"},
		{"2026-11-30T08:48:07.25", WALL_TIME_SAID_NO_ZONE, "2026-11-30T08:48:07.25Z"},
		{"2026-11-30", WALL_TIME_SAID_NOT, ""},
		{"2026-11-31 08:48Z", WALL_TIME_SAID_NOT, ""},
		{"2026-11-30 08:48 CET", WALL_TIME_SAID_NOT, ""},
		{"2026-11-30 08:48Z UTC", WALL_TIME_SAID_NOT, ""},
		{"2026-11-30 08:48:07.1234567890123456Z", WALL_TIME_SAID_NOT, ""},
		{" UTC", WALL_TIME_SAID_NOT, ""},
		{"", WALL_TIME_SAID_NOT, ""},
	};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		char text[WALL_TIME_SAID_BYTES] = "";

		print_message("# %s\n", times[i].text);
		assert_int_equal(model_wall_time_said(times[i].text, text), times[i].said);
		assert_string_equal(text, times[i].want);
	}
}

static void test_print_when_a_time_then_reads_back(void **state)
{
	char text[WALL_TIME_BYTES];
	uint64_t wall_ns;

	assert_string_equal(model_wall_time_print(1795435203 * S_NS + 5, text),
			    "2026-11-23T12:00:03Z");
	assert_int_equal(model_wall_time_parse(text, &wall_ns), 0);
	assert_true(wall_ns == 1795435203 * S_NS);
	assert_string_equal(model_wall_time_print_minute(1795435203 * S_NS, text),
			    "2026-11-23 12:00 UTC");
}

static void test_print_duration_when_any_then_says_it_in_words(void **state)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} durations[] = {
		{0, "0 seconds"},
		{1, "1 second"},
		{59, "59 seconds"},
		{60, "1 minute"},
		{1799, "29 minutes"},
		{3600, "1 hour"},
		{7500, "2 hours 5 minutes"},
	};

	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		char text[WALL_TIME_BYTES];

		assert_string_equal(
			model_wall_time_print_duration(durations[i].seconds * S_NS, text),
			durations[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_when_a_time_then_gives_it),
		cmocka_unit_test(test_parse_when_not_a_time_then_refuses),
		cmocka_unit_test(test_said_when_a_time_then_gives_it_in_rfc_3339),
		cmocka_unit_test(test_print_when_a_time_then_reads_back),
		cmocka_unit_test(test_print_duration_when_any_then_says_it_in_words),
	};

	return cmocka_run_group_tests_name("api-time", tests, NULL, NULL);
}
