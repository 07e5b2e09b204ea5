/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/edge.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/table_map.h"
#include "world.h"

static void test_restart_when_leases_live_then_slots_are_left_alone(void **state)
{
	static const char *const addresses[] = {"10.0.0.1"};
	struct world *world = *state;
	struct edge_result result;
	struct build_spec spec;
	struct sp_slot before;
	uint32_t slot_index;

	world_spec(&spec, "a", 1, addresses);
	world_allow(&spec, "203.0.113.0/24");
	assert_int_equal(world_put_spec(world, &spec, &result), 0);
	slot_index = world_ssh(result.build, 0)->slot_index;
	before = world->table->leases[slot_index];
	world_restart(world);
	assert_memory_equal(&before, &world->table->leases[slot_index], sizeof(before));
	assert_int_equal(world_put_spec(world, &spec, &result), 0);
	assert_int_equal(result.change, EDGE_UNCHANGED);
	model_build_spec_free(&spec);
}

static void test_restart_when_table_holds_a_foreign_lease_then_it_ends(void **state)
{
	struct world *world = *state;
	struct sp_slot foreign;
	uint32_t slot_index;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	slot_index = world_ssh(world_get(world, "a"), 0)->slot_index;
	foreign = world->table->leases[slot_index];
	foreign.vm_addr = world_addr("10.0.0.9");
	world->table->leases[slot_index + 1] = foreign;
	world->table->leases[slot_index].vm_port_be = 0x1234;
	world_restart(world);
	assert_int_equal(world->table->leases[slot_index + 1].state, SP_SLOT_FREE);
	assert_int_equal(world->table->leases[slot_index].state, SP_SLOT_LIVE);
	assert_ptr_equal(world_endpoint(world, "10.0.0.1", 22), &world->table->leases[slot_index]);
	assert_null(world_endpoint(world, "10.0.0.9", 22));
}

/* Killed between the journal and the table. */
static void test_restart_when_a_deadline_was_not_published_then_it_is(void **state)
{
	static const char *const addresses[] = {"10.0.0.1", ""};
	struct world *world = *state;
	struct edge_result result;
	struct build_spec spec;

	world_spec(&spec, "a", 2, addresses);
	assert_int_equal(world_put_spec(world, &spec, &result), 0);
	model_build_spec_free(&spec);
	for (unsigned int i = 0; i < 2; i++)
		world->table->leases[world_ssh(result.build, i)->slot_index].deadline_ns += HOUR;
	world_restart(world);
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(
			world_slot(world, world_ssh(world_get(world, "a"), i))->deadline_ns,
			world_get(world, "a")->deadline_ns);
}

static void test_restart_when_public_address_is_gone_then_its_sessions_end(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	world->settings.publics[0].bind = world_addr("192.0.2.2");
	world_restart(world);
	assert_int_equal(world_get(world, "a")->reason, SESSION_CANCELLED);
	assert_null(world_endpoint(world, "10.0.0.1", 22));
	assert_int_equal(world_put(world, "b", "10.0.0.1"), 0);
	world_pass(world, 11 * MINUTE);
	assert_null(edge_get(world->edge, "a"));
}

static void test_restart_when_port_is_taken_out_of_the_pool_then_its_session_goes_on(void **state)
{
	struct world *world = *state;
	uint16_t port;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	port = world_ssh(world_get(world, "a"), 0)->public_port;
	world->settings.publics[0].ranges[0] = (struct model_range){50000, 50001};
	world_restart(world);
	assert_int_equal(world_get(world, "a")->state, SESSION_RUNNING);
	assert_int_equal(world_ssh(world_get(world, "a"), 0)->public_port, port);
	assert_non_null(world_endpoint(world, "10.0.0.1", 22));
	world_pass(world, 25 * HOUR);
	assert_null(edge_get(world->edge, "a"));
	assert_int_equal(world->table->leases[port].state, SP_SLOT_FREE);
}

/* A connection journaled under a generation is not taken for one of a later lease. */
static void test_reboot_when_the_table_is_new_then_no_generation_comes_again(void **state)
{
	struct world *world = *state;
	uint32_t before;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(world_put(world, "b", "10.0.0.2"), 0);
	before = world_slot(world, world_ssh(world_get(world, "b"), 0))->generation;
	for (unsigned int i = 0; i < 3; i++) {
		const struct sp_slot *slot;

		world_reboot(world, SECOND);
		slot = world_slot(world, world_ssh(world_get(world, "a"), 0));
		assert_true(slot->generation > before);
		before = world_slot(world, world_ssh(world_get(world, "b"), 0))->generation;
		assert_true(before > slot->generation);
	}
}

struct drain {
	unsigned int nr_begun;
	bool is_over;
};

static int drain(void *context, enum edge_drain_step step)
{
	struct drain *drain = context;

	if (step == EDGE_DRAIN_BEGIN)
		drain->nr_begun++;
	return step == EDGE_DRAIN_POLL && drain->is_over ? 0 : -EAGAIN;
}

