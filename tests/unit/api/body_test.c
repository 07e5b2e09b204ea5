/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/body/body.h"
#include "edge/edge.h"
#include "host/addr.h"
#include "model/clock.h"

static int read_build(const char *text, struct build_spec *spec, struct problem *problem)
{
	model_build_spec_init(spec);
	json_problem_clear(problem);
	return body_read_build(text, strlen(text), spec, problem);
}

/* The body of the design document. */
static const char full[] =
	"{ \"title\": \"acme/api#48121\", \"user\": \"ubuntu\","
	"  \"nodes\": [ { \"index\": 0, \"address\": \"10.0.3.7\", \"port\": 22,"
	"                 \"host_keys\": [\"ssh-ed25519 AAAAC3Nz\"],"
	"                 \"forwards\": [ { \"name\": \"vnc\", \"port\": 5901 },"
	"                                 { \"name\": \"mosh\", \"port\": 60001, \"protocol\": "
	"\"udp\" } ] },"
	"               { \"index\": 1, \"address\": \"2001:db8::8\" }, { \"index\": 7 } ],"
	"  \"allow\": [\"203.0.113.0/24\", \"2001:db8::/32\"], \"supersede\": true, \"linger_s\": "
	"1800,"
	"  \"max_lifetime_s\": 21600, \"connect_within_s\": 0,"
	"  \"actors\": [\"alice\"], \"organisation\": \"acme\","
	"  \"keys_as_of\": \"2026-11-23T12:00:03Z\", \"key_fingerprints\": [\"SHA256:x\"] }";

static void check_nodes(const struct build_spec *spec)
{
	char text[ADDR_TEXT_BYTES];

	assert_int_equal(spec->nr_nodes, 3);
	assert_string_equal(addr_format(&spec->nodes[0].address, text), "10.0.3.7");
	assert_int_equal(spec->nodes[0].port, 22);
	assert_string_equal(spec->nodes[0].host_keys.item[0], "ssh-ed25519 AAAAC3Nz");
	assert_int_equal(spec->nodes[0].nr_forwards, 2);
	assert_string_equal(spec->nodes[0].forwards[0].name, "vnc");
	assert_int_equal(spec->nodes[0].forwards[0].protocol_mask, SP_PROTOCOL_TCP);
	assert_int_equal(spec->nodes[0].forwards[1].protocol_mask, SP_PROTOCOL_UDP);
	assert_string_equal(addr_format(&spec->nodes[1].address, text), "2001:db8::8");
	assert_int_equal(spec->nodes[1].port, 0);
	assert_int_equal(spec->nodes[2].index, 7);
	assert_false(spec->nodes[2].has_address);
}

static void test_read_build_when_full_then_fills_the_spec(void **state)
{
	struct build_spec spec;
	struct problem problem;

	assert_int_equal(read_build(full, &spec, &problem), 0);
	assert_string_equal(spec.title, "acme/api#48121");
	assert_string_equal(spec.user, "ubuntu");
	assert_string_equal(spec.organisation, "acme");
	assert_int_equal(spec.actors.nr, 1);
	assert_int_equal(spec.key_fingerprints.nr, 1);
	assert_true(spec.keys_as_of_wall_ns == 1795435203 * CLOCK_SECOND_NS);
	assert_int_equal(spec.nr_allow, 2);
	assert_int_equal(addr_prefix_length(&spec.allow[0]), 24);
	assert_true(spec.supersede);
	assert_true(spec.linger_ns == 1800 * CLOCK_SECOND_NS);
	assert_true(spec.max_lifetime_ns == 21600 * CLOCK_SECOND_NS);
	assert_true(spec.connect_within_ns == 0);
	check_nodes(&spec);
	model_build_spec_free(&spec);
}

static void test_read_build_when_least_then_leaves_defaults(void **state)
{
	struct build_spec spec;
	struct problem problem;

	assert_int_equal(read_build("{\"nodes\":[{\"index\":0}]}", &spec, &problem), 0);
	assert_null(spec.title);
	assert_null(spec.user);
	assert_true(spec.linger_ns == BUILD_DEFAULT);
	assert_true(spec.max_lifetime_ns == BUILD_DEFAULT);
	assert_true(spec.connect_within_ns == BUILD_DEFAULT);
	assert_true(spec.keys_as_of_wall_ns == BUILD_DEFAULT);
	assert_true(spec.finished_wall_ns == BUILD_DEFAULT);
	assert_int_equal(spec.nr_allow, 0);
	model_build_spec_free(&spec);
}

