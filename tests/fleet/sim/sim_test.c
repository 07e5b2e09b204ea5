/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A fleet in one process, with virtual time and a virtual network: the code of sallyport-fleet, of
 * etcd's client, and of sallyportd's API, edge and journal, over a model of etcd.
 *
 * SALLYPORT_SEED and SALLYPORT_SIM_DRAWS choose which draws and how many, SALLYPORT_SIM_LOG=1 shows
 * what the edges log. A draw that fails prints its seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agenda.h"
#include "caller.h"
#include "chance.h"
#include "check.h"
#include "faults.h"
#include "gateway.h"
#include "host/boottime.h"
#include "quiet.h"
#include "scene.h"
#include "world.h"

#define SEED	   1
#define DRAWS	   5
#define ALL_FAULTS ((1u << SIM_FAULTS_NR) - 1)

static uint64_t number_from(const char *name, uint64_t fallback)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : fallback;
}

static uint64_t sums[3];

static void one_draw(uint64_t seed)
{
	struct sim_options options = {.seed = seed};
	struct sim_faults *faults;
	struct sim_world world;
	unsigned int mask;

	sim_chance_begin(seed);
	options.nr_hosts = (unsigned int)sim_chance_between(2, 5);
	options.nr_vms = (unsigned int)sim_chance_between(4, 60);
	options.nr_ports = options.nr_vms + (unsigned int)sim_chance_between(0, 40);
	options.quarantine_s = (unsigned int)sim_chance_between(5, 20);
	mask = sim_chance_percent(50) ? ALL_FAULTS : (unsigned int)sim_chance_below(ALL_FAULTS) + 1;
	/* That a lease ends early is no fault of etcd's: an edge is to hear of it in time. */
	if (mask & (1u << SIM_FAULT_CUT | 1u << SIM_FAULT_MEMBER | 1u << SIM_FAULT_QUORUM |
		    1u << SIM_FAULT_LATE))
		mask &= ~(1u << SIM_FAULT_LEASES);
	sim_world_begin(&world, &options);
	faults = sim_faults_new(&world);
	sim_world_settle(&world, SCENE_SETTLE_NS);
	sim_caller_pace(world.caller, (unsigned int)sim_chance_between(1, 20));
	sim_faults_begin(faults, mask, (unsigned int)sim_chance_between(5, 60));
	sim_world_pass(&world, sim_chance_between(60, 180) * NS_PER_S, SCENE_LOOK_NS);
	sim_faults_mend(faults);
	sums[0] += world.ledger.answered[201];
	sums[1] += world.ledger.answered[204];
	sums[2] += world.ledger.answered[503];
	sim_faults_free(faults);
	scene_settle(&world, "faults by chance");
}

static void test_fleet_when_all_sorts_of_faults_then_promises_are_kept(void **state)
{
	uint64_t seed = number_from("SALLYPORT_SEED", SEED);
	uint64_t nr_draws = number_from("SALLYPORT_SIM_DRAWS", DRAWS);

	print_message("# %llu draws from SALLYPORT_SEED=%llu\n", (unsigned long long)nr_draws,
		      (unsigned long long)seed);
	for (uint64_t i = 0; i < nr_draws; i++)
		one_draw(seed + i);
	print_message("# answered: 201 %llu, 204 %llu, 503 %llu\n", (unsigned long long)sums[0],
		      (unsigned long long)sums[1], (unsigned long long)sums[2]);
}

static void kill_etcd(bool dead)
{
	for (unsigned int i = 0; i < SIM_MEMBERS; i++)
		sim_gateway_kill(i, dead);
}

static void cut_off(unsigned int host, bool cut)
{
	memset(sim_net.cut[host], cut ? SIM_CUT_ASKS | SIM_CUT_ANSWERS : 0,
	       sizeof(sim_net.cut[host]));
}

