/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json/decode.h"

struct wheel {
	uint16_t size;
	const char *name;
};

struct vehicle {
	const char *title;
	uint64_t weight;
	uint8_t doors;
	bool open;
	int parity; /* of a number written as text */
	struct wheel spare;
	struct json_list wheels;
	struct json_list tags;
};

static int parse_parity(const char *text, void *ret_member, const char **ret_why)
{
	char *end;
	long number = strtol(text, &end, 10);

	*ret_why = "a number as text";
	if (*end || end == text)
		return -EINVAL;
	*(int *)ret_member = number % 2 ? 1 : 2;
	return 0;
}

static const struct json_field wheel_fields[] = {
	{.name = "size",
	 .kind = JSON_KIND_INTEGER,
	 .required = true,
	 JSON_MEMBER(struct wheel, size),
	 .min = 1,
	 .max = 65535},
	{.name = "name", .kind = JSON_KIND_STRING, JSON_MEMBER(struct wheel, name), .max = 5},
};

static const struct json_table wheel_table = {"Wheel", sizeof(struct wheel), wheel_fields, 2};

static const struct json_field wheel_item = {
	.kind = JSON_KIND_OBJECT, .member_bytes = sizeof(struct wheel), .table = &wheel_table};

static const struct json_field tag_item = {
	.kind = JSON_KIND_STRING, .member_bytes = sizeof(const char *), .min = 1};

static const struct json_field vehicle_fields[] = {
	{.name = "title", .kind = JSON_KIND_STRING, JSON_MEMBER(struct vehicle, title), .max = 20},
	{.name = "weight",
	 .kind = JSON_KIND_INTEGER,
	 JSON_MEMBER(struct vehicle, weight),
	 .preset = UINT64_MAX},
	{.name = "doors", .kind = JSON_KIND_INTEGER, JSON_MEMBER(struct vehicle, doors), .max = 5},
	{.name = "open", .kind = JSON_KIND_BOOLEAN, JSON_MEMBER(struct vehicle, open)},
	{.name = "parity",
	 .kind = JSON_KIND_PARSED,
	 JSON_MEMBER(struct vehicle, parity),
	 .parse = parse_parity},
	{.name = "spare",
	 .kind = JSON_KIND_OBJECT,
	 JSON_MEMBER(struct vehicle, spare),
	 .table = &wheel_table},
	{.name = "wheels",
	 .kind = JSON_KIND_LIST,
	 JSON_MEMBER(struct vehicle, wheels),
	 .max = 4,
	 .item = &wheel_item},
	{.name = "tags",
	 .kind = JSON_KIND_LIST,
	 JSON_MEMBER(struct vehicle, tags),
	 .item = &tag_item},
};

static const struct json_table vehicle_table = {"Vehicle", sizeof(struct vehicle), vehicle_fields,
						sizeof(vehicle_fields) / sizeof(vehicle_fields[0])};

static int decode(const char *text, struct json_document *document, struct vehicle *vehicle,
		  struct problem *problem)
{
	memset(document, 0, sizeof(*document));
	memset(vehicle, 0, sizeof(*vehicle));
	json_problem_clear(problem);
	return json_decode(document, text, strlen(text), &vehicle_table, vehicle, problem);
}

static void test_decode_when_all_is_well_then_fills_every_member(void **state)
{
	struct json_document document;
	struct vehicle vehicle;
	struct problem problem;
	const struct wheel *wheels;

	assert_int_equal(decode("{\"title\":\"caf\xc3\xa9\",\"weight\":7,\"doors\":5,\"open\":true,"
				"\"parity\":\"13\",\"spare\":{\"size\":3},"
				"\"wheels\":[{\"size\":1},{\"size\":65535,\"name\":\"right\"}],"
				"\"tags\":[\"a\",\"b\"]}",
				&document, &vehicle, &problem),
			 0);
	assert_string_equal(vehicle.title, "caf\xc3\xa9");
	assert_int_equal(vehicle.weight, 7);
	assert_int_equal(vehicle.doors, 5);
	assert_true(vehicle.open);
	assert_int_equal(vehicle.parity, 1);
	assert_int_equal(vehicle.spare.size, 3);
	assert_int_equal(vehicle.wheels.nr, 2);
	wheels = vehicle.wheels.items;
	assert_null(wheels[0].name);
	assert_int_equal(wheels[1].size, 65535);
	assert_string_equal(wheels[1].name, "right");
	assert_int_equal(vehicle.tags.nr, 2);
	assert_string_equal(((const char *const *)vehicle.tags.items)[1], "b");
	json_decode_document_clear(&document);
}

static void test_decode_when_absent_or_null_then_keeps_presets(void **state)
{
	static const char *const bodies[] = {"{}",
					     "{\"weight\":null,\"title\":null,\"tags\":null}"};

	for (size_t i = 0; i < 2; i++) {
		struct json_document document;
		struct vehicle vehicle;
		struct problem problem;

		assert_int_equal(decode(bodies[i], &document, &vehicle, &problem), 0);
		assert_true(vehicle.weight == UINT64_MAX);
		assert_null(vehicle.title);
		assert_int_equal(vehicle.tags.nr, 0);
		json_decode_document_clear(&document);
	}
}

