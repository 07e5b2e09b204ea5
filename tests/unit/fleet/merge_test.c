/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/store/merge.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fleet/store/mirror.h"
#include "fleet/store/record.h"
#include "host/config.h"
#include "json/problem.h"

#define CONFIG                                                                                     \
	"public: { interface = \"eth0\"; addresses = ( { bind = \"192.0.2.1\"; "                   \
	"ports = [ \"60000-60003\" ]; }, { bind = \"192.0.2.2\"; pool = \"web\"; "                 \
	"ports = [ \"443\" ]; } ); };\n"                                                           \
	"builds: { interface = \"eth1\"; networks = [ \"10.0.0.0/16\" ]; };\n"

struct world {
	struct config *config;
	struct mirror *mirror;
	json_t *avoid;
	struct problem problem;
};

static int set_up(void **state)
{
	static struct world world;
	struct config_errors errors = {0};

	world = (struct world){.mirror = store_mirror_new("/sallyport"), .avoid = json_object()};
	assert_int_equal(config_load_text("f", CONFIG, sizeof(CONFIG) - 1, &world.config, &errors),
			 0);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	config_free(world->config);
	store_mirror_free(world->mirror);
	json_decref(world->avoid);
	return 0;
}

static int merge(struct world *world, const struct record *before, const char *text,
		 struct record **ret_record)
{
	json_t *body = json_loads(text, 0, NULL);
	const struct store_merge merge = {
		.config = world->config,
		.mirror = world->mirror,
		.avoid = world->avoid,
		.id = "a",
		.before = before,
		.body = body,
		.now_ns = 42,
	};
	int error;

	json_problem_clear(&world->problem);
	error = store_merge_make(&merge, ret_record, &world->problem);
	json_decref(body);
	return error;
}

static const json_t *node(const struct record *record, size_t index)
{
	return json_array_get(json_object_get(record->body, "nodes"), index);
}

static json_int_t port_of(const json_t *object)
{
	return json_integer_value(json_object_get(object, "public_port"));
}

static void claim(struct world *world, unsigned int port)
{
	char key[64], value[256];
	const char *id;

	snprintf(key, sizeof(key), "/sallyport/builds/at%u", port);
	snprintf(
		value, sizeof(value),
		"{\"version\":1,\"body\":{\"nodes\":[{\"index\":0,\"public_address\":\"192.0.2.1\","
		"\"public_port\":%u}]},\"created\":1,\"finished\":0,\"until\":0,\"ended\":0,"
		"\"change\":\"x\"}",
		port);
	assert_int_equal(store_mirror_put(world->mirror, key, value, 1, &id), 0);
}

static void test_merge_when_new_then_each_gets_a_port_that_is_free(void **state)
{
	struct world *world = *state;
	struct record *record;
	json_int_t first, second;

	claim(world, 60001);
	json_object_set_new(world->avoid, "/sallyport/taken/ports/192.0.2.1/60003", json_true());
	assert_int_equal(merge(world, NULL,
			       "{\"nodes\":[{\"index\":0,\"address\":\"10.0.0.7\",\"forwards\":[{"
			       "\"name\":\"v\",\"port\":5901}]}]}",
			       &record),
			 0);
	first = port_of(node(record, 0));
	second = port_of(json_array_get(json_object_get(node(record, 0), "forwards"), 0));
	assert_true((first == 60000 && second == 60002) || (first == 60002 && second == 60000));
	assert_string_equal(json_string_value(json_object_get(node(record, 0), "public_address")),
			    "192.0.2.1");
	assert_int_equal(record->created_ns, 42);
	/* What an edge would take from its own configuration is said. */
	assert_int_equal(json_integer_value(json_object_get(record->body, "max_lifetime_s")),
			 24 * 3600);
	assert_int_equal(json_integer_value(json_object_get(record->body, "linger_s")), 1800);
	/* Each edge sees its own connections only: none ends a build as unused. */
	assert_true(json_is_integer(json_object_get(record->body, "connect_within_s")));
	store_record_free(record);
}

