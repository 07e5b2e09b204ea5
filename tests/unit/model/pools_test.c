/* SPDX-License-Identifier: BSD-3-Clause */
/* Builds that say from which pool a port shall come: 16 ports of default, 443 and 8443 of https. */
#include "model/pools.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

static int set_up(void **state)
{
	struct world *world = malloc(sizeof(*world));
	struct model_public *https;

	world_init(world, 16);
	https = &world->settings.publics[world->settings.nr_publics++];
	https->bind = world_addr("192.0.2.2");
	strcpy(https->advertise, "192.0.2.2");
	strcpy(https->pool, "https");
	https->ranges[https->nr_ranges++] = (struct model_range){443, 443};
	https->ranges[https->nr_ranges++] = (struct model_range){8443, 8443};
	world_start(world, ":memory:");
	*state = world;
	return 0;
}

/* PUT of one node with these pools, "" for none; forward NULL: no forward called vnc. */
static int put(struct world *world, const char *id, const char *address, const char *pool,
	       const char *forward)
{
	struct edge_result result;
	struct build_spec spec;
	int error;

	world_spec(&spec, id, 1, &address);
	strcpy(spec.nodes[0].pool, pool);
	if (forward) {
		struct forward_spec *vnc = model_build_spec_node_spec_add_forward(&spec.nodes[0]);

		strcpy(vnc->name, "vnc");
		vnc->port = 5901;
		vnc->protocol_mask = SP_PROTOCOL_TCP;
		strcpy(vnc->pool, forward);
	}
	error = world_put_spec(world, &spec, &result);
	model_build_spec_free(&spec);
	return error;
}

static const char *pool_of(const struct world *world, const char *id, unsigned int i)
{
	const struct node *node = model_build_node(world_get(world, id), 0);

	return model_pools_name(&world->settings, node->forwards[i].public_index);
}

static void test_put_when_pool_is_named_then_ports_come_from_it(void **state)
{
	struct world *world = *state;

	assert_int_equal(put(world, "none", "10.0.0.1", "", NULL), 0);
	assert_string_equal(pool_of(world, "none", 0), "default");
	assert_int_equal(put(world, "both", "10.0.0.2", "https", ""), 0);
	assert_string_equal(pool_of(world, "both", 0), "https");
	assert_string_equal(pool_of(world, "both", 1), "https");
	assert_int_equal(put(world, "more", "10.0.0.3", "https", NULL), -ENOSPC);
	assert_int_equal(world->problem.type, PROBLEM_NO_PORTS);
	assert_non_null(strstr(world->problem.detail, "https"));
}

static void test_put_when_a_forward_names_another_then_each_has_its_own(void **state)
{
	struct world *world = *state;

	assert_int_equal(put(world, "a", "10.0.0.1", "default", "https"), 0);
	assert_string_equal(pool_of(world, "a", 0), "default");
	assert_string_equal(pool_of(world, "a", 1), "https");
}

static void test_put_when_bound_later_then_port_stays(void **state)
{
	struct world *world = *state;
	uint16_t port;

	assert_int_equal(put(world, "a", "", "https", NULL), 0);
	port = world_ssh(world_get(world, "a"), 0)->public_port;
	assert_string_equal(pool_of(world, "a", 0), "https");
	assert_int_equal(put(world, "a", "10.0.0.1", "", ""), 0);
	assert_int_equal(world_ssh(world_get(world, "a"), 0)->public_port, port);
	assert_string_equal(pool_of(world, "a", 1), "https");
	world_restart(world);
	assert_int_equal(world_ssh(world_get(world, "a"), 0)->public_port, port);
	assert_int_equal(put(world, "a", "10.0.0.1", "default", NULL), -EEXIST);
	assert_int_equal(world->problem.type, PROBLEM_BUILD_DIFFERS);
	assert_string_equal(world->problem.errors[0].pointer, "/nodes/0/pool");
}

static void test_put_when_pool_is_unknown_then_named(void **state)
{
	struct world *world = *state;

	assert_int_equal(put(world, "a", "10.0.0.1", "nowhere", NULL), -EINVAL);
	assert_string_equal(world->problem.errors[0].pointer, "/nodes/0/pool");
	assert_int_equal(put(world, "a", "10.0.0.1", "", "nowhere"), -EINVAL);
	assert_string_equal(world->problem.errors[0].pointer, "/nodes/0/forwards/0/pool");
	assert_null(edge_get(world->edge, "a"));
}

static void test_put_when_one_pool_is_low_then_its_event_alone(void **state)
{
	struct world *world = *state;

	assert_int_equal(put(world, "a", "10.0.0.1", "https", ""), 0);
	assert_int_equal(world_count_events(world, "", EVENT_POOL_LOW), 1);
	assert_int_equal(put(world, "b", "10.0.0.2", "", NULL), 0);
	world_restart(world);
	assert_int_equal(put(world, "c", "10.0.0.3", "", NULL), 0);
	assert_int_equal(world_count_events(world, "", EVENT_POOL_LOW), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_put_when_pool_is_named_then_ports_come_from_it,
						set_up, world_tear_down),
		cmocka_unit_test_setup_teardown(
			test_put_when_a_forward_names_another_then_each_has_its_own, set_up,
			world_tear_down),
		cmocka_unit_test_setup_teardown(test_put_when_bound_later_then_port_stays, set_up,
						world_tear_down),
		cmocka_unit_test_setup_teardown(test_put_when_pool_is_unknown_then_named, set_up,
						world_tear_down),
		cmocka_unit_test_setup_teardown(test_put_when_one_pool_is_low_then_its_event_alone,
						set_up, world_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
