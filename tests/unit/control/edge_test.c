/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge.h"

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

static int set_up(void **state)
{
	struct world *world = malloc(sizeof(*world));

	world_init(world, 16);
	world_start(world, ":memory:");
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	world_stop(*state);
	free(*state);
	return 0;
}

static const struct forward *ssh_of(const struct build *build, uint32_t index)
{
	return &build_node(build, index)->forwards[0];
}

static int put_spec(struct world *world, const struct build_spec *spec, struct edge_result *result)
{
	struct edge_call call = world_call(world);

	return edge_put(world->edge, &call, spec, result);
}

static int put_nodes(struct world *world, const char *id, unsigned int nr_nodes,
		     const char *const *addresses, struct edge_result *result)
{
	struct build_spec spec;
	int error;

	world_spec(&spec, id, nr_nodes, addresses);
	error = put_spec(world, &spec, result);
	build_spec_free(&spec);
	return error;
}

static int finish(struct world *world, const char *id, uint64_t finished_wall_ns)
{
	struct edge_call call = world_call(world);
	struct edge_result result;

	return edge_finish(world->edge, &call, id, finished_wall_ns, &result);
}

static int cancel(struct world *world, const char *id, struct edge_result *result)
{
	struct edge_call call = world_call(world);

	return edge_cancel(world->edge, &call, id, result);
}

static int extend_by(struct world *world, const char *id, uint64_t by_ns)
{
	struct edge_call call = world_call(world);
	struct edge_extension extension = {by_ns, BUILD_DEFAULT};
	struct edge_result result;

	return edge_extend(world->edge, &call, id, &extension, &result);
}

static void test_put_when_new_then_lease_is_live(void **state)
{
	struct world *world = *state;
	const struct build *build;
	const struct sp_slot *slot;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	build = world_get(world, "a");
	slot = world_slot(world, ssh_of(build, 0));
	assert_int_equal(build->state, SESSION_RUNNING);
	assert_int_equal(build->nodes[0].state, NODE_PENDING);
	assert_int_equal(slot->state, SP_SLOT_LIVE);
	assert_int_equal(slot->deadline_ns, world->now.boot_ns + 24 * HOUR);
	assert_ptr_equal(world_endpoint(world, "10.0.0.1", 22), slot);
	assert_int_equal(world_count_events(world, "a", EVENT_BUILD_ENABLED), 1);
}

static void test_put_when_same_then_nothing_moves(void **state)
{
	static const char *const addresses[] = {"10.0.0.1", "10.0.0.2"};
	struct world *world = *state;
	struct edge_result first, second;
	uint64_t seq, revision;
	uint16_t port;

	assert_int_equal(put_nodes(world, "a", 2, addresses, &first), 0);
	assert_int_equal(first.change, EDGE_CREATED);
	port = ssh_of(first.build, 1)->public_port;
	revision = first.build->revision;
	seq = edge_events(world->edge)->newest_seq;
	world_pass(world, 60 * SECOND);
	assert_int_equal(put_nodes(world, "a", 2, addresses, &second), 0);
	assert_int_equal(second.change, EDGE_UNCHANGED);
	assert_int_equal(ssh_of(second.build, 1)->public_port, port);
	assert_int_equal(second.build->revision, revision);
	assert_int_equal(edge_events(world->edge)->newest_seq, seq);
}

static void test_put_when_bound_later_then_port_stays(void **state)
{
	struct world *world = *state;
	const struct build *build;
	uint16_t port;

	assert_int_equal(world_put(world, "a", ""), 0);
	build = world_get(world, "a");
	port = ssh_of(build, 0)->public_port;
	assert_int_equal(build->state, SESSION_RESERVED);
	assert_int_equal(world_slot(world, ssh_of(build, 0))->state, SP_SLOT_RESERVED);
	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	build = world_get(world, "a");
	assert_int_equal(build->state, SESSION_RUNNING);
	assert_int_equal(ssh_of(build, 0)->public_port, port);
	assert_int_equal(world_slot(world, ssh_of(build, 0))->state, SP_SLOT_LIVE);
}