/* Neither others nor the store have been told: the edge does not even know who they are. */
static void test_removal_when_the_store_was_never_reached_then_it_is_not_confirmed(void **state)
{
	struct sim_world world;
	unsigned int one;

	scene_begin(&world, 1, 3);
	one = sim_caller_put(world.caller, 0, 1, 3600, 5);
	sim_world_pass(&world, 5 * NS_PER_S, SCENE_LOOK_NS);
	assert_true(world.ledger.promise[one].acknowledged);
	kill_etcd(true);
	sim_host_kill_fleet(world.host[1]);
	sim_host_start_fleet(world.host[1]);
	sim_world_pass(&world, 5 * NS_PER_S, SCENE_LOOK_NS);
	sim_caller_ask(world.caller, 1, SIM_DELETE, one, 0);
	sim_world_pass(&world, 5 * NS_PER_S, SCENE_LOOK_NS);
	assert_true(world.ledger.promise[one].removed);
	assert_false(world.ledger.promise[one].confirmed);
	scene_end(&world, "a removal without the store");
}

/* Others do not wait for an edge that is fenced. When it comes back, some of what it hears is late.
 */
static void come_back_late(uint64_t seed)
{
	unsigned int first = 0, nr = 30;
	struct sim_world world;

	scene_begin(&world, seed, 2);
	for (unsigned int i = 0; i < nr; i++)
		first = sim_caller_put(world.caller, 0, i, 3600, 5) - i;
	sim_world_pass(&world, 5 * NS_PER_S, SCENE_LOOK_NS);
	cut_off(1, true);
	sim_world_pass(&world, 30 * NS_PER_S, SCENE_LOOK_NS);
	cut_off(1, false);
	sim_net.late_percent = 40;
	for (unsigned int i = 0; i < nr; i++) {
		sim_caller_ask(world.caller, 0, SIM_DELETE, first + i, 0);
		sim_world_pass(&world, 100 * NS_PER_MS, 10 * NS_PER_MS);
	}
	sim_world_pass(&world, 10 * NS_PER_S, 10 * NS_PER_MS);
	scene_end(&world, "an edge that is back");
}

static void test_edge_when_it_is_back_then_well_only_without_what_has_ended(void **state)
{
	for (uint64_t seed = 1; seed <= 8; seed++)
		come_back_late(seed);
}

/* Where a port rests longer than in the store, another one is chosen; edges that have made the
 * build with the first one by then must not keep that. */
static void choose_again(uint64_t seed)
{
	const struct sim_options options = {
		.seed = seed, .nr_hosts = 3, .nr_vms = 40, .nr_ports = 3, .quarantine_s = 10};
	struct sim_world world;
	unsigned int one;

	sim_world_begin(&world, &options);
	sim_world_settle(&world, SCENE_SETTLE_NS);
	one = sim_caller_put(world.caller, 0, 1, 3600, 5);
	sim_world_pass(&world, 5 * NS_PER_S, SCENE_LOOK_NS);
	cut_off(1, true);
	sim_world_pass(&world, 20 * NS_PER_S, SCENE_LOOK_NS);
	sim_caller_ask(world.caller, 0, SIM_DELETE, one, 0);
	sim_world_pass(&world, 40 * NS_PER_S, SCENE_LOOK_NS);
	cut_off(1, false);
	sim_world_settle(&world, SCENE_SETTLE_NS);
	for (unsigned int vm = 2; vm < 5; vm++) {
		sim_caller_put(world.caller, 1, vm, 3600, 5);
		sim_world_pass(&world, NS_PER_S, 100 * NS_PER_MS);
	}
	sim_world_pass(&world, 40 * NS_PER_S, SCENE_LOOK_NS);
	scene_end(&world, "a port that rests here");
}

static void test_build_when_its_port_rests_here_then_no_edge_keeps_that_port(void **state)
{
	for (uint64_t seed = 1; seed <= 20; seed++)
		choose_again(seed);
}

