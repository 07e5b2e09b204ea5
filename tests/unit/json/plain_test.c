/* SPDX-License-Identifier: BSD-3-Clause */
/* Plain text must come to what the decoder makes of the same, and nothing wrong be taken for it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "api/body/tables.h"
#include "json/blocks.h"
#include "json/plain.h"

#define BUILD                                                                                      \
	"{\"id\":\"b1\",\"title\":\"a b\", \"user\" : \"ubuntu\",\n\"actors\":[\"x\",\"y\"],"      \
	"\"supersede\":true,\"linger_s\":0,\"max_lifetime_s\":600,\"allow\":[],\"nodes\":["        \
	"{\"index\":0,\"address\":\"10.0.0.1\",\"port\":7000},"                                    \
	"{\"index\":12,\"forwards\":[{\"name\":\"a\",\"port\":1},{\"name\":\"b\",\"port\":2},"     \
	"{\"name\":\"c\",\"port\":3},{\"name\":\"d\",\"port\":4},{\"name\":\"e\",\"port\":5}]}]}"

static bool decode(const char *text, size_t bytes, struct build_body *ret_body)
{
	struct json_block *blocks = NULL;
	char *exact = malloc(bytes + 1); /* a step too far is seen by who watches memory */
	bool plain;

	*ret_body = (struct build_body){0};
	memcpy(exact, text, bytes);
	plain = json_plain_decode(&blocks, exact, bytes, &body_tables_sync_build, ret_body);
	free(exact);
	json_blocks_free(&blocks);
	return plain;
}

static void test_plain_when_all_is_well_then_fills_every_member(void **state)
{
	struct json_block *blocks = NULL;
	struct build_body body = {0};
	const struct node_body *nodes;
	const struct forward_body *forwards;

	assert_true(
		json_plain_decode(&blocks, BUILD, strlen(BUILD), &body_tables_sync_build, &body));
	assert_string_equal(body.id, "b1");
	assert_string_equal(body.title, "a b");
	assert_string_equal(body.user, "ubuntu");
	assert_null(body.organisation);
	assert_int_equal(body.actors.nr, 2);
	assert_string_equal(((const char *const *)body.actors.items)[1], "y");
	assert_true(body.supersede);
	assert_int_equal(body.linger_s, 0);
	assert_int_equal(body.max_lifetime_s, 600);
	assert_true(body.connect_within_s == UINT64_MAX);
	assert_true(body.allow.given && body.allow.nr == 0);
	assert_false(body.key_fingerprints.given);
	assert_int_equal(body.nodes.nr, 2);
	nodes = body.nodes.items;
	assert_true(nodes[0].address.given);
	assert_int_equal(nodes[0].port, 7000);
	assert_int_equal(nodes[1].index, 12);
	assert_int_equal(nodes[1].forwards.nr, 5);
	forwards = nodes[1].forwards.items;
	assert_string_equal(forwards[0].name, "a");
	assert_int_equal(forwards[4].port, 5);
	json_blocks_free(&blocks);
}

static void test_plain_when_anything_is_not_then_declines(void **state)
{
	static const char *const nodes = "\"id\":\"a\",\"nodes\":[{\"index\":0}]";
	static const char *const ends[] = {
		",}",
		",\"title\":\"\\u0061\"}",
		",\"title\":\"\xc3\xa9\"}",
		",\"title\":\"\x7f\"}",
		",\"title\":\"\t\"}",
		",\"title\":null}",
		",\"title\":\"\"}",
		",\"title\":7}",
		",\"title\":\"a}",
		",\"id\":\"b\"}",
		",\"unknown\":1}",
		",\"linger_s\":01}",
		",\"linger_s\":-1}",
		",\"linger_s\":1.0}",
		",\"linger_s\":1e1}",
		",\"linger_s\":9999999999999999999}",
		",\"linger_s\":999999999999}",
		",\"linger_s\":}",
		",\"supersede\":tru}",
		",\"supersede\":truely}",
		",\"actors\":[\"a\",]}",
		",\"actors\":[\"a\" \"b\"]}",
		",\"actors\":[}",
		",\"actors\":{}}",
		",\"user\":\"-a\"}",
		",\"nodes\":[]}",
		"}}",
		"} x",
		"",
		",",
	};
	struct build_body body;
	char text[256];

	snprintf(text, sizeof(text), "{%s}\r\n ", nodes);
	assert_true(decode(text, strlen(text), &body));
	assert_false(decode(text, strlen(text) + 1, &body)); /* a NUL at the end */
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(text, sizeof(text), "{%s%s", nodes, ends[i]);
		if (decode(text, strlen(text), &body))
			fail_msg("%s was taken for plain", text);
	}
	assert_false(decode("{}", 2, &body));
	assert_false(decode("", 0, &body));
	assert_false(decode("{\"id\":\"a\"}", 10, &body));
	assert_false(decode("[]", 2, &body));
}

static int at(const json_t *object, const char *name)
{
	return (int)json_integer_value(json_object_get(object, name));
}

/* The library reads the same from it. */
static void compare(const char *text, size_t bytes, const struct build_body *body)
{
	json_t *root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, NULL);

	if (!root)
		fail_msg("%.*s was taken for plain", (int)bytes, text);
	assert_int_equal(json_array_size(json_object_get(root, "nodes")), body->nodes.nr);
	assert_int_equal(json_array_size(json_object_get(root, "actors")), body->actors.nr);
	assert_int_equal(json_is_true(json_object_get(root, "supersede")), body->supersede);
	if (json_object_get(root, "linger_s"))
		assert_int_equal(at(root, "linger_s"), body->linger_s);
	if (json_object_get(root, "max_lifetime_s"))
		assert_int_equal(at(root, "max_lifetime_s"), body->max_lifetime_s);
	json_decref(root);
}

static void test_plain_when_text_is_changed_then_is_right_or_declines(void **state)
{
	static const char letters[] = "{}[]\",:0123456789 \\\ntrue.e-+\x80";
	unsigned int nr_plain = 0;

	srandom(1);
	for (unsigned int i = 0; i < 50000; i++) {
		size_t bytes = strlen(BUILD), place = (size_t)random() % bytes;
		struct build_body body;
		char text[sizeof(BUILD) + 1];

		memcpy(text, BUILD, sizeof(BUILD));
		if (i % 3 == 0) {
			memmove(text + place, text + place + 1, bytes-- - place);
		} else if (i % 3 == 1) {
			text[place] = letters[(size_t)random() % (sizeof(letters) - 1)];
		} else {
			memmove(text + place + 1, text + place, bytes++ - place);
			text[place] = letters[(size_t)random() % (sizeof(letters) - 1)];
		}
		if (!decode(text, bytes, &body))
			continue;
		nr_plain++;
		compare(text, bytes, &body);
	}
	assert_true(nr_plain > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_when_all_is_well_then_fills_every_member),
		cmocka_unit_test(test_plain_when_anything_is_not_then_declines),
		cmocka_unit_test(test_plain_when_text_is_changed_then_is_right_or_declines),
	};

	return cmocka_run_group_tests_name("json-plain", tests, NULL, NULL);
}
