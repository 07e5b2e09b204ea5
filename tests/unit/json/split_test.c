/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/split.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Result: the items with '|' between them, then the rest; or the error's number. */
static const char *split(const char *text)
{
	static char all[256];
	struct json_split split;
	int error = json_split(text, strlen(text), "builds", &split);

	all[0] = '\0';
	if (error) {
		snprintf(all, sizeof(all), "%d", error);
		return all;
	}
	for (size_t i = 0; i < split.nr; i++) {
		strncat(all, split.item[i].text, split.item[i].bytes);
		strcat(all, "|");
	}
	strncat(all, split.rest, split.rest_bytes);
	json_split_clear(&split);
	return all;
}

static void test_split_when_list_of_objects_then_each_is_found(void **state)
{
	static const char *const cases[][2] = {
		{"{\"builds\":[]}", "{\"builds\":[]}"},
		{"{\"builds\":[{}]}", "{}|{\"builds\":[]}"},
		{" { \"builds\" : [ {\"a\":[1,{}]} , {\"b\":2} ] } ",
		 "{\"a\":[1,{}]}|{\"b\":2}| { \"builds\" : [] } "},
		{"{\"x\":{\"builds\":[3]},\"y\":1,\"builds\":[{\"s\":\"}]\\\"{\"}],\"z\":null}",
		 "{\"s\":\"}]\\\"{\"}|{\"x\":{\"builds\":[3]},\"y\":1,\"builds\":[],\"z\":null}"},
		/* What is wrong inside or behind is for the decoder to find. */
		{"{\"builds\":[{}]", "{}|{\"builds\":[]"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(split(cases[i][0]), cases[i][1]);
}

static void test_split_when_of_another_kind_then_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{}",
		"{\"builds\"",
		"{\"builds\":",
		"{\"builds\":null}",
		"{\"builds\":[",
		"{\"builds\":[{}",
		"{\"builds\":[{} {}]}",
		"{\"builds\":[{},]}",
		"{\"builds\":[,{}]}",
		"{\"builds\":[1]}",
		"{\"builds\":[{\"a",
		"{\"build\\u0073\":[{}]}",
		"{\"a\" \"builds\":[{}]}",
		"{\"a\":\"\\",
		"{\"a\":[}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char want[8];

		snprintf(want, sizeof(want), "%d", -EINVAL);
		assert_string_equal(split(texts[i]), want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split_when_list_of_objects_then_each_is_found),
		cmocka_unit_test(test_split_when_of_another_kind_then_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