/* Of a build that has ended as all do nothing is kept once its record has gone. */
static void test_build_when_it_ends_by_itself_then_no_edge_has_cancelled_it(void **state)
{
	struct sim_world world;
	unsigned int one;

	scene_begin(&world, 1, 3);
	one = sim_caller_put(world.caller, 0, 1, 20, 5);
	sim_world_pass(&world, 5 * NS_PER_S, SCENE_LOOK_NS);
	assert_true(world.ledger.promise[one].acknowledged);
	sim_world_pass(&world, 80 * NS_PER_S, SCENE_LOOK_NS);
	for (unsigned int i = 0; i < 3; i++)
		assert_false(sim_host_ignores(world.host[i], world.ledger.promise[one].id));
	scene_end(&world, "a build that ends by itself");
}

/* E1's port rests longer than in the store: it takes back what it was asked for, and the others
 * cancel that. They are started again before it is asked for anew, and their end is no order. */
static void start_again_behind_a_cancellation(uint64_t seed)
{
	const struct sim_options options = {
		.seed = seed, .nr_hosts = 3, .nr_vms = 40, .nr_ports = 1, .quarantine_s = 20};
	struct sim_world world;
	unsigned int one, two;

	sim_world_begin(&world, &options);
	sim_world_settle(&world, SCENE_SETTLE_NS);
	one = sim_caller_put(world.caller, 0, 1, 3600, 5);
	sim_world_pass(&world, 5 * NS_PER_S, SCENE_LOOK_NS);
	cut_off(1, true);
	sim_world_pass(&world, 20 * NS_PER_S, SCENE_LOOK_NS);
	sim_caller_ask(world.caller, 0, SIM_DELETE, one, 0);
	sim_world_pass(&world, 50 * NS_PER_S, SCENE_LOOK_NS);
	cut_off(1, false);
	sim_world_pass(&world, 15 * NS_PER_S, SCENE_LOOK_NS);
	two = sim_caller_put(world.caller, 1, 2, 3600, 5);
	sim_world_pass(&world, 2 * NS_PER_S, SCENE_LOOK_NS);
	assert_false(world.ledger.promise[two].acknowledged);
	for (unsigned int i = 0; i < 3; i += 2) {
		assert_true(sim_host_ignores(world.host[i], world.ledger.promise[two].id));
		sim_host_kill_fleet(world.host[i]);
		sim_host_start_fleet(world.host[i]);
	}
	for (unsigned int i = 0; i < 12 && !world.ledger.promise[two].acknowledged; i++) {
		sim_caller_put_again(world.caller, 1, two);
		sim_world_pass(&world, NS_PER_S, SCENE_LOOK_NS);
	}
	assert_true(world.ledger.promise[two].acknowledged);
	scene_end(&world, "a start behind a cancellation");
}

/* E1 was away meanwhile, and has the build as it was. Nobody is told that it goes on. */
static void ask_one_that_is_behind(enum sim_verb verb)
{
	struct sim_world world;
	unsigned int one;

	scene_begin(&world, 1, 3);
	one = sim_caller_put(world.caller, 0, 1, 3600, 2);
	sim_world_pass(&world, 5 * NS_PER_S, SCENE_LOOK_NS);
	sim_host_kill_daemon(world.host[1]);
	sim_caller_ask(world.caller, 0, SIM_FINISH, one, 0);
	sim_world_pass(&world, 8 * NS_PER_S, SCENE_LOOK_NS);
	sim_host_start_daemon(world.host[1]);
	sim_caller_ask(world.caller, 1, verb, one, 5);
	sim_world_pass(&world, 20 * NS_PER_S, SCENE_LOOK_NS);
	assert_int_equal(sim_caller_waiting(world.caller), 0);
	assert_int_equal(world.ledger.answered[409], verb == SIM_EXTEND);
	scene_end(&world, "an edge that is behind");
}

static void test_build_when_ended_elsewhere_then_one_behind_does_not_extend_it(void **state)
{
	ask_one_that_is_behind(SIM_EXTEND);
	ask_one_that_is_behind(SIM_FINISH);
}

