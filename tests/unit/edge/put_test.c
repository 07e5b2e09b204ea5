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
#include <sqlite3.h>

#include "edge/put/all.h"
#include "host/addr.h"
#include "host/table_map.h"
#include "table/hosts.h"
#include "world.h"

static void test_put_when_new_then_lease_is_live(void **state)
{
	struct world *world = *state;
	const struct build *build;
	const struct sp_slot *slot;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	build = world_get(world, "a");
	slot = world_slot(world, world_ssh(build, 0));
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

	assert_int_equal(world_put_nodes(world, "a", 2, addresses, &first), 0);
	assert_int_equal(first.change, EDGE_CREATED);
	port = world_ssh(first.build, 1)->public_port;
	revision = first.build->revision;
	seq = edge_events(world->edge)->newest_seq;
	world_pass(world, 60 * SECOND);
	assert_int_equal(world_put_nodes(world, "a", 2, addresses, &second), 0);
	assert_int_equal(second.change, EDGE_UNCHANGED);
	assert_int_equal(world_ssh(second.build, 1)->public_port, port);
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
	port = world_ssh(build, 0)->public_port;
	assert_int_equal(build->state, SESSION_RESERVED);
	assert_int_equal(world_slot(world, world_ssh(build, 0))->state, SP_SLOT_RESERVED);
	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	build = world_get(world, "a");
	assert_int_equal(build->state, SESSION_RUNNING);
	assert_int_equal(world_ssh(build, 0)->public_port, port);
	assert_int_equal(world_slot(world, world_ssh(build, 0))->state, SP_SLOT_LIVE);
}

static void test_put_when_nodes_are_added_then_others_stay(void **state)
{
	static const char *const addresses[] = {"10.0.0.1", "10.0.0.2", ""};
	struct world *world = *state;
	struct edge_result result;
	uint16_t port;

	assert_int_equal(world_put_nodes(world, "a", 1, addresses, &result), 0);
	port = world_ssh(result.build, 0)->public_port;
	assert_int_equal(world_put_nodes(world, "a", 2, addresses, &result), 0);
	assert_int_equal(result.change, EDGE_CHANGED);
	assert_int_equal(world_ssh(result.build, 0)->public_port, port);
	assert_int_not_equal(world_ssh(result.build, 1)->public_port, port);
	assert_int_equal(result.build->state, SESSION_RUNNING);
	assert_int_equal(world_put_nodes(world, "a", 3, addresses, &result), 0);
	assert_int_equal(result.build->state, SESSION_RESERVED);
	assert_int_equal(world_slot(world, world_ssh(result.build, 0))->state, SP_SLOT_LIVE);
}

static void test_put_when_address_is_the_edges_own_then_refused(void **state)
{
	static const char *const addresses[] = {"10.0.0.1", "10.0.0.2"};
	struct world *world = *state;
	struct edge_result result;
	struct sp_addr own, public;
	static struct hosts hosts;

	addr_parse("10.0.0.2", &own);
	addr_parse("192.0.2.1", &public);
	table_hosts_open(&hosts, world->table->hosts, world->table->settings, 1);
	assert_int_equal(table_hosts_put_public(&hosts, &public, 0, 1), 0);
	table_hosts_list_begin(&hosts);
	assert_int_equal(table_hosts_list(&hosts, &own, 1), 0);
	table_hosts_list_end(&hosts, 1);
	assert_int_equal(world_put_nodes(world, "a", 2, addresses, &result), -EINVAL);
	assert_int_equal(world->problem.type, PROBLEM_INVALID);
	assert_string_equal(world->problem.errors[0].pointer, "/nodes/1/address");
	assert_string_equal(world->problem.errors[0].detail,
			    "10.0.0.2 is an address of this edge, not of a VM");
	assert_null(edge_get(world->edge, "a"));
	assert_int_equal(world_put_nodes(world, "a", 1, addresses, &result), 0);
}

