/* SPDX-License-Identifier: BSD-3-Clause */
/* An edge's entry in a real etcd: put, written anew, taken over, lost, and never that of another.
 */
#include "fleet/edges/self.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "etcd/real/members.h"
#include "host/boottime.h"

#define KEY   "/s/edges/a"
#define TTL_S 3

/* One sallyport-fleet, as far as its entry goes. */
struct edge {
	struct edges_entry entry;
	struct edges_self *self;
	unsigned int nr_alive, nr_lost, nr_taken;
};

struct world {
	sd_event *event;
	struct etcd *etcd;
	struct edge one, other;
};

static void on_alive(void *context, int64_t revision)
{
	struct edge *edge = context;

	assert_true(revision > 0);
	edge->nr_alive++;
}

static void on_lost(void *context, const char *reason)
{
	struct edge *edge = context;

	edge->nr_lost++;
}

static void on_taken(void *context)
{
	struct edge *edge = context;

	edge->nr_taken++;
}

static void begin(struct world *world, struct edge *edge, const char *id)
{
	const struct edges_self_options options = {.event = world->event,
						   .etcd = world->etcd,
						   .key = KEY,
						   .entry = &edge->entry,
						   .ttl_s = TTL_S,
						   .alive = on_alive,
						   .lost = on_lost,
						   .taken = on_taken,
						   .context = edge};

	snprintf(edge->entry.name, sizeof(edge->entry.name), "a");
	snprintf(edge->entry.id, sizeof(edge->entry.id), "%s", id);
	assert_int_equal(edges_self_open(&options, &edge->self), 0);
}

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){0};
	*state = NULL;
	if (!real_possible())
		return 0;
	real_begin(1, NULL, NULL, &world.event, &world.etcd);
	begin(&world, &world.one, "one");
	REAL_WAIT(world.event, world.one.nr_alive == 1);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	if (!world)
		return 0;
	edges_self_close(world->one.self);
	edges_self_close(world->other.self);
	real_end(world->event, world->etcd);
	return 0;
}

/* Result: what the store has. */
static struct edges_entry read_entry(void)
{
	struct edges_entry entry = {0};

	edges_entry_read("a", real_read("etcdctl get --print-value-only " KEY), &entry);
	return entry;
}

static void test_self_when_it_changes_then_written(void **state)
{
	struct world *world = *state;

	if (!world)
		skip();
	assert_string_equal(read_entry().id, "one");
	for (int64_t i = 1; i <= 3; i++) {
		world->one.entry.applied = i;
		edges_self_update(world->one.self);
	}
	REAL_WAIT(world->event, read_entry().applied == 3);
	assert_int_equal(world->one.nr_alive, 1);
	assert_int_equal(world->one.nr_lost, 0);
}

static void test_self_when_nothing_changes_then_its_clock_is_written(void **state)
{
	struct world *world = *state;
	uint64_t wall_ns = world ? read_entry().wall_ns : 0;

	if (!world)
		skip();
	assert_true(wall_ns > 0);
	REAL_WAIT(world->event, read_entry().wall_ns > wall_ns);
}

static void test_self_when_started_again_then_takes_its_entry_over(void **state)
{
	struct world *world = *state;

	if (!world)
		skip();
	edges_self_close(world->one.self);
	world->one.self = NULL;
	begin(world, &world->other, "one");
	REAL_WAIT(world->event, world->other.nr_alive == 1);
	assert_int_equal(world->other.nr_taken, 0);
}

static void test_self_when_another_lives_by_that_name_then_taken_until_it_is_gone(void **state)
{
	struct world *world = *state;

	if (!world)
		skip();
	begin(world, &world->other, "other");
	REAL_WAIT(world->event, world->other.nr_taken == 1);
	assert_string_equal(read_entry().id, "one");
	edges_self_close(world->one.self);
	world->one.self = NULL;
	REAL_WAIT(world->event, world->other.nr_alive == 1);
	assert_string_equal(read_entry().id, "other");
	assert_int_equal(world->other.nr_taken, 1);
}

static void test_self_when_etcd_is_away_then_lost_and_there_again(void **state)
{
	struct world *world = *state;

	if (!world)
		skip();
	real_kill(0);
	REAL_WAIT(world->event, world->one.nr_lost == 1);
	real_restart(0);
	REAL_WAIT(world->event, world->one.nr_alive == 2);
	assert_string_equal(read_entry().id, "one");
}

static int on_other_timer(sd_event_source *source, uint64_t usec, void *context)
{
	const struct edge *edge = context;

	assert_int_equal(edge->nr_lost, 1);
	return 0;
}

/* Whoever wakes up with much to do would act on what is not so any more. */
static void test_self_when_the_process_has_slept_then_lost_before_all_else(void **state)
{
	struct world *world = *state;
	uint64_t until_ns;
	sd_event_source *timer;

	if (!world)
		skip();
	real_kill(0);
	until_ns = boottime_now_ns() + TTL_S * NS_PER_S;
	assert_true(sd_event_add_time_relative(world->event, &timer, CLOCK_BOOTTIME, 0, 1,
					       on_other_timer, &world->one) >= 0);
	while (boottime_now_ns() <= until_ns)
		;
	assert_true(sd_event_run(world->event, 0) >= 0);
	REAL_WAIT(world->event, sd_event_source_get_enabled(timer, NULL) == 0);
	assert_int_equal(world->one.nr_lost, 1);
	sd_event_source_unref(timer);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_self_when_it_changes_then_written),
		CASE(test_self_when_nothing_changes_then_its_clock_is_written),
		CASE(test_self_when_started_again_then_takes_its_entry_over),
		CASE(test_self_when_another_lives_by_that_name_then_taken_until_it_is_gone),
		CASE(test_self_when_etcd_is_away_then_lost_and_there_again),
		CASE(test_self_when_the_process_has_slept_then_lost_before_all_else),
	};

	return cmocka_run_group_tests_name("edges_self", tests, real_set_up_all, NULL);
}