static void test_put_when_nodes_are_added_then_others_stay(void **state)
{
	static const char *const addresses[] = {"10.0.0.1", "10.0.0.2", ""};
	struct world *world = *state;
	struct edge_result result;
	uint16_t port;

	assert_int_equal(put_nodes(world, "a", 1, addresses, &result), 0);
	port = ssh_of(result.build, 0)->public_port;
	assert_int_equal(put_nodes(world, "a", 2, addresses, &result), 0);
	assert_int_equal(result.change, EDGE_CHANGED);
	assert_int_equal(ssh_of(result.build, 0)->public_port, port);
	assert_int_not_equal(ssh_of(result.build, 1)->public_port, port);
	assert_int_equal(result.build->state, SESSION_RUNNING);
	assert_int_equal(put_nodes(world, "a", 3, addresses, &result), 0);
	assert_int_equal(result.build->state, SESSION_RESERVED);
	assert_int_equal(world_slot(world, ssh_of(result.build, 0))->state, SP_SLOT_LIVE);
}

static void test_put_when_one_node_is_bad_then_none_is_installed(void **state)
{
	static const char *const addresses[] = {"10.0.0.1", "10.0.0.2",	   "10.0.0.3", "10.0.0.4",
						"10.0.0.5", "192.168.0.1", "10.0.0.7", "10.0.0.8"};
	struct world *world = *state;
	struct ports_figures figures;
	struct edge_result result;

	assert_int_equal(put_nodes(world, "a", 8, addresses, &result), -EINVAL);
	assert_int_equal(world->problem.type, PROBLEM_OUTSIDE_NETWORKS);
	assert_string_equal(world->problem.errors[0].pointer, "/nodes/5/address");
	assert_null(edge_get(world->edge, "a"));
	assert_int_equal(edge_pool_figures(world->edge, 0, &figures), 0);
	assert_int_equal(figures.free, 16);
	assert_int_equal(edge_events(world->edge)->newest_seq, 0);
}

static void test_put_when_endpoint_is_held_then_holder_is_named(void **state)
{
	static const char *const addresses[] = {"10.0.0.2", "10.0.0.1"};
	struct world *world = *state;
	struct edge_result result;

	assert_int_equal(world_put(world, "old", "10.0.0.1"), 0);
	assert_int_equal(put_nodes(world, "new", 2, addresses, &result), -EEXIST);
	assert_int_equal(world->problem.type, PROBLEM_ENDPOINT_IN_USE);
	assert_non_null(strstr(world->problem.errors[0].detail, "build old"));
	assert_string_equal(world->problem.errors[0].pointer, "/nodes/1/address");
	assert_null(world_endpoint(world, "10.0.0.2", 22));
	assert_int_equal(world_put(world, "new", "10.0.0.2"), 0);
}

static void test_put_when_superseding_then_older_ends_first(void **state)
{
	static const char *const addresses[] = {"10.0.0.1"};
	struct world *world = *state;
	struct edge_result result;
	struct build_spec spec;

	assert_int_equal(world_put(world, "old", "10.0.0.1"), 0);
	world_spec(&spec, "new", 1, addresses);
	spec.supersede = true;
	assert_int_equal(put_spec(world, &spec, &result), 0);
	build_spec_free(&spec);
	assert_true(result.removed);
	assert_int_equal(world_get(world, "old")->reason, SESSION_SUPERSEDED);
	assert_int_equal(world_slot(world, ssh_of(world_get(world, "old"), 0))->state,
			 SP_SLOT_ENDED);
	assert_ptr_equal(world_endpoint(world, "10.0.0.1", 22),
			 world_slot(world, ssh_of(result.build, 0)));
	assert_int_equal(world_count_events(world, "old", EVENT_BUILD_ENDED), 1);
}

static void test_put_when_ended_then_refused(void **state)
{
	struct world *world = *state;
	struct edge_result result;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(cancel(world, "a", &result), 0);
	assert_int_equal(world_put(world, "a", "10.0.0.1"), -EEXIST);
	assert_int_equal(world->problem.type, PROBLEM_BUILD_ENDED);
	world_pass(world, 11 * MINUTE);
	assert_null(edge_get(world->edge, "a"));
	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
}