static const struct {
	const char *body;
	const char *pointer;
} mistakes[] = {
	{"{}", "/nodes"},
	{"{\"nodes\":[]}", "/nodes"},
	{"{\"nodes\":[{}]}", "/nodes/0/index"},
	{"{\"nodes\":[{\"index\":65536}]}", "/nodes/0/index"},
	{"{\"nodes\":[{\"index\":0,\"address\":\"10.0.3\"}]}", "/nodes/0/address"},
	{"{\"nodes\":[{\"index\":0,\"address\":\"10.0.3.7/32\"}]}", "/nodes/0/address"},
	{"{\"nodes\":[{\"index\":0,\"address\":\"::ffff:10.0.3.7\"}]}", "/nodes/0/address"},
	{"{\"nodes\":[{\"index\":0,\"port\":0}]}", "/nodes/0/port"},
	{"{\"nodes\":[{\"index\":0,\"port\":65536}]}", "/nodes/0/port"},
	{"{\"nodes\":[{\"index\":0,\"addres\":\"10.0.3.7\"}]}", "/nodes/0/addres"},
	{"{\"nodes\":[{\"index\":0,\"host_keys\":[\"ssh-ed25519\"]}]}", "/nodes/0/host_keys/0"},
	{"{\"nodes\":[{\"index\":0,\"host_keys\":[\"@revoked * ssh-rsa A\"]}]}",
	 "/nodes/0/host_keys/0"},
	{"{\"nodes\":[{\"index\":0,\"host_keys\":[\"ssh-rsa A\\n* ssh-rsa B\"]}]}",
	 "/nodes/0/host_keys/0"},
	{"{\"nodes\":[{\"index\":0,\"forwards\":[{\"name\":\"ssh\",\"port\":1}]}]}",
	 "/nodes/0/forwards/0/name"},
	{"{\"nodes\":[{\"index\":0,\"forwards\":[{\"name\":\"a b\",\"port\":1}]}]}",
	 "/nodes/0/forwards/0/name"},
	{"{\"nodes\":[{\"index\":0,\"forwards\":[{\"name\":\"a\",\"port\":1,\"protocol\":\"sctp\"}]"
	 "}]}",
	 "/nodes/0/forwards/0/protocol"},
	{"{\"nodes\":[{\"index\":0}],\"user\":\"a;rm -rf ~\"}", "/user"},
	{"{\"nodes\":[{\"index\":0}],\"user\":\"-oProxyCommand=x\"}", "/user"},
	{"{\"nodes\":[{\"index\":0}],\"user\":\"$(id)\"}", "/user"},
	{"{\"nodes\":[{\"index\":0}],\"user\":\"-l\"}", "/user"},
	{"{\"nodes\":[{\"index\":0}],\"title\":\"\"}", "/title"},
	{"{\"nodes\":[{\"index\":0}],\"title\":\"a\\u001b[2J\"}", "/title"},
	{"{\"nodes\":[{\"index\":0}],\"allow\":[\"203.0.113.1/24\"]}", "/allow/0"},
	{"{\"nodes\":[{\"index\":0}],\"allow\":[\"203.0.113.0/33\"]}", "/allow/0"},
	{"{\"nodes\":[{\"index\":0}],\"linger_s\":-1}", "/linger_s"},
	{"{\"nodes\":[{\"index\":0}],\"linger_s\":9223372036854775807}", "/linger_s"},
	{"{\"nodes\":[{\"index\":0}],\"max_lifetime_s\":0}", "/max_lifetime_s"},
	{"{\"nodes\":[{\"index\":0}],\"keys_as_of\":\"yesterday\"}", "/keys_as_of"},
	{"{\"nodes\":[{\"index\":0}],\"id\":\"7\"}", "/id"},
	{"{\"nodes\":[{\"index\":0}],\"finished_at\":\"2026-11-23T12:00:03Z\"}", "/finished_at"},
};

static void test_read_build_when_one_thing_is_wrong_then_names_it(void **state)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct build_spec spec;
		struct problem problem;

		print_message("# %s\n", mistakes[i].body);
		assert_int_equal(read_build(mistakes[i].body, &spec, &problem), -EINVAL);
		assert_int_equal(problem.nr_errors, 1);
		assert_string_equal(problem.errors[0].pointer, mistakes[i].pointer);
		model_build_spec_free(&spec);
	}
}

static void test_read_build_when_a_prefix_has_an_address_then_the_network_is_named(void **state)
{
	struct build_spec spec;
	struct problem problem;

	assert_int_equal(read_build("{\"nodes\":[{\"index\":0}],\"allow\":[\"198.51.100.7/24\"]}",
				    &spec, &problem),
			 -EINVAL);
	assert_string_equal(problem.errors[0].detail,
			    "must be a prefix without bits set behind its length, such as "
			    "198.51.100.0/24, not \"198.51.100.7/24\"");
	model_build_spec_free(&spec);
}

