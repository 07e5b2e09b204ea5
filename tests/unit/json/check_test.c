/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json/problem.h"
#include "json/shape.h"

static const struct json_shape inner = {
	.name = "Inner",
	.members =
		(const struct json_shape_member[]){
			{"at", JSON_SHAPE_TIME, .many = JSON_SHAPE_OR_NULL},
			{"well", .kind = JSON_SHAPE_BOOLEAN},
			{0},
		},
};

static const struct json_shape outer = {
	.name = "Outer",
	.members =
		(const struct json_shape_member[]){
			{"name", JSON_SHAPE_STRING, .values = "one|two"},
			{"nr", JSON_SHAPE_INTEGER, .optional = true},
			{"list", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST, .shape = &inner},
			{"by", JSON_SHAPE_INTEGER, .many = JSON_SHAPE_BY_NAME},
			{0},
		},
};

static void test_check_when_anything_is_wrong_then_named(void **state)
{
	static const struct {
		const char *text, *pointer; /* NULL: it is right */
	} cases[] = {
		{"{\"name\":\"one\",\"list\":[{\"at\":null,\"well\":true}],\"by\":{\"x\":1}}",
		 NULL},
		{"{\"name\":\"two\",\"nr\":-3,\"list\":[],\"by\":{}}", NULL},
		{"[]", ""},
		{"{\"name\":\"tw\",\"list\":[],\"by\":{}}", "/name"},
		{"{\"name\":\"three\",\"list\":[],\"by\":{}}", "/name"},
		{"{\"name\":7,\"list\":[],\"by\":{}}", "/name"},
		{"{\"name\":\"one\",\"list\":{},\"by\":{}}", "/list"},
		{"{\"name\":\"one\",\"by\":{}}", "/list"},
		{"{\"name\":\"one\",\"list\":[],\"by\":{},\"more\":1}", "/more"},
		{"{\"name\":\"one\",\"nr\":\"1\",\"list\":[],\"by\":{}}", "/nr"},
		{"{\"name\":\"one\",\"list\":[{\"at\":null,\"well\":1}],\"by\":{}}",
		 "/list/0/well"},
		{"{\"name\":\"one\",\"list\":[{\"at\":\"a\\u0007\",\"well\":true}],\"by\":{}}",
		 "/list/0/at"},
		{"{\"name\":\"one\",\"list\":[],\"by\":{\"x\":\"1\"}}", "/by/x"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *value = json_loads(cases[i].text, 0, NULL);
		struct problem problem = {0};
		int r = json_check_shape(&outer, value, &problem);

		assert_non_null(value);
		assert_int_equal(r, cases[i].pointer ? -22 : 0);
		assert_int_equal(problem.nr_errors > 0, cases[i].pointer != NULL);
		if (cases[i].pointer)
			assert_string_equal(problem.errors[0].pointer, cases[i].pointer);
		json_decref(value);
	}
}

static void test_check_when_text_is_too_long_then_refused(void **state)
{
	char text[CHECK_TEXT_MAX + 2] = "";
	struct problem problem = {0};
	json_t *value;

	memset(text, 'x', CHECK_TEXT_MAX + 1);
	value = json_pack("{s:s, s:b}", "at", text, "well", true);
	assert_int_equal(json_check_shape(&inner, value, &problem), -22);
	json_decref(value);
	value = json_pack("{s:s, s:b}", "at", text + 1, "well", true);
	json_problem_clear(&problem);
	assert_int_equal(json_check_shape(&inner, value, &problem), 0);
	json_decref(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check_when_anything_is_wrong_then_named),
		cmocka_unit_test(test_check_when_text_is_too_long_then_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
