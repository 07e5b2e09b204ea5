/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/edge.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/table_map.h"
#include "world.h"

static int extend_by(struct world *world, const char *id, uint64_t by_ns)
{
	struct edge_call call = world_call(world);
	struct edge_extension extension = {by_ns, BUILD_DEFAULT};
	struct edge_result result;

	return edge_calls_extend(world->edge, &call, id, &extension, &result);
}

static int sync_two(struct world *world, const char *id, bool dry_run,
		    struct edge_sync_result *result)
{
	static const char *const kept[] = {"10.0.0.1"}, *const other[] = {"10.0.0.2"};
	struct edge_sync sync = {.nr_specs = 2, .dry_run = dry_run, .generation = 5};
	struct edge_call call = world_call(world);
	struct build_spec specs[2];
	int error;

	world_spec(&specs[0], "kept", 1, kept);
	world_spec(&specs[1], id, 1, other);
	sync.specs = specs;
	error = edge_sync(world->edge, &call, &sync, NULL, NULL, result);
	model_build_spec_free(&specs[0]);
	model_build_spec_free(&specs[1]);
	return error;
}

static void test_finish_when_running_then_linger_begins(void **state)
{
	struct world *world = *state;
	uint64_t deadline_ns;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	world_pass(world, HOUR);
	assert_int_equal(world_finish(world, "a", BUILD_DEFAULT), 0);
	deadline_ns = world->now.boot_ns + 30 * MINUTE;
	assert_int_equal(world_get(world, "a")->deadline_ns, deadline_ns);
	assert_int_equal(world_slot(world, world_ssh(world_get(world, "a"), 0))->deadline_ns,
			 deadline_ns);
	world_pass(world, 10 * MINUTE);
	assert_int_equal(world_finish(world, "a", BUILD_DEFAULT), 0);
	assert_int_equal(world_get(world, "a")->deadline_ns, deadline_ns);
	assert_int_equal(world_count_events(world, "a", EVENT_BUILD_FINISHED), 1);
}

static void test_finish_when_reserved_then_its_slot_says_so_too(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_put(world, "a", ""), 0);
	assert_int_equal(world_finish(world, "a", BUILD_DEFAULT), 0);
	assert_int_equal(world_slot(world, world_ssh(world_get(world, "a"), 0))->deadline_ns,
			 world->now.boot_ns + 30 * MINUTE);
}

static void test_finish_when_it_was_earlier_then_linger_is_from_there(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	world_pass(world, HOUR);
	assert_int_equal(world_finish(world, "a", world->now.wall_ns - 10 * MINUTE), 0);
	assert_int_equal(world_get(world, "a")->deadline_ns, world->now.boot_ns + 20 * MINUTE);
}

static void test_finish_when_before_creation_then_linger_is_from_creation(void **state)
{
	struct world *world = *state;
	uint64_t created_wall_ns = world->now.wall_ns;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	world_pass(world, 5 * MINUTE);
	assert_int_equal(world_finish(world, "a", world->now.wall_ns - HOUR), 0);
	assert_int_equal(world_get(world, "a")->deadline_ns, world->now.boot_ns + 25 * MINUTE);
	assert_int_equal(world_get(world, "a")->finished_wall_ns, created_wall_ns);
}

static void test_finish_when_in_the_future_then_linger_is_from_now(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	world_pass(world, 5 * MINUTE);
	assert_int_equal(world_finish(world, "a", world->now.wall_ns + HOUR), 0);
	assert_int_equal(world_get(world, "a")->deadline_ns, world->now.boot_ns + 30 * MINUTE);
	assert_int_equal(world_get(world, "a")->finished_wall_ns, world->now.wall_ns);
}

static void test_expire_when_deadline_passes_then_ended_with_one_event(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(world_finish(world, "a", BUILD_DEFAULT), 0);
	world_pass(world, 30 * MINUTE - 1);
	assert_int_equal(world_get(world, "a")->state, SESSION_FINISHED);
	assert_true(world_pass(world, 1));
	assert_int_equal(world_get(world, "a")->reason, SESSION_EXPIRED);
	assert_int_equal(world_slot(world, world_ssh(world_get(world, "a"), 0))->state,
			 SP_SLOT_ENDED);
	assert_int_equal(world_count_events(world, "a", EVENT_BUILD_ENDED), 1);
	assert_int_equal(world_count_events(world, "a", EVENT_BUILD_WARNING), 3);
}