static void test_merge_when_declared_before_then_ports_stay_and_the_rest_is_kept(void **state)
{
	struct world *world = *state;
	struct record *first, *second, *third;

	assert_int_equal(merge(world, NULL,
			       "{\"title\":\"t\",\"nodes\":[{\"index\":0},{\"index\":1,\"address\":"
			       "\"10.0.0.8\",\"forwards\":[{\"name\":\"v\",\"port\":5901}]}]}",
			       &first),
			 0);
	assert_int_equal(merge(world, first,
			       "{\"nodes\":[{\"index\":1},{\"index\":0,\"address\":\"10.0.0.7\"}]}",
			       &second),
			 0);
	assert_int_equal(port_of(node(second, 1)), port_of(node(first, 0)));
	assert_int_equal(port_of(node(second, 0)), port_of(node(first, 1)));
	assert_string_equal(json_string_value(json_object_get(node(second, 1), "address")),
			    "10.0.0.7");
	assert_string_equal(json_string_value(json_object_get(node(second, 0), "address")),
			    "10.0.0.8");
	assert_int_equal(json_array_size(json_object_get(node(second, 0), "forwards")), 1);
	assert_string_equal(json_string_value(json_object_get(second->body, "title")), "t");
	/* The same again is the same. */
	assert_int_equal(merge(world, second,
			       "{\"nodes\":[{\"index\":1},{\"index\":0,\"address\":\"10.0.0.7\"}]}",
			       &third),
			 0);
	assert_true(json_equal(second->body, third->body));
	store_record_free(first);
	store_record_free(second);
	store_record_free(third);
}

static void test_merge_when_a_pool_is_named_then_its_port(void **state)
{
	struct world *world = *state;
	struct record *record;

	assert_int_equal(
		merge(world, NULL, "{\"nodes\":[{\"index\":0,\"pool\":\"web\"}]}", &record), 0);
	assert_int_equal(port_of(node(record, 0)), 443);
	store_record_free(record);
}

static void test_merge_when_it_cannot_be_then_told_why_and_where(void **state)
{
	static const struct {
		const char *body, *pointer;
	} cases[] = {
		{"{}", "/nodes"},
		{"{\"nodes\":[]}", "/nodes"},
		{"{\"nodes\":[1]}", "/nodes/0"},
		{"{\"nodes\":[{\"index\":0,\"forwards\":1}]}", "/nodes/0"},
		{"{\"nodes\":[{\"index\":0,\"address\":\"10.0.0.700\"}]}", "/nodes/0/address"},
		{"{\"nodes\":[{\"index\":0,\"pool\":\"none\"}]}", "/nodes/0/pool"},
		{"{\"nodes\":[{\"index\":0,\"address\":\"2001:db8::1\"}]}", "/nodes/0/pool"},
		{"{\"nodes\":[{\"index\":0,\"forwards\":[{\"name\":\"w\",\"port\":1,\"pool\":"
		 "\"web\"}]}]}",
		 "/nodes/0/forwards/0"},
		{"{\"nodes\":[{\"index\":0}],\"max_lifetime_s\":\"60\"}", "/max_lifetime_s"},
		{"{\"nodes\":[{\"index\":0}],\"max_lifetime_s\":1}", "/max_lifetime_s"},
		{"{\"nodes\":[{\"index\":0}],\"max_lifetime_s\":18446744074}", "/max_lifetime_s"},
		{"{\"nodes\":[{\"index\":0}],\"connect_within_s\":60}", "/connect_within_s"},
	};
	struct world *world = *state;
	struct record *record;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(merge(world, NULL, cases[i].body, &record), -EINVAL);
		assert_int_equal(world->problem.type, PROBLEM_INVALID);
		assert_string_equal(world->problem.errors[0].pointer, cases[i].pointer);
	}
}

static void test_merge_when_it_has_finished_then_its_linger_stays(void **state)
{
	struct world *world = *state;
	struct record *before, *after;

	assert_int_equal(merge(world, NULL, "{\"nodes\":[{\"index\":0}],\"linger_s\":60}", &before),
			 0);
	before->finished_ns = 50;
	assert_int_equal(
		merge(world, before, "{\"nodes\":[{\"index\":0}],\"linger_s\":61}", &after),
		-EINVAL);
	assert_int_equal(world->problem.type, PROBLEM_BUILD_DIFFERS);
	assert_string_equal(world->problem.errors[0].pointer, "/linger_s");
	assert_int_equal(
		merge(world, before, "{\"nodes\":[{\"index\":0}],\"linger_s\":60}", &after), 0);
	store_record_free(after);
	store_record_free(before);
}