/* One mistake each: where, and words that say what. */
static const struct {
	const char *body;
	const char *pointer;
	const char *words;
} mistakes[] = {
	{"[]", "", "must be an object, not an array"},
	{"7", "", "must be an object, not a whole number"},
	{"{\"title\":7}", "/title", "must be a string, not a whole number"},
	{"{\"title\":\"123456789012345678901\"}", "/title", "at most 20 bytes, not 21"},
	{"{\"title\":\"a\\nb\"}", "/title", "control characters"},
	{"{\"title\":\"a\\u0085b\"}", "/title", "control characters"},
	{"{\"weight\":-1}", "/weight", "not -1"},
	{"{\"weight\":1.5}", "/weight", "not a number with a fraction"},
	{"{\"weight\":\"1\"}", "/weight", "must be a whole number, not a string"},
	{"{\"doors\":6}", "/doors", "must be from 0 to 5, not 6"},
	{"{\"doors\":261}", "/doors", "must be from 0 to 5, not 261"},
	{"{\"open\":1}", "/open", "must be true or false, not a whole number"},
	{"{\"parity\":\"x\"}", "/parity", "must be a number as text, not \"x\""},
	{"{\"spare\":{}}", "/spare/size", "is required"},
	{"{\"spare\":{\"size\":null}}", "/spare/size", "must be a whole number, not null"},
	{"{\"spare\":[]}", "/spare", "must be an object, not an array"},
	{"{\"wheels\":{}}", "/wheels", "must be an array, not an object"},
	{"{\"wheels\":[{\"size\":1},{\"size\":0}]}", "/wheels/1/size", "must be from 1 to 65535"},
	{"{\"wheels\":[1]}", "/wheels/0", "must be an object"},
	{"{\"wheels\":[1,2,3,4,5]}", "/wheels", "items, not 5"},
	{"{\"tags\":[\"\"]}", "/tags/0", "must not be empty"},
	{"{\"colour\":1}", "/colour", "unknown field \"colour\""},
	{"{\"a/b~c\":1}", "/a~1b~0c", "unknown field"},
	{"{\"par\":1}", "/par", "unknown field \"par\"; did you mean \"parity\"?"},
	{"{\"wheel\":1}", "/wheel", "unknown field \"wheel\"; did you mean \"wheels\"?"},
	{"{\"wheels\":[{\"size\":1,\"tyre\":2}]}", "/wheels/0/tyre", "unknown field \"tyre\""},
};

static void test_decode_when_one_thing_is_wrong_then_names_it(void **state)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct json_document document;
		struct vehicle vehicle;
		struct problem problem;

		print_message("# %s\n", mistakes[i].body);
		assert_int_equal(decode(mistakes[i].body, &document, &vehicle, &problem), -EINVAL);
		assert_int_equal(problem.type, PROBLEM_INVALID);
		assert_int_equal(problem.nr_errors, 1);
		assert_string_equal(problem.errors[0].pointer, mistakes[i].pointer);
		assert_non_null(strstr(problem.errors[0].detail, mistakes[i].words));
		json_decode_document_clear(&document);
	}
}

static void test_decode_when_many_things_are_wrong_then_names_all(void **state)
{
	static const char *const pointers[] = {"/title",      "/doors",	  "/open",
					       "/spare/size", "/spare/x", "/y"};
	struct json_document document;
	struct vehicle vehicle;
	struct problem problem;

	assert_int_equal(
		decode("{\"y\":1,\"title\":1,\"doors\":\"2\",\"open\":0,\"spare\":{\"x\":1}}",
		       &document, &vehicle, &problem),
		-EINVAL);
	assert_int_equal(problem.nr_errors, 6);
	for (size_t i = 0; i < 6; i++)
		assert_string_equal(problem.errors[i].pointer, pointers[i]);
	json_decode_document_clear(&document);
}

static void test_decode_when_not_json_then_says_line_and_column(void **state)
{
	static const struct {
		const char *body;
		const char *words;
	} broken[] = {
		{"", "it is empty, where JSON was expected"},
		{" \n", "it is empty, where JSON was expected"},
		{"{\"a\\u0000b\":1}", "a name must not have the character \\u0000"},
		{"{\"title\":\n", "line 2"},
		{"{\"title\":\"a\",\n\"title\":\"b\"}", "duplicate"},
		{"{\"title\":\"\\u0000\"}", "a string must not have the character \\u0000"},
		{"{\"title\":\"\xff\"}", "line 1, column"},
		{"{} {}", "line 1, column"},
		{"{\"weight\":99999999999999999999}", "too big"},
	};

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct json_document document;
		struct vehicle vehicle;
		struct problem problem;

		assert_int_equal(decode(broken[i].body, &document, &vehicle, &problem), -EBADMSG);
		assert_int_equal(problem.type, PROBLEM_MALFORMED);
		assert_non_null(strstr(problem.detail, broken[i].words));
		json_decode_document_clear(&document);
	}
}

static void test_decode_when_a_name_is_long_then_cuts_it_between_characters(void **state)
{
	struct json_document document;
	struct vehicle vehicle;
	struct problem problem;
	char body[512] = "{\"x";

	for (int i = 0; i < 60; i++)
		strcat(body, "\xc3\xa9");
	strcat(body, "\":1}");
	assert_int_equal(decode(body, &document, &vehicle, &problem), -EINVAL);
	assert_in_range(strlen(problem.errors[0].pointer), 10, 50);
	assert_int_equal((unsigned char)problem.errors[0].pointer[39], 0xa9);
	assert_int_equal(strlen(problem.errors[0].pointer), 40);
	json_decode_document_clear(&document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode_when_all_is_well_then_fills_every_member),
		cmocka_unit_test(test_decode_when_absent_or_null_then_keeps_presets),
		cmocka_unit_test(test_decode_when_one_thing_is_wrong_then_names_it),
		cmocka_unit_test(test_decode_when_many_things_are_wrong_then_names_all),
		cmocka_unit_test(test_decode_when_not_json_then_says_line_and_column),
		cmocka_unit_test(test_decode_when_a_name_is_long_then_cuts_it_between_characters),
	};

	return cmocka_run_group_tests_name("json-decode", tests, NULL, NULL);
}