static void test_expire_when_never_finished_then_lifetime(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	world_pass(world, 24 * HOUR);
	assert_int_equal(world_get(world, "a")->reason, SESSION_LIFETIME);
}

static void test_expire_when_nobody_connects_then_unused(void **state)
{
	static const char *const a[] = {"10.0.0.1"}, *const b[] = {"10.0.0.2"};
	struct world *world = *state;
	struct sp_addr client = world_addr("198.51.100.7");
	struct edge_result result;
	struct build_spec spec;

	world_spec(&spec, "a", 1, a);
	spec.connect_within_ns = 10 * MINUTE;
	assert_int_equal(world_put_spec(world, &spec, &result), 0);
	model_build_spec_free(&spec);
	world_spec(&spec, "b", 1, b);
	spec.connect_within_ns = 10 * MINUTE;
	assert_int_equal(world_put_spec(world, &spec, &result), 0);
	model_build_spec_free(&spec);
	assert_int_equal(edge_notes_connected(world->edge, &world->now,
					      world_ssh(result.build, 0)->slot_index, &client,
					      5000),
			 0);
	world_pass(world, 10 * MINUTE);
	assert_int_equal(world_get(world, "a")->reason, SESSION_UNUSED);
	assert_int_equal(world_get(world, "b")->state, SESSION_RUNNING);
	assert_int_equal(world_count_events(world, "b", EVENT_BUILD_CONNECTED), 1);
}

static void test_expire_when_build_is_queued_then_time_to_connect_waits(void **state)
{
	static const char *const none[] = {""}, *const bound[] = {"10.0.0.1"};
	struct world *world = *state;
	struct edge_result result;
	struct build_spec spec;

	world_spec(&spec, "a", 1, none);
	spec.connect_within_ns = 10 * MINUTE;
	assert_int_equal(world_put_spec(world, &spec, &result), 0);
	model_build_spec_free(&spec);
	world_pass(world, HOUR);
	assert_int_equal(world_get(world, "a")->state, SESSION_RESERVED);
	assert_int_equal(world_put_nodes(world, "a", 1, bound, &result), 0);
	world_pass(world, 10 * MINUTE - 1);
	assert_int_equal(world_get(world, "a")->state, SESSION_RUNNING);
	world_pass(world, 1);
	assert_int_equal(world_get(world, "a")->reason, SESSION_UNUSED);
}

static void test_extend_when_over_the_cap_then_the_most_possible_is_named(void **state)
{
	struct world *world = *state;
	uint64_t deadline_ns;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(world_finish(world, "a", BUILD_DEFAULT), 0);
	deadline_ns = world_get(world, "a")->deadline_ns;
	assert_int_equal(extend_by(world, "a", 5 * HOUR), -ERANGE);
	assert_int_equal(world->problem.type, PROBLEM_OVER_EXTENSION);
	assert_non_null(strstr(world->problem.detail, "14400 s"));
	assert_non_null(strstr(world->problem.detail, ": extensions add at most leases.max_ext"));
	assert_int_equal(extend_by(world, "a", 4 * HOUR), 0);
	assert_int_equal(world_slot(world, world_ssh(world_get(world, "a"), 0))->deadline_ns,
			 deadline_ns + 4 * HOUR);
	assert_int_equal(extend_by(world, "a", 1 * SECOND), -ERANGE);

	assert_int_equal(world_put(world, "b", "10.0.0.2"), 0);
	assert_int_equal(extend_by(world, "b", 1 * SECOND), -ERANGE);
	assert_non_null(strstr(world->problem.detail,
			       "no build lives longer than leases.max_lifetime; this one can be "
			       "extended once it has finished"));
}