/* E1 was cut off while it was extended elsewhere, and by its clock and what it knows it is over. */
static void test_build_when_extended_elsewhere_then_one_behind_asks_the_store(void **state)
{
	struct sim_world world;
	unsigned int one;

	scene_begin(&world, 1, 3);
	one = sim_caller_put(world.caller, 0, 1, 20, 5);
	sim_world_pass(&world, 16 * NS_PER_S, SCENE_LOOK_NS);
	cut_off(1, true);
	sim_caller_ask(world.caller, 0, SIM_EXTEND, one, 30);
	world.worst_ns = 5 * NS_PER_S;
	sim_host_clock(world.host[1])->error_ns = (int64_t)world.worst_ns;
	sim_world_pass(&world, NS_PER_S, SCENE_LOOK_NS);
	cut_off(1, false);
	sim_caller_ask(world.caller, 1, SIM_EXTEND, one, 5);
	sim_world_pass(&world, 8 * NS_PER_S, SCENE_LOOK_NS);
	assert_int_equal(sim_caller_waiting(world.caller), 0);
	assert_int_equal(world.ledger.answered[409], 0);
	assert_int_equal(world.ledger.answered[200], 2);
	scene_end(&world, "an edge that knows of no extension");
}

/* E1 boots with a wrong clock, by which all its builds are over. Once it is right, and their ports
 * have rested, they come back, in one batch or one by one. */
static void end_by_a_wrong_clock(unsigned int nr)
{
	const struct sim_options options = {
		.seed = 5, .nr_hosts = 3, .nr_vms = 40, .nr_ports = 60, .quarantine_s = 20};
	struct sim_world world;
	unsigned int first = 0;

	sim_world_begin(&world, &options);
	assert_true(sim_world_settle(&world, SCENE_SETTLE_NS));
	for (unsigned int i = 0; i < nr; i++)
		first = sim_caller_put(world.caller, 0, i, 600, 5) - i;
	sim_world_pass(&world, 5 * NS_PER_S, SCENE_LOOK_NS);
	assert_true(world.ledger.promise[first].acknowledged);
	world.worst_ns = 700 * NS_PER_S;
	sim_host_power_off(world.host[1]);
	sim_host_clock(world.host[1])->error_ns = (int64_t)(700 * NS_PER_S);
	sim_host_power_on(world.host[1]);
	sim_world_pass(&world, 5 * NS_PER_S, SCENE_LOOK_NS);
	sim_host_clock(world.host[1])->error_ns = 0;
	sim_world_pass(&world, 5 * NS_PER_S, SCENE_LOOK_NS);
	assert_non_null(sim_host_lack(world.host[1]));
	sim_world_pass(&world, 60 * NS_PER_S, SCENE_LOOK_NS);
	for (unsigned int i = 0; i < 3; i++)
		assert_null(sim_host_lack(world.host[i]));
	assert_string_equal(world.ledger.broken, "");
	sim_world_end(&world);
}

static void test_build_when_ended_by_a_wrong_clock_then_it_comes_back(void **state)
{
	end_by_a_wrong_clock(1);
	end_by_a_wrong_clock(5);
}

static void test_build_when_cancelled_before_a_restart_then_it_may_come_again(void **state)
{
	for (uint64_t seed = 1; seed <= 8; seed++)
		start_again_behind_a_cancellation(seed);
}

/* away: an edge that is in the fleet and does not cut, for its sallyportd is away. */
static void supersede(unsigned int asked, unsigned int away, unsigned int other)
{
	const struct sim_options options = {
		.seed = 9, .nr_hosts = 3, .nr_vms = 40, .nr_ports = 60, .quarantine_s = 120};
	struct sim_world world;
	unsigned int old, new;

	sim_world_begin(&world, &options);
	assert_true(sim_world_settle(&world, SCENE_SETTLE_NS));
	old = sim_caller_put(world.caller, 0, 1, 3600, 5);
	sim_world_pass(&world, 5 * NS_PER_S, SCENE_LOOK_NS);
	assert_true(world.ledger.promise[old].acknowledged);
	sim_host_kill_daemon(world.host[away]);
	new = sim_caller_supersede(world.caller, asked, old);
	sim_world_pass(&world, 30 * NS_PER_S, SCENE_LOOK_NS);
	assert_int_equal(world.ledger.answered[503], 1);
	sim_caller_put_again(world.caller, other, new);
	sim_world_pass(&world, 30 * NS_PER_S, SCENE_LOOK_NS);
	assert_int_equal(world.ledger.answered[503], 2);
	assert_int_equal(sim_caller_waiting(world.caller), 0);
	assert_false(world.ledger.promise[new].acknowledged);
	sim_host_start_daemon(world.host[away]);
	assert_true(sim_world_settle(&world, SCENE_SETTLE_NS));
	sim_caller_put_again(world.caller, asked, new);
	sim_world_pass(&world, 5 * NS_PER_S, SCENE_LOOK_NS);
	assert_true(world.ledger.promise[new].acknowledged);
	scene_end(&world, "a build that supersedes another one");
}