static void test_read_finish_when_no_body_then_means_now(void **state)
{
	struct problem problem;
	uint64_t wall_ns = 0;

	json_problem_clear(&problem);
	assert_int_equal(body_read_finish("", 0, &wall_ns, &problem), 0);
	assert_true(wall_ns == BUILD_DEFAULT);
	assert_int_equal(body_read_finish("{\"finished_at\":\"2026-11-23T12:00:03Z\"}", 38,
					  &wall_ns, &problem),
			 0);
	assert_true(wall_ns == 1795435203 * CLOCK_SECOND_NS);
}

static void test_read_extend_when_not_exactly_one_then_refuses(void **state)
{
	static const struct {
		const char *body;
		int result;
	} bodies[] = {
		{"{\"by_s\":1800}", 0},
		{"{\"until\":\"2026-11-23T12:00:03Z\"}", 0},
		{"{}", -EINVAL},
		{"", -EINVAL},
		{"{\"by_s\":0}", -EINVAL},
		{"{\"by_s\":1,\"until\":\"2026-11-23T12:00:03Z\"}", -EINVAL},
	};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct edge_extension extension;
		struct problem problem;

		json_problem_clear(&problem);
		assert_int_equal(body_read_extend(bodies[i].body, strlen(bodies[i].body),
						  &extension, &problem),
				 bodies[i].result);
		assert_int_equal(problem_is_set(&problem), bodies[i].result != 0);
	}
}

static void test_read_sync_when_a_build_is_wrong_then_points_into_the_set(void **state)
{
	static const char body[] = "{\"builds\":[{\"id\":\"a\",\"nodes\":[{\"index\":0}]},"
				   "{\"id\":\".b\",\"nodes\":[{\"index\":0,\"port\":0}]}]}";
	struct problem problem;
	struct api_sync sync;

	json_problem_clear(&problem);
	assert_int_equal(body_read_sync(body, strlen(body), &sync, &problem), -EINVAL);
	assert_int_equal(problem.nr_errors, 2);
	assert_string_equal(problem.errors[0].pointer, "/builds/1/id");
	assert_string_equal(problem.errors[1].pointer, "/builds/1/nodes/0/port");
}

static void test_read_sync_when_well_then_fills_all_specs(void **state)
{
	static const char body[] = "{\"builds\":[{\"id\":\"a\",\"nodes\":[{\"index\":0}]},"
				   "{\"id\":\"b\",\"nodes\":[{\"index\":0},{\"index\":1}],"
				   "\"finished_at\":\"2026-11-23T12:00:03Z\"}],"
				   "\"dry_run\":true,\"generation\":0}";
	struct problem problem;
	struct api_sync sync;

	json_problem_clear(&problem);
	assert_int_equal(body_read_sync(body, strlen(body), &sync, &problem), 0);
	assert_int_equal(sync.nr_specs, 2);
	assert_string_equal(sync.specs[0].id, "a");
	assert_int_equal(sync.specs[1].nr_nodes, 2);
	assert_true(sync.specs[1].finished_wall_ns == 1795435203 * CLOCK_SECOND_NS);
	assert_true(sync.dry_run);
	assert_false(sync.allow_empty);
	assert_int_equal(sync.generation, 0);
	body_sync_free(&sync);
}

static void test_read_sync_when_partial_then_may_cancel(void **state)
{
	static const char partial[] = "{\"builds\":[],\"partial\":true,\"cancel\":[\"a\",\"b\"]}";
	static const char whole[] = "{\"builds\":[],\"cancel\":[\"a\"]}";
	struct problem problem;
	struct api_sync sync;

	json_problem_clear(&problem);
	assert_int_equal(body_read_sync(partial, strlen(partial), &sync, &problem), 0);
	assert_true(sync.partial);
	assert_int_equal(sync.nr_cancel, 2);
	assert_string_equal(sync.cancel[1], "b");
	body_sync_free(&sync);
	assert_int_equal(body_read_sync(whole, strlen(whole), &sync, &problem), -EINVAL);
	assert_string_equal(problem.errors[0].pointer, "/cancel");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_build_when_full_then_fills_the_spec),
		cmocka_unit_test(test_read_build_when_least_then_leaves_defaults),
		cmocka_unit_test(test_read_build_when_one_thing_is_wrong_then_names_it),
		cmocka_unit_test(
			test_read_build_when_a_prefix_has_an_address_then_the_network_is_named),
		cmocka_unit_test(test_read_finish_when_no_body_then_means_now),
		cmocka_unit_test(test_read_extend_when_not_exactly_one_then_refuses),
		cmocka_unit_test(test_read_sync_when_a_build_is_wrong_then_points_into_the_set),
		cmocka_unit_test(test_read_sync_when_well_then_fills_all_specs),
		cmocka_unit_test(test_read_sync_when_partial_then_may_cancel),
	};

	return cmocka_run_group_tests_name("api-body", tests, NULL, NULL);
}