static void test_extend_when_used_then_by_itself_to_its_cap(void **state)
{
	struct world *world = *state;
	struct model_settings settings = world->settings;
	uint32_t slot_index;
	uint64_t deadline_ns;

	settings.extend_step_ns = 15 * MINUTE;
	settings.extend_cap_ns = 20 * MINUTE;
	assert_int_equal(edge_reload(world->edge, &settings, &world->problem), 0);
	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(world_finish(world, "a", BUILD_DEFAULT), 0);
	slot_index = world_ssh(world_get(world, "a"), 0)->slot_index;
	deadline_ns = world_get(world, "a")->deadline_ns;
	for (unsigned int i = 0; i < 45; i++) {
		edge_notes_used(world->edge, slot_index, world->now.boot_ns);
		world_pass(world, MINUTE);
	}
	assert_int_equal(world_get(world, "a")->deadline_ns, deadline_ns + 20 * MINUTE);
	world_pass(world, 10 * MINUTE);
	assert_int_equal(world_get(world, "a")->reason, SESSION_EXPIRED);
}

static void test_cancel_when_again_then_unchanged(void **state)
{
	struct world *world = *state;
	struct edge_result result;

	assert_int_equal(world_cancel(world, "a", &result), -ENOENT);
	assert_int_equal(world->problem.type, PROBLEM_NOT_FOUND);
	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(world_cancel(world, "a", &result), 0);
	assert_true(result.removed);
	assert_int_equal(world_cancel(world, "a", &result), 0);
	assert_int_equal(result.change, EDGE_UNCHANGED);
	assert_true(result.removed);
	assert_int_equal(world_count_events(world, "a", EVENT_BUILD_ENDED), 1);
}

static void test_sync_when_applied_then_exactly_the_difference(void **state)
{
	struct world *world = *state;
	struct edge_sync_result result;

	assert_int_equal(world_put(world, "kept", "10.0.0.1"), 0);
	assert_int_equal(world_put(world, "gone", "10.0.0.2"), 0);
	assert_int_equal(sync_two(world, "new", true, &result), 0);
	assert_int_equal(world_get(world, "gone")->state, SESSION_RUNNING);
	assert_null(edge_get(world->edge, "new"));
	assert_int_equal(sync_two(world, "new", false, &result), 0);
	assert_int_equal(result.nr_created, 1);
	assert_int_equal(result.nr_cancelled, 1);
	assert_int_equal(result.nr_unchanged, 1);
	assert_true(result.removed);
	assert_int_equal(world_get(world, "gone")->reason, SESSION_CANCELLED);
	assert_ptr_equal(world_endpoint(world, "10.0.0.2", 22),
			 world_slot(world, world_ssh(world_get(world, "new"), 0)));
}

static void test_sync_when_partial_then_others_stay(void **state)
{
	static const char *const at[] = {"10.0.0.2"}, *const cancel[] = {"gone", "never"};
	struct world *world = *state;
	struct edge_call call = world_call(world);
	struct build_spec specs[2];
	const struct edge_sync sync = {.specs = specs,
				       .nr_specs = 2,
				       .generation = BUILD_DEFAULT,
				       .partial = true,
				       .cancel = cancel,
				       .nr_cancel = 2};
	struct edge_sync_result result;

	assert_int_equal(world_put(world, "kept", "10.0.0.1"), 0);
	assert_int_equal(world_put(world, "gone", "10.0.0.2"), 0);
	assert_int_equal(world_put(world, "known", "10.0.0.3"), 0);
	world_spec(&specs[0], "new", 1, at);
	world_spec(&specs[1], "known", 1, (const char *const[]){"10.0.0.3"});
	specs[0].max_lifetime_ns = specs[1].max_lifetime_ns = HOUR;
	assert_int_equal(edge_sync(world->edge, &call, &sync, NULL, NULL, &result), 0);
	model_build_spec_free(&specs[0]);
	model_build_spec_free(&specs[1]);
	assert_int_equal(result.nr_created, 1);
	assert_int_equal(result.nr_cancelled, 1);
	assert_int_equal(result.nr_unchanged, 1);
	assert_int_equal(world_get(world, "kept")->state, SESSION_RUNNING);
	assert_int_equal(world_get(world, "gone")->state, SESSION_ENDED);
	assert_true(world_get(world, "known")->max_lifetime_ns > HOUR);
	assert_true(world_get(world, "new")->max_lifetime_ns == HOUR);
}

