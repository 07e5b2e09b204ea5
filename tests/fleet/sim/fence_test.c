/* SPDX-License-Identifier: BSD-3-Clause */
/* Removals, and edges that are lost, in a fleet on virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "caller.h"
#include "check.h"
#include "host.h"
#include "scene.h"

#define STEP_NS	 (50 * NS_PER_MS)
#define TTL_NS	 (10 * NS_PER_S) /* of an edge, by default */
#define FENCE_NS (15 * NS_PER_S)

/* E2 is lost, and gets packets for a while. E1 begins behind that, and has never heard of it. */
static void test_removal_when_asked_of_one_that_begins_then_waits_for_the_lost(void **state)
{
	struct sim_world world;
	unsigned int one;

	scene_begin(&world, 1, 3);
	one = scene_put(&world, 1);
	sim_host_kill_fleet(world.host[2]);
	sim_host_kill_fleet(world.host[1]);
	sim_world_pass(&world, TTL_NS + NS_PER_S, SCENE_LOOK_NS);
	sim_host_start_fleet(world.host[1]);
	sim_world_pass(&world, NS_PER_S, STEP_NS);
	sim_caller_ask(world.caller, 1, SIM_DELETE, one, 0);
	sim_world_pass(&world, FENCE_NS - TTL_NS - 2 * NS_PER_S, STEP_NS);
	assert_int_equal(sim_caller_waiting(world.caller), 1);
	sim_world_pass(&world, FENCE_NS, SCENE_LOOK_NS);
	assert_int_equal(sim_caller_waiting(world.caller), 0);
	assert_int_equal(world.ledger.answered[204], 1);
	sim_host_start_fleet(world.host[2]);
	scene_end(&world, "an edge that begins");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_removal_when_asked_of_one_that_begins_then_waits_for_the_lost),
	};

	return cmocka_run_group_tests_name("fleet_sim_fence", tests, NULL, NULL);
}
