/* SPDX-License-Identifier: BSD-3-Clause */
/* Public ports that a spec names. */
#include "edge/edge.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "world.h"

static void test_put_when_a_port_is_named_then_it_is_that_one(void **state)
{
	static const char *const one[] = {"10.0.0.1"};
	static const char *const two[] = {"10.0.0.2"};
	struct world *world = *state;
	struct edge_result result;
	struct build_spec spec;
	uint16_t port;

	assert_int_equal(world_put(world, "first", "10.0.0.9"), 0);
	port = world_ssh(world_get(world, "first"), 0)->public_port;
	port = port == world->settings.publics[0].ranges[0].first ? port + 1 : port - 1;
	world_spec(&spec, "a", 1, one);
	spec.nodes[0].public_port = port;
	spec.nodes[0].has_public_address = true;
	spec.nodes[0].public_address = world->settings.publics[0].bind;
	assert_int_equal(world_put_spec(world, &spec, &result), 0);
	assert_int_equal(world_ssh(result.build, 0)->public_port, port);
	/* The same again moves nothing, another one is refused. */
	assert_int_equal(world_put_spec(world, &spec, &result), 0);
	assert_int_equal(result.change, EDGE_UNCHANGED);
	spec.nodes[0].public_port++;
	assert_int_equal(world_put_spec(world, &spec, &result), -EEXIST);
	assert_int_equal(world->problem.type, PROBLEM_BUILD_DIFFERS);
	assert_string_equal(world->problem.errors[0].pointer, "/nodes/0/public_port");
	model_build_spec_free(&spec);
	world_spec(&spec, "b", 1, two);
	spec.nodes[0].public_port = port;
	assert_int_equal(world_put_spec(world, &spec, &result), -EEXIST);
	assert_int_equal(world->problem.type, PROBLEM_PORT_IN_USE);
	assert_string_equal(world->problem.errors[0].pointer, "/nodes/0/public_port");
	assert_null(world_endpoint(world, "10.0.0.2", 22));
	/* In quarantine it is not free, either. */
	assert_int_equal(world_cancel(world, "a", &result), 0);
	assert_int_equal(world_put_spec(world, &spec, &result), -EEXIST);
	world_pass(world, 10 * MINUTE);
	assert_int_equal(world_put_spec(world, &spec, &result), 0);
	assert_int_equal(world_ssh(result.build, 0)->public_port, port);
	model_build_spec_free(&spec);
}

static void test_put_when_a_port_is_none_of_the_pool_then_400(void **state)
{
	static const char *const addresses[] = {"10.0.0.1"};
	struct world *world = *state;
	struct edge_result result;
	struct build_spec spec;

	world_spec(&spec, "a", 1, addresses);
	spec.nodes[0].public_port = 1;
	assert_int_equal(world_put_spec(world, &spec, &result), -EINVAL);
	assert_int_equal(world->problem.type, PROBLEM_INVALID);
	assert_string_equal(world->problem.errors[0].pointer, "/nodes/0/public_port");
	spec.nodes[0].public_port = world->settings.publics[0].ranges[0].first;
	spec.nodes[0].has_public_address = true;
	spec.nodes[0].public_address = spec.nodes[0].address;
	assert_int_equal(world_put_spec(world, &spec, &result), -EINVAL);
	model_build_spec_free(&spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_CASE(test_put_when_a_port_is_named_then_it_is_that_one),
		WORLD_CASE(test_put_when_a_port_is_none_of_the_pool_then_400),
	};

	return cmocka_run_group_tests_name("edge_named_port", tests, NULL, NULL);
}