static void test_sync_when_guarded_then_refused(void **state)
{
	struct world *world = *state;
	struct edge_call call = world_call(world);
	struct edge_sync empty = {.generation = BUILD_DEFAULT};
	struct edge_sync_result result;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(edge_sync(world->edge, &call, &empty, NULL, NULL, &result), -EINVAL);
	assert_int_equal(world->problem.type, PROBLEM_EMPTY_SYNC);
	assert_int_equal(sync_two(world, "b", false, &result), 0);
	call = world_call(world);
	empty.generation = 4;
	empty.allow_empty = true;
	assert_int_equal(edge_sync(world->edge, &call, &empty, NULL, NULL, &result), -ESTALE);
	assert_int_equal(world->problem.type, PROBLEM_STALE_SYNC);
}

#define MANY 500

static unsigned int taken_ports(const struct world *world)
{
	struct ports_figures figures;

	edge_pool_figures(world->edge, 0, &figures);
	return figures.used;
}

static int count_event(const struct event *event, void *context)
{
	++*(unsigned int *)context;
	return 0;
}

static unsigned int count_new_events(const struct world *world, uint64_t since)
{
	unsigned int nr = 0;

	assert_int_equal(
		state_events_read(edge_events(world->edge), since, 10 * MANY, count_event, &nr), 0);
	return nr;
}

/* What anybody else sees of a sync that is under way; once it is journaled, slots may be cut. */
static void check_untouched(struct world *world, uint64_t seq)
{
	uint32_t state;
	bool removed;

	assert_true(edge_is_busy(world->edge));
	assert_int_equal(world_get(world, "before")->state, SESSION_RUNNING);
	state = world_slot(world, world_ssh(world_get(world, "before"), 0))->state;
	assert_true(state == SP_SLOT_LIVE || state == SP_SLOT_ENDED);
	assert_null(edge_get(world->edge, "many0"));
	assert_null(edge_after(world->edge, world_get(world, "before")->serial));
	assert_int_equal(count_new_events(world, seq - 1), 1); /* what was there before */
	assert_int_equal(edge_notes_node(world->edge, &world->now, "before", 0, NODE_ANSWER),
			 -EBUSY);
	edge_expire(world->edge, &world->now, &removed);
	assert_false(removed);
}

static bool is_under_way(int result)
{
	return result == -EAGAIN || result == -EINPROGRESS;
}

/* Result: in how many steps; at most so many are made. */
static unsigned int step_many(struct world *world, const struct build_spec *specs,
			      unsigned int most, struct edge_sync_result *result)
{
	struct edge_sync sync = {.specs = specs, .nr_specs = MANY, .generation = BUILD_DEFAULT};
	struct edge_call call = world_call(world);
	uint64_t seq = edge_events(world->edge)->newest_seq;
	struct edge_sync_work *work;
	unsigned int nr = 1;

	assert_int_equal(edge_sync_begin(world->edge, &call, &sync, NULL, NULL, &work), 0);
	for (; nr <= most && is_under_way(edge_sync_step(work, result)); nr++)
		check_untouched(world, seq);
	edge_sync_free(work);
	assert_false(edge_is_busy(world->edge));
	return nr;
}

static void test_sync_when_bit_by_bit_then_others_see_all_or_nothing(void **state)
{
	struct build_spec *specs = world_many_specs(MANY);
	struct edge_sync_result result = {0};
	struct world world;
	unsigned int steps;

	world_init(&world, 2 * MANY);
	world_start(&world, ":memory:");
	assert_int_equal(world_put(&world, "before", "10.0.0.1"), 0);
	world_pass(&world, SECOND);
	steps = step_many(&world, specs, UINT_MAX, &result);
	assert_true(steps > 2 * MANY / 128);
	assert_int_equal(result.nr_created, MANY);
	assert_int_equal(result.nr_cancelled, 1);
	assert_int_equal(world_get(&world, "many499")->state, SESSION_RUNNING);
	assert_int_equal(world_get(&world, "before")->state, SESSION_ENDED);
	world_stop(&world);
	world_free_specs(specs, MANY);
}