static void test_put_when_it_cannot_become_so_then_pointers_say_where(void **state)
{
	static const char *const first[] = {"10.0.0.1", "10.0.0.2"};
	static const char *const other[] = {"10.0.0.3"};
	struct world *world = *state;
	struct edge_result result;
	struct build_spec spec;

	assert_int_equal(put_nodes(world, "a", 2, first, &result), 0);
	world_spec(&spec, "a", 1, other);
	spec.max_lifetime_ns = HOUR;
	spec.allow[spec.nr_allow++] = world_prefix("203.0.113.0/24");
	assert_int_equal(put_spec(world, &spec, &result), -EEXIST);
	build_spec_free(&spec);
	assert_int_equal(world->problem.type, PROBLEM_BUILD_DIFFERS);
	assert_int_equal(world->problem.nr_errors, 4);
	assert_string_equal(world->problem.errors[0].pointer, "/max_lifetime_s");
	assert_string_equal(world->problem.errors[1].pointer, "/allow");
	assert_string_equal(world->problem.errors[2].pointer, "/nodes");
	assert_string_equal(world->problem.errors[3].pointer, "/nodes/0/address");
}

static void test_put_when_pool_is_empty_then_503_until_quarantine_is_over(void **state)
{
	struct world *world = *state;
	struct edge_result result;
	char id[8], address[16];

	for (unsigned int i = 0; i < 16; i++) {
		snprintf(id, sizeof(id), "b%u", i);
		snprintf(address, sizeof(address), "10.0.1.%u", i + 1);
		assert_int_equal(world_put(world, id, address), 0);
	}
	assert_int_equal(world_put(world, "more", "10.0.0.1"), -ENOSPC);
	assert_int_equal(world->problem.type, PROBLEM_NO_PORTS);
	assert_true(world->problem.retry_after_s > 0);
	assert_null(world_endpoint(world, "10.0.0.1", 22));
	assert_int_equal(world_count_events(world, "", EVENT_POOL_LOW), 1);
	assert_int_equal(cancel(world, "b3", &result), 0);
	world_pass(world, 10 * MINUTE - 1);
	assert_int_equal(world_put(world, "more", "10.0.0.1"), -ENOSPC);
	world_pass(world, 1);
	assert_int_equal(world_put(world, "more", "10.0.0.1"), 0);
}

static void test_put_when_over_a_limit_then_limit_is_named(void **state)
{
	static const char *const addresses[] = {"10.0.0.1"};
	struct world *world = *state;
	struct edge_settings settings = world->settings;
	struct edge_result result;
	struct build_spec spec;

	settings.builds_per_actor = 1;
	assert_int_equal(edge_reload(world->edge, &settings, &world->problem), 0);
	world_spec(&spec, "a", 1, addresses);
	strings_add(&spec.actors, "alice");
	assert_int_equal(put_spec(world, &spec, &result), 0);
	strcpy(spec.id, "b");
	spec.nodes[0].address = world_addr("10.0.0.2");
	assert_int_equal(put_spec(world, &spec, &result), -EDQUOT);
	assert_int_equal(world->problem.type, PROBLEM_OVER_LIMIT);
	assert_string_equal(world->problem.errors[0].pointer, "/actors");
	assert_non_null(strstr(world->problem.errors[0].detail, "builds_per_actor is 1"));
	assert_int_equal(cancel(world, "a", &result), 0);
	assert_int_equal(put_spec(world, &spec, &result), 0);
	build_spec_free(&spec);
}

static void test_put_when_allow_lists_are_equal_then_they_are_one(void **state)
{
	static const char *const first[] = {"10.0.0.1"}, *const second[] = {"10.0.0.2"};
	struct world *world = *state;
	struct edge_figures figures;
	struct edge_result a, b;
	struct build_spec spec;

	world_spec(&spec, "a", 1, first);
	spec.allow[spec.nr_allow++] = world_prefix("203.0.113.0/24");
	spec.allow[spec.nr_allow++] = world_prefix("198.51.100.0/24");
	assert_int_equal(put_spec(world, &spec, &a), 0);
	build_spec_free(&spec);
	world_spec(&spec, "b", 1, second);
	spec.allow[spec.nr_allow++] = world_prefix("198.51.100.0/24");
	spec.allow[spec.nr_allow++] = world_prefix("203.0.113.0/24");
	spec.allow[spec.nr_allow++] = world_prefix("203.0.113.0/24");
	assert_int_equal(put_spec(world, &spec, &b), 0);
	build_spec_free(&spec);
	assert_int_not_equal(b.build->allow_index, 0);
	assert_int_equal(world_get(world, "a")->allow_index, b.build->allow_index);
	assert_int_equal(world->table->allow[b.build->allow_index].nr_prefixes, 2);
	edge_figures(world->edge, &figures);
	assert_int_equal(figures.allow_lists, 1);
}