static void test_put_when_one_node_is_bad_then_none_is_installed(void **state)
{
	static const char *const addresses[] = {"10.0.0.1", "10.0.0.2",	   "10.0.0.3", "10.0.0.4",
						"10.0.0.5", "192.168.0.1", "10.0.0.7", "10.0.0.8"};
	struct world *world = *state;
	struct ports_figures figures;
	struct edge_result result;

	assert_int_equal(world_put_nodes(world, "a", 8, addresses, &result), -EINVAL);
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
	assert_int_equal(world_put_nodes(world, "new", 2, addresses, &result), -EEXIST);
	assert_int_equal(world->problem.type, PROBLEM_ENDPOINT_IN_USE);
	assert_non_null(strstr(world->problem.errors[0].detail, "build old"));
	assert_string_equal(world->problem.holder.build, "old");
	assert_string_equal(world->problem.holder.forward, "ssh");
	assert_string_equal(world->problem.holder.address, "10.0.0.1");
	assert_int_equal(world->problem.holder.node, 0);
	assert_int_equal(world->problem.holder.port, 22);
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
	assert_int_equal(world_put_spec(world, &spec, &result), 0);
	model_build_spec_free(&spec);
	assert_true(result.removed);
	assert_int_equal(world_get(world, "old")->reason, SESSION_SUPERSEDED);
	assert_int_equal(world_slot(world, world_ssh(world_get(world, "old"), 0))->state,
			 SP_SLOT_ENDED);
	assert_ptr_equal(world_endpoint(world, "10.0.0.1", 22),
			 world_slot(world, world_ssh(result.build, 0)));
	assert_int_equal(world_count_events(world, "old", EVENT_BUILD_ENDED), 1);
}

static void test_put_when_ended_then_refused(void **state)
{
	struct world *world = *state;
	struct edge_result result;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(world_cancel(world, "a", &result), 0);
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

	assert_int_equal(world_put_nodes(world, "a", 2, first, &result), 0);
	world_spec(&spec, "a", 1, other);
	spec.max_lifetime_ns = HOUR;
	world_allow(&spec, "203.0.113.0/24");
	assert_int_equal(world_put_spec(world, &spec, &result), -EEXIST);
	model_build_spec_free(&spec);
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
	assert_int_equal(world_cancel(world, "b3", &result), 0);
	world_pass(world, 10 * MINUTE - 1);
	assert_int_equal(world_put(world, "more", "10.0.0.1"), -ENOSPC);
	world_pass(world, 1);
	assert_int_equal(world_put(world, "more", "10.0.0.1"), 0);
}

static void test_put_when_over_a_limit_then_limit_is_named(void **state)
{
	static const char *const addresses[] = {"10.0.0.1"};
	struct world *world = *state;
	struct model_settings settings = world->settings;
	struct edge_result result;
	struct build_spec spec;

	settings.builds_per_actor = 1;
	assert_int_equal(edge_reload(world->edge, &settings, &world->problem), 0);
	world_spec(&spec, "a", 1, addresses);
	model_build_strings_add(&spec.actors, "alice");
	assert_int_equal(world_put_spec(world, &spec, &result), 0);
	strcpy(spec.id, "b");
	spec.nodes[0].address = world_addr("10.0.0.2");
	assert_int_equal(world_put_spec(world, &spec, &result), -EDQUOT);
	assert_int_equal(world->problem.type, PROBLEM_OVER_LIMIT);
	assert_string_equal(world->problem.errors[0].pointer, "/actors");
	assert_non_null(strstr(world->problem.errors[0].detail, "builds_per_actor is 1"));
	assert_int_equal(world_cancel(world, "a", &result), 0);
	assert_int_equal(world_put_spec(world, &spec, &result), 0);
	model_build_spec_free(&spec);
}