/* Once it is journaled it has happened. */
static void check_nothing_or_all(struct world *world)
{
	bool all = edge_get(world->edge, "many0");

	assert_int_equal(world_get(world, "before")->state, all ? SESSION_ENDED : SESSION_RUNNING);
	assert_int_equal(taken_ports(world), all ? MANY : 1);
	if (!all)
		assert_int_equal(world_put(world, "many0", "10.0.1.1"), 0);
	assert_int_equal(world_count_events(world, "many0", EVENT_BUILD_ENABLED), 1);
}

static void test_sync_when_given_up_then_nothing_or_all_has_happened(void **state)
{
	struct build_spec *specs = world_many_specs(MANY);
	struct edge_sync_result result = {0};
	struct world world;
	bool given_up = true;

	world_init(&world, 2 * MANY);
	for (unsigned int most = 1; given_up; most++) {
		world_start(&world, ":memory:");
		assert_int_equal(world_put(&world, "before", "10.0.0.1"), 0);
		given_up = step_many(&world, specs, most, &result) > most;
		if (given_up)
			check_nothing_or_all(&world);
		world_stop(&world);
	}
	world_free_specs(specs, MANY);
}

static void test_note_node_when_state_changes_then_one_event(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(edge_notes_node(world->edge, &world->now, "a", 0, NODE_ANSWER), 0);
	assert_int_equal(edge_notes_node(world->edge, &world->now, "a", 0, NODE_SILENCE), 0);
	assert_int_equal(edge_notes_node(world->edge, &world->now, "a", 1, NODE_ANSWER), -ENOENT);
	assert_int_equal(world_count_events(world, "a", EVENT_NODE_READY), 1);
	assert_int_equal(world_count_events(world, "a", EVENT_NODE_UNREACHABLE), 1);
	assert_int_equal(world_get(world, "a")->nodes[0].state, NODE_UNREACHABLE);
}

static void test_by_slot_when_build_is_known_then_node_and_forward(void **state)
{
	struct world *world = *state;
	const struct forward *forward;
	const struct node *node;
	const struct build *build;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	build = edge_by_slot(world->edge, world_ssh(world_get(world, "a"), 0)->slot_index, &node,
			     &forward);
	assert_ptr_equal(build, world_get(world, "a"));
	assert_ptr_equal(forward, world_ssh(build, 0));
	assert_null(edge_by_slot(world->edge, 7, &node, &forward));
	assert_null(edge_by_slot(world->edge, UINT32_MAX, &node, &forward));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_CASE(test_finish_when_running_then_linger_begins),
		WORLD_CASE(test_finish_when_reserved_then_its_slot_says_so_too),
		WORLD_CASE(test_finish_when_it_was_earlier_then_linger_is_from_there),
		WORLD_CASE(test_finish_when_before_creation_then_linger_is_from_creation),
		WORLD_CASE(test_finish_when_in_the_future_then_linger_is_from_now),
		WORLD_CASE(test_expire_when_deadline_passes_then_ended_with_one_event),
		WORLD_CASE(test_expire_when_never_finished_then_lifetime),
		WORLD_CASE(test_expire_when_nobody_connects_then_unused),
		WORLD_CASE(test_expire_when_build_is_queued_then_time_to_connect_waits),
		WORLD_CASE(test_extend_when_over_the_cap_then_the_most_possible_is_named),
		WORLD_CASE(test_extend_when_used_then_by_itself_to_its_cap),
		WORLD_CASE(test_cancel_when_again_then_unchanged),
		WORLD_CASE(test_sync_when_applied_then_exactly_the_difference),
		WORLD_CASE(test_sync_when_partial_then_others_stay),
		WORLD_CASE(test_sync_when_guarded_then_refused),
		cmocka_unit_test(test_sync_when_bit_by_bit_then_others_see_all_or_nothing),
		cmocka_unit_test(test_sync_when_given_up_then_nothing_or_all_has_happened),
		WORLD_CASE(test_note_node_when_state_changes_then_one_event),
		WORLD_CASE(test_by_slot_when_build_is_known_then_node_and_forward),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