static void test_finish_when_running_then_linger_begins(void **state)
{
	struct world *world = *state;
	uint64_t deadline_ns;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	world_pass(world, HOUR);
	assert_int_equal(finish(world, "a", BUILD_DEFAULT), 0);
	deadline_ns = world->now.boot_ns + 30 * MINUTE;
	assert_int_equal(world_get(world, "a")->deadline_ns, deadline_ns);
	assert_int_equal(world_slot(world, ssh_of(world_get(world, "a"), 0))->deadline_ns,
			 deadline_ns);
	world_pass(world, 10 * MINUTE);
	assert_int_equal(finish(world, "a", BUILD_DEFAULT), 0);
	assert_int_equal(world_get(world, "a")->deadline_ns, deadline_ns);
	assert_int_equal(world_count_events(world, "a", EVENT_BUILD_FINISHED), 1);
}

static void test_finish_when_it_was_earlier_then_linger_is_from_there(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	world_pass(world, HOUR);
	assert_int_equal(finish(world, "a", world->now.wall_ns - 10 * MINUTE), 0);
	assert_int_equal(world_get(world, "a")->deadline_ns, world->now.boot_ns + 20 * MINUTE);
}

static void test_expire_when_deadline_passes_then_ended_with_one_event(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(finish(world, "a", BUILD_DEFAULT), 0);
	world_pass(world, 30 * MINUTE - 1);
	assert_int_equal(world_get(world, "a")->state, SESSION_FINISHED);
	assert_true(world_pass(world, 1));
	assert_int_equal(world_get(world, "a")->reason, SESSION_EXPIRED);
	assert_int_equal(world_slot(world, ssh_of(world_get(world, "a"), 0))->state, SP_SLOT_ENDED);
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
	assert_int_equal(put_spec(world, &spec, &result), 0);
	build_spec_free(&spec);
	world_spec(&spec, "b", 1, b);
	spec.connect_within_ns = 10 * MINUTE;
	assert_int_equal(put_spec(world, &spec, &result), 0);
	build_spec_free(&spec);
	assert_int_equal(edge_note_connected(world->edge, &world->now,
					     ssh_of(result.build, 0)->slot_index, &client, 5000),
			 0);
	world_pass(world, 10 * MINUTE);
	assert_int_equal(world_get(world, "a")->reason, SESSION_UNUSED);
	assert_int_equal(world_get(world, "b")->state, SESSION_RUNNING);
	assert_int_equal(world_count_events(world, "b", EVENT_BUILD_CONNECTED), 1);
}

static void test_extend_when_over_the_cap_then_the_most_possible_is_named(void **state)
{
	struct world *world = *state;
	uint64_t deadline_ns;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(finish(world, "a", BUILD_DEFAULT), 0);
	deadline_ns = world_get(world, "a")->deadline_ns;
	assert_int_equal(extend_by(world, "a", 5 * HOUR), -ERANGE);
	assert_int_equal(world->problem.type, PROBLEM_OVER_EXTENSION);
	assert_non_null(strstr(world->problem.detail, "14400 s"));
	assert_int_equal(extend_by(world, "a", 4 * HOUR), 0);
	assert_int_equal(world_slot(world, ssh_of(world_get(world, "a"), 0))->deadline_ns,
			 deadline_ns + 4 * HOUR);
	assert_int_equal(extend_by(world, "a", 1 * SECOND), -ERANGE);
}