static void test_supersede_when_an_edge_does_not_cut_then_nothing_is_promised(void **state)
{
	supersede(0, 1, 2);
	supersede(0, 0, 1);
	supersede(2, 1, 0);
}

/* Must show 5 of the fleet: nobody loses a session, and then exactly the difference is made. */
static void test_store_when_away_for_ten_minutes_then_no_session_ends(void **state)
{
	uint64_t before[3], one_removal;
	struct sim_world world;
	unsigned int first;

	scene_begin(&world, 3, 3);
	first = scene_put(&world, 30);
	for (unsigned int i = 0; i < 3; i++)
		before[i] = sim_host_changes(world.host[i]);
	kill_etcd(true);
	sim_world_pass(&world, 300 * NS_PER_S, SCENE_LOOK_NS);
	sim_caller_ask(world.caller, 0, SIM_DELETE, first, 0);
	sim_caller_put(world.caller, 1, 35, 3600, 5);
	sim_world_pass(&world, 300 * NS_PER_S, SCENE_LOOK_NS);
	assert_true(world.ledger.promise[first].removed);
	assert_false(world.ledger.promise[first].confirmed);
	assert_false(world.ledger.promise[first + 30].acknowledged);
	one_removal = sim_host_changes(world.host[0]) - before[0];
	assert_true(one_removal > 0);
	for (unsigned int i = 1; i < 3; i++)
		assert_int_equal(sim_host_changes(world.host[i]), before[i]);
	kill_etcd(false);
	assert_true(sim_world_settle(&world, SCENE_SETTLE_NS));
	sim_world_pass(&world, 3 * NS_PER_S, SCENE_LOOK_NS);
	sim_caller_ask(world.caller, 1, SIM_DELETE, first, 0);
	sim_world_pass(&world, SCENE_SWEPT_NS, SCENE_LOOK_NS);
	assert_true(world.ledger.promise[first].confirmed);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(sim_host_changes(world.host[i]), before[i] + one_removal);
	scene_end(&world, "etcd away for ten minutes");
}

static void test_edge_when_back_after_hours_then_nothing_stale_lives(void **state)
{
	struct sim_world world;
	unsigned int first;

	scene_begin(&world, 4, 3);
	first = scene_put(&world, 30);
	sim_host_power_off(world.host[2]);
	sim_world_pass(&world, 60 * NS_PER_S, SCENE_LOOK_NS);
	for (unsigned int i = 0; i < 15; i++)
		sim_caller_ask(world.caller, i % 2, SIM_DELETE, first + i, 0);
	sim_world_pass(&world, 6 * 3600 * NS_PER_S, 60 * NS_PER_S);
	sim_host_power_on(world.host[2]);
	sim_world_pass(&world, 10 * NS_PER_S, 10 * NS_PER_MS);
	scene_end(&world, "an edge that is back after hours");
}

