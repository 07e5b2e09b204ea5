/* SPDX-License-Identifier: BSD-3-Clause */
/* Events become the builds to read again. */
#include "cli/top/changes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct top_changes changes;
static unsigned int nr_refused;

static int begin(void **state)
{
	memset(&changes, 0, sizeof(changes));
	nr_refused = 0;
	return 0;
}

static void count_refused(void *context, const json_t *event)
{
	assert_string_equal(json_string_value(json_object_get(event, "build")), "b");
	nr_refused++;
}

static void take(unsigned int status, const char *lines)
{
	char *text = strdup(lines);

	assert_non_null(text);
	top_changes_take(&changes, status, text, count_refused, NULL);
	free(text);
}

static void test_take_when_builds_change_then_each_once_the_first_first(void **state)
{
	char path[TOP_CHANGES_PATH_MAX];

	take(200, "{\"seq\": 7, \"type\": \"build.enabled\", \"build\": \"a\"}\n"
		  "{\"seq\": 8, \"type\": \"engine.switched\"}\n"
		  "{\"seq\": 9, \"type\": \"build.ended\", \"build\": \"c\"}\n"
		  "{\"seq\": 10, \"type\": \"client.refused\", \"build\": \"b\"}\n"
		  "no JSON\n"
		  "{\"seq\": 11, \"type\": \"build.changed\", \"build\": \"a\"}\n");
	assert_int_equal(nr_refused, 1);
	assert_false(changes.all);
	assert_string_equal(top_changes_path(&changes, path), "/v1/events?follow=0&since=11");
	assert_string_equal(top_changes_next(&changes), "a");
	take(200, "{\"seq\": 12, \"type\": \"build.ended\", \"build\": \"a\"}\n");
	assert_string_equal(top_changes_next(&changes), "c");
	assert_string_equal(top_changes_next(&changes), "a"); /* changed after it was read */
	assert_null(top_changes_next(&changes));
	take(200, "");
	assert_null(top_changes_next(&changes));
}

static void test_take_when_events_are_missing_then_all(void **state)
{
	take(410, "{}");
	assert_true(changes.all);
	top_changes_clear(&changes);
	assert_false(changes.all);
	take(200, "{\"type\": \"compacted\", \"oldest\": 5}\n");
	assert_true(changes.all);
}

static void test_take_when_too_many_change_then_all(void **state)
{
	for (unsigned int i = 0; i <= TOP_CHANGES_MAX; i++) {
		char line[96];

		assert_false(changes.all);
		snprintf(line, sizeof(line),
			 "{\"seq\": %u, \"type\": \"build.enabled\", \"build\": \"b%u\"}\n", i + 1,
			 i);
		take(200, line);
	}
	assert_true(changes.all);
	top_changes_clear(&changes);
	assert_null(top_changes_next(&changes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_take_when_builds_change_then_each_once_the_first_first,
				       begin),
		cmocka_unit_test_setup(test_take_when_events_are_missing_then_all, begin),
		cmocka_unit_test_setup(test_take_when_too_many_change_then_all, begin),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