static void test_extend_when_used_then_by_itself_to_its_cap(void **state)
{
	struct world *world = *state;
	struct edge_settings settings = world->settings;
	uint32_t slot_index;
	uint64_t deadline_ns;

	settings.extend_step_ns = 15 * MINUTE;
	settings.extend_cap_ns = 20 * MINUTE;
	assert_int_equal(edge_reload(world->edge, &settings, &world->problem), 0);
	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(finish(world, "a", BUILD_DEFAULT), 0);
	slot_index = ssh_of(world_get(world, "a"), 0)->slot_index;
	deadline_ns = world_get(world, "a")->deadline_ns;
	for (unsigned int i = 0; i < 45; i++) {
		edge_note_used(world->edge, slot_index, world->now.boot_ns);
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

	assert_int_equal(cancel(world, "a", &result), -ENOENT);
	assert_int_equal(world->problem.type, PROBLEM_NOT_FOUND);
	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(cancel(world, "a", &result), 0);
	assert_true(result.removed);
	assert_int_equal(cancel(world, "a", &result), 0);
	assert_int_equal(result.change, EDGE_UNCHANGED);
	assert_int_equal(world_count_events(world, "a", EVENT_BUILD_ENDED), 1);
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
	build_spec_free(&specs[0]);
	build_spec_free(&specs[1]);
	return error;
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
			 world_slot(world, ssh_of(world_get(world, "new"), 0)));
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

static void test_restart_when_leases_live_then_slots_are_left_alone(void **state)
{
	static const char *const addresses[] = {"10.0.0.1"};
	struct world *world = *state;
	struct edge_result result;
	struct build_spec spec;
	struct sp_slot before;
	uint32_t slot_index;

	world_spec(&spec, "a", 1, addresses);
	spec.allow[spec.nr_allow++] = world_prefix("203.0.113.0/24");
	assert_int_equal(put_spec(world, &spec, &result), 0);
	slot_index = ssh_of(result.build, 0)->slot_index;
	before = world->table->leases[slot_index];
	world_restart(world);
	assert_memory_equal(&before, &world->table->leases[slot_index], sizeof(before));
	assert_int_equal(put_spec(world, &spec, &result), 0);
	assert_int_equal(result.change, EDGE_UNCHANGED);
	build_spec_free(&spec);
}

static void test_restart_when_table_holds_a_foreign_lease_then_it_ends(void **state)
{
	struct world *world = *state;
	struct sp_slot foreign;
	uint32_t slot_index;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	slot_index = ssh_of(world_get(world, "a"), 0)->slot_index;
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
	port = ssh_of(world_get(world, "a"), 0)->public_port;
	world->settings.publics[0].ranges[0] = (struct edge_range){50000, 50001};
	world_restart(world);
	assert_int_equal(world_get(world, "a")->state, SESSION_RUNNING);
	assert_int_equal(ssh_of(world_get(world, "a"), 0)->public_port, port);
	assert_non_null(world_endpoint(world, "10.0.0.1", 22));
	world_pass(world, 25 * HOUR);
	assert_null(edge_get(world->edge, "a"));
	assert_int_equal(world->table->leases[port].state, SP_SLOT_FREE);
}

static void test_reboot_when_deadline_is_ahead_then_same_port_and_time_left(void **state)
{
	struct world *world = *state;
	const struct build *build;
	uint16_t port;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(world_put(world, "b", "10.0.0.2"), 0);
	assert_int_equal(finish(world, "a", BUILD_DEFAULT), 0);
	assert_int_equal(finish(world, "b", world->now.wall_ns - 25 * MINUTE), 0);
	port = ssh_of(world_get(world, "a"), 0)->public_port;
	world_reboot(world, 10 * MINUTE);
	build = world_get(world, "a");
	assert_int_equal(ssh_of(build, 0)->public_port, port);
	assert_int_equal(build->deadline_ns, world->now.boot_ns + 20 * MINUTE);
	assert_int_equal(world_slot(world, ssh_of(build, 0))->state, SP_SLOT_LIVE);
	assert_int_equal(world_slot(world, ssh_of(build, 0))->deadline_ns, build->deadline_ns);
}

static void test_reboot_when_deadline_has_passed_then_ended_in_quarantine(void **state)
{
	struct world *world = *state;
	struct ports_figures figures;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(finish(world, "a", BUILD_DEFAULT), 0);
	world_reboot(world, 40 * MINUTE);
	assert_int_equal(world_get(world, "a")->reason, SESSION_EXPIRED);
	assert_int_equal(world_slot(world, ssh_of(world_get(world, "a"), 0))->state, SP_SLOT_ENDED);
	assert_int_equal(edge_pool_figures(world->edge, 0, &figures), 0);
	assert_int_equal(figures.quarantined, 1);
	assert_int_equal(world_count_events(world, "a", EVENT_BUILD_ENDED), 1);
}

static void test_reboot_when_wall_clock_is_set_back_then_nothing_is_gained(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(finish(world, "a", BUILD_DEFAULT), 0);
	world_pass(world, 5 * MINUTE);
	world->now.wall_ns -= 3 * HOUR;
	world_reboot(world, 0);
	assert_int_equal(world_get(world, "a")->deadline_ns, world->now.boot_ns + 25 * MINUTE);
}

static void test_expire_when_wall_clock_is_stepped_then_deadline_stays(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(finish(world, "a", BUILD_DEFAULT), 0);
	world->now.wall_ns += 5 * HOUR;
	world_pass(world, 30 * MINUTE - 1);
	assert_int_equal(world_get(world, "a")->state, SESSION_FINISHED);
	world->now.wall_ns -= 9 * HOUR;
	world_pass(world, 1);
	assert_int_equal(world_get(world, "a")->state, SESSION_ENDED);
}

static void test_note_node_when_state_changes_then_one_event(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(edge_note_node(world->edge, &world->now, "a", 0, NODE_ANSWER), 0);
	assert_int_equal(edge_note_node(world->edge, &world->now, "a", 0, NODE_SILENCE), 0);
	assert_int_equal(edge_note_node(world->edge, &world->now, "a", 1, NODE_ANSWER), -ENOENT);
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
	build = edge_by_slot(world->edge, ssh_of(world_get(world, "a"), 0)->slot_index, &node,
			     &forward);
	assert_ptr_equal(build, world_get(world, "a"));
	assert_ptr_equal(forward, ssh_of(build, 0));
	assert_null(edge_by_slot(world->edge, 7, &node, &forward));
	assert_null(edge_by_slot(world->edge, UINT32_MAX, &node, &forward));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_put_when_new_then_lease_is_live),
		CASE(test_put_when_same_then_nothing_moves),
		CASE(test_put_when_bound_later_then_port_stays),
		CASE(test_put_when_nodes_are_added_then_others_stay),
		CASE(test_put_when_one_node_is_bad_then_none_is_installed),
		CASE(test_put_when_endpoint_is_held_then_holder_is_named),
		CASE(test_put_when_superseding_then_older_ends_first),
		CASE(test_put_when_ended_then_refused),
		CASE(test_put_when_it_cannot_become_so_then_pointers_say_where),
		CASE(test_put_when_pool_is_empty_then_503_until_quarantine_is_over),
		CASE(test_put_when_over_a_limit_then_limit_is_named),
		CASE(test_put_when_allow_lists_are_equal_then_they_are_one),
		CASE(test_finish_when_running_then_linger_begins),
		CASE(test_finish_when_it_was_earlier_then_linger_is_from_there),
		CASE(test_expire_when_deadline_passes_then_ended_with_one_event),
		CASE(test_expire_when_never_finished_then_lifetime),
		CASE(test_expire_when_nobody_connects_then_unused),
		CASE(test_extend_when_over_the_cap_then_the_most_possible_is_named),
		CASE(test_extend_when_used_then_by_itself_to_its_cap),
		CASE(test_cancel_when_again_then_unchanged),
		CASE(test_sync_when_applied_then_exactly_the_difference),
		CASE(test_sync_when_guarded_then_refused),
		CASE(test_restart_when_leases_live_then_slots_are_left_alone),
		CASE(test_restart_when_table_holds_a_foreign_lease_then_it_ends),
		CASE(test_restart_when_public_address_is_gone_then_its_sessions_end),
		CASE(test_restart_when_port_is_taken_out_of_the_pool_then_its_session_goes_on),
		CASE(test_reboot_when_deadline_is_ahead_then_same_port_and_time_left),
		CASE(test_reboot_when_deadline_has_passed_then_ended_in_quarantine),
		CASE(test_reboot_when_wall_clock_is_set_back_then_nothing_is_gained),
		CASE(test_expire_when_wall_clock_is_stepped_then_deadline_stays),
		CASE(test_note_node_when_state_changes_then_one_event),
		CASE(test_by_slot_when_build_is_known_then_node_and_forward),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