static void test_merge_when_no_port_is_free_then_503(void **state)
{
	struct world *world = *state;
	struct record *record;

	for (unsigned int port = 60000; port <= 60003; port++)
		claim(world, port);
	assert_int_equal(merge(world, NULL, "{\"nodes\":[{\"index\":0}]}", &record), -ENOSPC);
	assert_int_equal(world->problem.type, PROBLEM_NO_PORTS);
}

static void test_merge_when_there_are_more_ports_than_operations_then_none_is_sought(void **state)
{
	struct world *world = *state;
	struct record *before, *after;

	assert_int_equal(merge(world, NULL, "{\"nodes\":[{\"index\":0},{\"index\":1}]}", &before),
			 0);
	world->config->fleet.txn_ops = 2;
	assert_int_equal(merge(world, NULL, "{\"nodes\":[{\"index\":0},{\"index\":1}]}", &after),
			 -E2BIG);
	assert_int_equal(
		merge(world, NULL,
		      "{\"nodes\":[{\"index\":0,\"forwards\":[{\"name\":\"v\",\"port\":1}]}]}",
		      &after),
		-E2BIG);
	assert_false(problem_is_set(&world->problem));
	/* What it has already is no more work. */
	assert_int_equal(merge(world, before,
			       "{\"nodes\":[{\"index\":0},{\"index\":1},{\"index\":2}]}", &after),
			 0);
	store_record_free(after);
	assert_int_equal(
		merge(world, before,
		      "{\"nodes\":[{\"index\":0},{\"index\":1,\"forwards\":[{\"name\":\"v\","
		      "\"port\":1}]},{\"index\":2}]}",
		      &after),
		-E2BIG);
	store_record_free(before);
}

static void test_merge_when_there_are_several_ranges_then_each_port_of_each_is_given(void **state)
{
	struct world *world = *state;
	struct config_public *public = &world->config->public.addresses[0];
	unsigned int seen = 0;
	struct record *record;

	public->nr_ports = 2;
	public->ports[0] = (struct config_range){.first = 60000, .last = 60000};
	public->ports[1] = (struct config_range){.first = 60002, .last = 60003};
	assert_int_equal(merge(world, NULL,
			       "{\"nodes\":[{\"index\":0},{\"index\":1},{\"index\":2}]}", &record),
			 0);
	for (size_t i = 0; i < 3; i++)
		seen |= 1U << (unsigned int)(port_of(node(record, i)) - 60000);
	assert_int_equal(seen, 0xd);
	store_record_free(record);
}

/* A record whose forward has no port is none of ours: it stays as it was. */
static void test_merge_when_ports_are_given_then_what_was_before_is_untouched(void **state)
{
	struct world *world = *state;
	json_t *body =
		json_loads("{\"nodes\":[{\"index\":0,\"public_port\":60000,\"public_address\":"
			   "\"192.0.2.1\",\"forwards\":[{\"name\":\"v\",\"port\":1}]}]}",
			   0, NULL);
	struct record before = {.body = json_deep_copy(body)}, *after;

	assert_int_equal(merge(world, &before, "{\"nodes\":[{\"index\":0}]}", &after), 0);
	assert_true(json_equal(before.body, body));
	store_record_free(after);
	json_decref(before.body);
	json_decref(body);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_merge_when_new_then_each_gets_a_port_that_is_free),
		CASE(test_merge_when_declared_before_then_ports_stay_and_the_rest_is_kept),
		CASE(test_merge_when_a_pool_is_named_then_its_port),
		CASE(test_merge_when_it_cannot_be_then_told_why_and_where),
		CASE(test_merge_when_it_has_finished_then_its_linger_stays),
		CASE(test_merge_when_no_port_is_free_then_503),
		CASE(test_merge_when_there_are_more_ports_than_operations_then_none_is_sought),
		CASE(test_merge_when_there_are_several_ranges_then_each_port_of_each_is_given),
		CASE(test_merge_when_ports_are_given_then_what_was_before_is_untouched),
	};

	return cmocka_run_group_tests_name("fleet_merge", tests, NULL, NULL);
}