static void test_put_when_allow_lists_are_equal_then_they_are_one(void **state)
{
	static const char *const first[] = {"10.0.0.1"}, *const second[] = {"10.0.0.2"};
	struct world *world = *state;
	struct edge_figures figures;
	struct edge_result a, b;
	struct build_spec spec;

	world_spec(&spec, "a", 1, first);
	world_allow(&spec, "203.0.113.0/24");
	world_allow(&spec, "198.51.100.0/24");
	assert_int_equal(world_put_spec(world, &spec, &a), 0);
	model_build_spec_free(&spec);
	world_spec(&spec, "b", 1, second);
	world_allow(&spec, "198.51.100.0/24");
	world_allow(&spec, "203.0.113.0/24");
	world_allow(&spec, "203.0.113.0/24");
	assert_int_equal(world_put_spec(world, &spec, &b), 0);
	model_build_spec_free(&spec);
	assert_int_not_equal(b.build->allow_index, 0);
	assert_int_equal(world_get(world, "a")->allow_index, b.build->allow_index);
	edge_figures(world->edge, &figures);
	assert_int_equal(figures.allow_lists, 1);
}

/* There is room for seven lists. */
static void test_put_when_refused_then_its_allow_list_is_not_held(void **state)
{
	static const char *const held[] = {"10.0.0.1"}, *const free_one[] = {"10.0.0.2"};
	struct world *world = *state;
	struct edge_result result;
	struct build_spec spec;
	char text[32];

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	for (unsigned int i = 0; i < 20; i++) {
		world_spec(&spec, "b", 1, held);
		snprintf(text, sizeof(text), "203.0.%u.0/24", i);
		world_allow(&spec, text);
		assert_int_equal(world_put_spec(world, &spec, &result), -EEXIST);
		assert_int_equal(world->problem.type, PROBLEM_ENDPOINT_IN_USE);
		model_build_spec_free(&spec);
	}
	world_spec(&spec, "b", 1, free_one);
	world_allow(&spec, "198.51.100.0/24");
	assert_int_equal(world_put_spec(world, &spec, &result), 0);
	model_build_spec_free(&spec);
}

#define TOGETHER_MAX 4

struct together {
	struct world *world;
	struct build_spec specs[TOGETHER_MAX];
	struct edge_put puts[TOGETHER_MAX];
	struct problem problems[TOGETHER_MAX];
	int results[TOGETHER_MAX];
	unsigned int nr, nr_done, nr_commits;
};

static int count_commit(void *context)
{
	++((struct together *)context)->nr_commits;
	return 0;
}

static void note_done(struct edge_put *put, int result, const struct edge_result *put_result)
{
	struct together *together = put->context;

	assert_ptr_equal(put, &together->puts[together->nr_done]);
	assert_int_equal(result == 0, put_result != NULL);
	if (result == 0)
		assert_string_equal(put_result->build->id, put->spec->id);
	together->results[together->nr_done++] = result;
}

static void add_put(struct together *together, const char *id, const char *address)
{
	const char *const addresses[] = {address};
	unsigned int i = together->nr++;

	world_spec(&together->specs[i], id, 1, addresses);
	json_problem_clear(&together->problems[i]);
	together->puts[i] = (struct edge_put){world_call(together->world), &together->specs[i],
					      note_done, together};
	together->puts[i].call.problem = &together->problems[i];
}

static void put_together(struct together *together)
{
	sqlite3 *database = journal_handle(together->world->journal);

	sqlite3_commit_hook(database, count_commit, together);
	put_all_builds(together->world->edge, together->puts, together->nr);
	sqlite3_commit_hook(database, NULL, NULL);
	assert_int_equal(together->nr_done, together->nr);
	for (unsigned int i = 0; i < together->nr; i++)
		model_build_spec_free(&together->specs[i]);
}

