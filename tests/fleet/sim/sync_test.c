/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole sets, and batches of builds, in a fleet on virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "caller.h"
#include "check.h"
#include "net.h"
#include "scene.h"

static unsigned int say(struct sim_world *world, unsigned int host, const unsigned int *promises,
			unsigned int nr)
{
	sim_caller_sync(world->caller, host, promises, nr);
	for (unsigned int i = 0; i < 400 && !sim_caller_synced(world->caller); i++)
		sim_world_pass(world, 50 * NS_PER_MS, 5 * NS_PER_MS);
	return sim_caller_synced(world->caller);
}

static void heal(struct sim_world *world)
{
	memset(sim_net.full, 0, sizeof(sim_net.full));
	*sim_net.stuck = '\0';
	sim_world_pass(world, 15 * NS_PER_S, SCENE_LOOK_NS);
}

/* Whoever asks again hears the same, as long as it is so. */
static void test_sync_when_an_edge_hangs_then_not_confirmed_also_if_said_again(void **state)
{
	struct sim_world world;
	unsigned int first, set[2];

	scene_begin(&world, 6, 3);
	first = scene_put(&world, 3);
	set[0] = first;
	set[1] = first + 1;
	sim_host_kill_daemon(world.host[2]);
	assert_int_equal(say(&world, 0, set, 2), 202);
	assert_int_equal(say(&world, 0, set, 2), 202);
	assert_int_equal(say(&world, 1, set, 2), 202);
	sim_host_start_daemon(world.host[2]);
	assert_true(sim_world_settle(&world, SCENE_SETTLE_NS));
	assert_int_equal(say(&world, 0, set, 2), 200);
	scene_end(&world, "a sync that is said again");
}

static void test_sync_when_this_edge_has_no_room_then_not_done_before_all_is_here(void **state)
{
	struct sim_world world;
	unsigned int one;

	scene_begin(&world, 7, 2);
	sim_net.full[1] = true;
	one = sim_caller_put(world.caller, 0, 1, 3600, 5);
	sim_world_pass(&world, 5 * NS_PER_S, SCENE_LOOK_NS);
	assert_true(world.ledger.promise[one].acknowledged);
	assert_int_equal(say(&world, 1, &one, 1), 503);
	heal(&world);
	assert_int_equal(say(&world, 1, &one, 1), 200);
	scene_end(&world, "a sync at an edge without room");
}

/* They have one revision, which is done when both are. */
static void test_sync_when_it_ends_two_then_not_confirmed_before_both_have_ended(void **state)
{
	struct sim_world world;
	unsigned int first;

	scene_begin(&world, 8, 2);
	first = scene_put(&world, 2);
	sim_net.full[1] = true;
	snprintf(sim_net.stuck, sizeof(sim_net.stuck), "%s", world.ledger.promise[first + 1].id);
	assert_int_equal(say(&world, 0, NULL, 0), 202);
	heal(&world);
	assert_int_equal(say(&world, 0, NULL, 0), 200);
	scene_end(&world, "a sync that ends two");
}

/* An edge that had no room, and whose batches became short, makes long ones again. */
static void test_batches_when_there_is_room_again_then_builds_go_together(void **state)
{
	struct sim_world world;

	scene_begin(&world, 9, 2);
	sim_net.full[1] = true;
	for (unsigned int i = 0; i < 10; i++)
		sim_caller_put(world.caller, 0, i, 12 * 3600, 5);
	sim_world_pass(&world, 5 * NS_PER_S, SCENE_LOOK_NS);
	heal(&world);
	sim_net.nr_puts[1] = 0;
	for (unsigned int i = 10; i < 40; i++)
		sim_caller_put(world.caller, 0, i, 12 * 3600, 5);
	sim_world_pass(&world, 5 * NS_PER_S, SCENE_LOOK_NS);
	print_message("# one by one: %u of 30\n", sim_net.nr_puts[1]);
	assert_in_range(sim_net.nr_puts[1], 0, 10);
	scene_end(&world, "an edge that has room again");
}

/* Declared anew by an id that every edge has cancelled and forgotten once, then cut in need. */
static void test_cut_when_the_id_was_there_before_then_the_store_is_told(void **state)
{
	struct sim_world world;
	unsigned int first;

	scene_begin(&world, 10, 2);
	first = scene_put(&world, 4);
	say(&world, 0, NULL, 0);
	sim_world_pass(&world, 90 * NS_PER_S, SCENE_LOOK_NS);
	for (unsigned int i = 0; i < 4; i++) {
		world.ledger.promise[first + i].removed = false;
		world.ledger.promise[first + i].port = 0;
		world.ledger.promise[first + i].acknowledged = false;
		sim_caller_put_again(world.caller, 0, first + i);
	}
	sim_world_pass(&world, 5 * NS_PER_S, SCENE_LOOK_NS);
	scene_judge(&world, "an id that was there before");
	sim_caller_ask(world.caller, 0, SIM_CUT, first + 2, 0);
	sim_caller_ask(world.caller, 1, SIM_CUT, first + 3, 0);
	sim_world_pass(&world, 5 * NS_PER_S, SCENE_LOOK_NS);
	assert_false(sim_check_is_open(&world.ledger.promise[first + 2]));
	assert_false(sim_check_is_open(&world.ledger.promise[first + 3]));
	scene_end(&world, "an id that was there before");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_sync_when_an_edge_hangs_then_not_confirmed_also_if_said_again),
		cmocka_unit_test(
			test_sync_when_this_edge_has_no_room_then_not_done_before_all_is_here),
		cmocka_unit_test(
			test_sync_when_it_ends_two_then_not_confirmed_before_both_have_ended),
		cmocka_unit_test(test_batches_when_there_is_room_again_then_builds_go_together),
		cmocka_unit_test(test_cut_when_the_id_was_there_before_then_the_store_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