/* Nothing ends, nothing is promised. */
static void test_store_when_it_lost_its_data_then_nothing_ends(void **state)
{
	struct sim_world world;
	uint64_t before[3];
	unsigned int refused;

	scene_begin(&world, 5, 3);
	scene_put(&world, 30);
	for (unsigned int i = 0; i < 3; i++)
		before[i] = sim_host_changes(world.host[i]);
	sim_gateway_lose(false);
	sim_world_pass(&world, 120 * NS_PER_S, SCENE_LOOK_NS);
	refused = sim_caller_put(world.caller, 1, 35, 3600, 5);
	sim_host_kill_fleet(world.host[2]);
	sim_host_start_fleet(world.host[2]);
	sim_world_pass(&world, 120 * NS_PER_S, SCENE_LOOK_NS);
	assert_false(world.ledger.promise[refused].acknowledged);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(sim_host_changes(world.host[i]), before[i]);
	scene_judge(&world, "a store that lost its data");
	sim_world_end(&world);
}

/* As many as SALLYPORT_SIM_BUILDS on each of SALLYPORT_SIM_EDGES. */
static void test_many_edges_when_faults_then_all_are_equal(void **state)
{
	unsigned int nr = (unsigned int)number_from("SALLYPORT_SIM_BUILDS", 30);
	const struct sim_options options = {
		.seed = number_from("SALLYPORT_SEED", SEED),
		.nr_hosts = (unsigned int)number_from("SALLYPORT_SIM_EDGES", 25),
		.nr_vms = nr + 100,
		.nr_ports = nr + 200,
		.quarantine_s = 10,
	};
	struct sim_faults *faults;
	struct sim_world world;

	sim_world_begin(&world, &options);
	faults = sim_faults_new(&world);
	assert_true(sim_world_settle(&world, SCENE_SETTLE_NS));
	for (unsigned int i = 0; i < nr; i++) {
		sim_caller_put(world.caller, i % options.nr_hosts, i, 12 * 3600, 5);
		sim_world_pass(&world, 5 * NS_PER_MS, 3600 * NS_PER_S);
	}
	sim_world_pass(&world, 10 * NS_PER_S, 5 * NS_PER_S);
	sim_caller_pace(world.caller, 5);
	sim_faults_begin(faults, ALL_FAULTS & ~(1u << SIM_FAULT_LEASES | 1u << SIM_FAULT_CLOCK),
			 60);
	sim_world_pass(&world, 30 * NS_PER_S, 10 * NS_PER_S);
	sim_faults_mend(faults);
	sim_faults_free(faults);
	scene_settle(&world, "many edges");
}

/* A case may be named by how it begins. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_removal_when_the_store_was_never_reached_then_it_is_not_confirmed),
		cmocka_unit_test(test_edge_when_it_is_back_then_well_only_without_what_has_ended),
		cmocka_unit_test(test_build_when_its_port_rests_here_then_no_edge_keeps_that_port),
		cmocka_unit_test(test_build_when_it_ends_by_itself_then_no_edge_has_cancelled_it),
		cmocka_unit_test(
			test_build_when_ended_elsewhere_then_one_behind_does_not_extend_it),
		cmocka_unit_test(test_build_when_extended_elsewhere_then_one_behind_asks_the_store),
		cmocka_unit_test(test_build_when_ended_by_a_wrong_clock_then_it_comes_back),
		cmocka_unit_test(test_build_when_cancelled_before_a_restart_then_it_may_come_again),
		cmocka_unit_test(test_supersede_when_an_edge_does_not_cut_then_nothing_is_promised),
		cmocka_unit_test(test_store_when_away_for_ten_minutes_then_no_session_ends),
		cmocka_unit_test(test_edge_when_back_after_hours_then_nothing_stale_lives),
		cmocka_unit_test(test_store_when_it_lost_its_data_then_nothing_ends),
		cmocka_unit_test(test_many_edges_when_faults_then_all_are_equal),
		cmocka_unit_test(test_fleet_when_all_sorts_of_faults_then_promises_are_kept),
	};

	char filter[128];

	sim_quiet_talks = number_from("SALLYPORT_SIM_LOG", 0) != 0;
	snprintf(filter, sizeof(filter), "%s*",
		 argc > 1		    ? argv[1]
		 : getenv("SALLYPORT_SEED") ? "test_fleet_when" /* the draws alone */
					    : "test_");
	cmocka_set_test_filter(filter);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