static void test_put_all_when_independent_then_one_commit(void **state)
{
	struct together together = {.world = *state};

	add_put(&together, "a", "10.0.0.1");
	add_put(&together, "b", "10.0.0.2");
	add_put(&together, "c", "10.0.0.3");
	put_together(&together);
	assert_int_equal(together.nr_commits, 1);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(together.results[i], 0);
	assert_int_equal(world_get(together.world, "c")->state, SESSION_RUNNING);
	assert_int_equal(world_count_events(together.world, "b", EVENT_BUILD_ENABLED), 1);
}

static void test_put_all_when_one_is_refused_then_others_are_done(void **state)
{
	struct together together = {.world = *state};

	add_put(&together, "a", "10.0.0.1");
	add_put(&together, "b", "10.0.0.1");
	add_put(&together, "outside", "192.0.2.77");
	add_put(&together, "d", "10.0.0.4");
	put_together(&together);
	assert_int_equal(together.results[0], 0);
	assert_int_equal(together.problems[1].type, PROBLEM_ENDPOINT_IN_USE);
	assert_non_null(strstr(together.problems[1].errors[0].detail, "build a"));
	assert_int_equal(together.problems[2].type, PROBLEM_OUTSIDE_NETWORKS);
	assert_int_equal(together.results[3], 0);
	assert_null(edge_get(together.world->edge, "b"));
	assert_int_equal(world_get(together.world, "d")->state, SESSION_RUNNING);
}

static void test_put_all_when_of_one_build_then_one_after_the_other(void **state)
{
	struct together together = {.world = *state};

	add_put(&together, "a", "");
	add_put(&together, "a", "10.0.0.1");
	add_put(&together, "a", "10.0.0.2");
	put_together(&together);
	assert_int_equal(together.results[0], 0);
	assert_int_equal(together.results[1], 0);
	assert_int_equal(together.problems[2].type, PROBLEM_BUILD_DIFFERS);
	assert_int_equal(world_get(together.world, "a")->revision, 2);
}

static void test_put_all_when_journal_fails_then_all_are_told(void **state)
{
	struct together together = {.world = *state};

	add_put(&together, "a", "10.0.0.1");
	add_put(&together, "b", "10.0.0.2");
	sqlite3_exec(journal_handle(together.world->journal), "PRAGMA query_only = ON", NULL, NULL,
		     NULL);
	put_together(&together);
	for (unsigned int i = 0; i < 2; i++) {
		assert_true(together.results[i] < 0);
		assert_int_equal(together.problems[i].type, PROBLEM_JOURNAL);
	}
	assert_null(edge_get(together.world->edge, "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_CASE(test_put_when_new_then_lease_is_live),
		WORLD_CASE(test_put_when_same_then_nothing_moves),
		WORLD_CASE(test_put_when_bound_later_then_port_stays),
		WORLD_CASE(test_put_when_nodes_are_added_then_others_stay),
		WORLD_CASE(test_put_when_address_is_the_edges_own_then_refused),
		WORLD_CASE(test_put_when_one_node_is_bad_then_none_is_installed),
		WORLD_CASE(test_put_when_endpoint_is_held_then_holder_is_named),
		WORLD_CASE(test_put_when_superseding_then_older_ends_first),
		WORLD_CASE(test_put_when_ended_then_refused),
		WORLD_CASE(test_put_when_it_cannot_become_so_then_pointers_say_where),
		WORLD_CASE(test_put_when_pool_is_empty_then_503_until_quarantine_is_over),
		WORLD_CASE(test_put_when_over_a_limit_then_limit_is_named),
		WORLD_CASE(test_put_when_allow_lists_are_equal_then_they_are_one),
		WORLD_CASE(test_put_when_refused_then_its_allow_list_is_not_held),
		WORLD_CASE(test_put_all_when_independent_then_one_commit),
		WORLD_CASE(test_put_all_when_one_is_refused_then_others_are_done),
		WORLD_CASE(test_put_all_when_of_one_build_then_one_after_the_other),
		WORLD_CASE(test_put_all_when_journal_fails_then_all_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