/* However long its quarantine was; a later end is not over by an earlier wait. */
static void test_slot_when_readers_are_not_drained_then_kept(void **state)
{
	struct world *world = *state;
	struct drain drained = {0};
	const struct sp_slot *slot;
	struct edge_result result;

	edge_expire_set_drain(world->edge, drain, &drained);
	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(world_put(world, "b", "10.0.0.2"), 0);
	slot = world_slot(world, world_ssh(world_get(world, "a"), 0));
	assert_int_equal(world_cancel(world, "a", &result), 0);
	world_pass(world, 60 * MINUTE);
	assert_int_equal(drained.nr_begun, 1);
	assert_int_equal(slot->state, SP_SLOT_ENDED);
	assert_int_equal(world_cancel(world, "b", &result), 0);
	drained.is_over = true;
	world_pass(world, 2 * SECOND);
	assert_int_equal(slot->state, SP_SLOT_FREE);
	assert_null(edge_get(world->edge, "a"));
	drained.is_over = false;
	world_pass(world, 60 * MINUTE);
	assert_int_equal(drained.nr_begun, 2);
	assert_non_null(edge_get(world->edge, "b"));
	drained.is_over = true;
	world_pass(world, 2 * SECOND);
	assert_null(edge_get(world->edge, "b"));
}

static void test_reboot_when_deadline_is_ahead_then_same_port_and_time_left(void **state)
{
	struct world *world = *state;
	const struct build *build;
	uint16_t port;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(world_put(world, "b", "10.0.0.2"), 0);
	assert_int_equal(world_finish(world, "a", BUILD_DEFAULT), 0);
	assert_int_equal(world_finish(world, "b", world->now.wall_ns - 25 * MINUTE), 0);
	port = world_ssh(world_get(world, "a"), 0)->public_port;
	world_reboot(world, 10 * MINUTE);
	build = world_get(world, "a");
	assert_int_equal(world_ssh(build, 0)->public_port, port);
	assert_int_equal(build->deadline_ns, world->now.boot_ns + 20 * MINUTE);
	assert_int_equal(world_slot(world, world_ssh(build, 0))->state, SP_SLOT_LIVE);
	assert_int_equal(world_slot(world, world_ssh(build, 0))->deadline_ns, build->deadline_ns);
}

static void test_reboot_when_in_use_then_extension_keeps_its_cap(void **state)
{
	struct world *world = *state;
	uint64_t deadline_ns;

	/* The configured lifetime leaves less than max_extension, but more than this cap. */
	world->settings.max_lifetime_ns = HOUR;
	world->settings.extend_step_ns = 15 * MINUTE;
	world->settings.extend_cap_ns = 20 * MINUTE;
	world_restart(world);
	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(world_finish(world, "a", BUILD_DEFAULT), 0);
	world_reboot(world, 0);
	deadline_ns = world_get(world, "a")->deadline_ns;
	for (unsigned int i = 0; i < 45; i++) {
		edge_notes_used(world->edge, world_ssh(world_get(world, "a"), 0)->slot_index,
				world->now.boot_ns);
		world_pass(world, MINUTE);
	}
	assert_int_equal(world_get(world, "a")->deadline_ns, deadline_ns + 20 * MINUTE);
}

static void test_reboot_when_deadline_has_passed_then_ended_in_quarantine(void **state)
{
	struct world *world = *state;
	struct ports_figures figures;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(world_finish(world, "a", BUILD_DEFAULT), 0);
	world_reboot(world, 40 * MINUTE);
	assert_int_equal(world_get(world, "a")->reason, SESSION_EXPIRED);
	assert_int_equal(world_slot(world, world_ssh(world_get(world, "a"), 0))->state,
			 SP_SLOT_ENDED);
	assert_int_equal(edge_pool_figures(world->edge, 0, &figures), 0);
	assert_int_equal(figures.quarantined, 1);
	assert_int_equal(world_count_events(world, "a", EVENT_BUILD_ENDED), 1);
}

static void test_reboot_when_wall_clock_is_behind_then_sessions_end(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(world_finish(world, "a", BUILD_DEFAULT), 0);
	world_pass(world, 5 * MINUTE);
	world->now.wall_ns -= 3 * HOUR;
	world_reboot(world, HOUR);
	assert_int_equal(world_get(world, "a")->reason, SESSION_EXPIRED);
	assert_int_equal(world_slot(world, world_ssh(world_get(world, "a"), 0))->state,
			 SP_SLOT_ENDED);
	world_pass(world, 10 * MINUTE - 1);
	assert_non_null(edge_get(world->edge, "a"));
}

static void test_expire_when_wall_clock_is_stepped_then_deadline_stays(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(world_finish(world, "a", BUILD_DEFAULT), 0);
	world->now.wall_ns += 5 * HOUR;
	world_pass(world, 30 * MINUTE - 1);
	assert_int_equal(world_get(world, "a")->state, SESSION_FINISHED);
	world->now.wall_ns -= 9 * HOUR;
	world_pass(world, 1);
	assert_int_equal(world_get(world, "a")->state, SESSION_ENDED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_CASE(test_restart_when_leases_live_then_slots_are_left_alone),
		WORLD_CASE(test_restart_when_table_holds_a_foreign_lease_then_it_ends),
		WORLD_CASE(test_restart_when_a_deadline_was_not_published_then_it_is),
		WORLD_CASE(test_restart_when_public_address_is_gone_then_its_sessions_end),
		WORLD_CASE(
			test_restart_when_port_is_taken_out_of_the_pool_then_its_session_goes_on),
		WORLD_CASE(test_slot_when_readers_are_not_drained_then_kept),
		WORLD_CASE(test_reboot_when_the_table_is_new_then_no_generation_comes_again),
		WORLD_CASE(test_reboot_when_deadline_is_ahead_then_same_port_and_time_left),
		WORLD_CASE(test_reboot_when_in_use_then_extension_keeps_its_cap),
		WORLD_CASE(test_reboot_when_deadline_has_passed_then_ended_in_quarantine),
		WORLD_CASE(test_reboot_when_wall_clock_is_behind_then_sessions_end),
		WORLD_CASE(test_expire_when_wall_clock_is_stepped_then_deadline_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
