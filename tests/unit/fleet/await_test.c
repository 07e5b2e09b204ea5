/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting for edges where there is no memory: nobody is taken to have confirmed. */
#include "fleet/state/await.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "fleet/state/fleet.h"
#include "fleet/state/roll_state.h"
#include "host/boottime.h"
#include "host/config.h"

#define REVISION 10
#define FENCE_NS (10 * NS_PER_S)
#define LONG_S	 1000

struct world {
	struct config config;
	struct fleet fleet;
	struct roll roll;
	struct roll_wait *wait;
	unsigned int nr_done;
	char said[64]; /* "-" for NULL */
};

static bool is_full; /* there is no memory */
static time_t passed_s;

FILE *__real_open_memstream(char **text, size_t *bytes);
FILE *__wrap_open_memstream(char **text, size_t *bytes);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

FILE *__wrap_open_memstream(char **text, size_t *bytes)
{
	return is_full ? NULL : __real_open_memstream(text, bytes);
}

char *__wrap_strdup(const char *text)
{
	return is_full ? NULL : __real_strdup(text);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	int error = __real_clock_gettime(clock, now);

	now->tv_sec += passed_s;
	return error;
}

static void put_edge(struct world *world, const char *name, int64_t removed)
{
	struct edges_entry entry = {.id = "0", .removed = removed};
	char *value;

	snprintf(entry.name, sizeof(entry.name), "%s", name);
	value = edges_entry_write(&entry);
	assert_int_equal(edges_table_put(world->roll.table, name, value, boottime_now_ns()), 0);
	free(value);
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	*state = world;
	is_full = false;
	passed_s = 0;
	if (!world || sd_event_new(&world->fleet.event) < 0)
		return -1;
	world->config.fleet.fence_after_ns = FENCE_NS;
	world->config.fleet.edge_ttl_ns = FENCE_NS / 2;
	world->fleet.config = &world->config;
	world->fleet.roll = &world->roll;
	world->roll.table = edges_table_new();
	world->roll.builds.seen = REVISION;
	snprintf(world->roll.entry.name, sizeof(world->roll.entry.name), "a");
	put_edge(world, "a", 0);
	put_edge(world, "b", REVISION);
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	edges_table_free(world->roll.table);
	sd_event_unref(world->fleet.event);
	free(world);
	return 0;
}

static void on_done(void *context, const char *unconfirmed)
{
	struct world *world = context;

	world->nr_done++;
	snprintf(world->said, sizeof(world->said), "%s", unconfirmed ? unconfirmed : "-");
}

/* Waits for others, without memory or not, until it has been too long. */
static void await_others(struct world *world, bool full)
{
	assert_int_equal(state_await_begin(&world->fleet, REVISION, on_done, world, &world->wait),
			 0);
	is_full = full;
	state_await_look(&world->fleet);
	passed_s = LONG_S;
	state_await_look(&world->fleet);
	assert_int_equal(world->nr_done, 1);
}

static void test_others_when_one_lacks_it_then_it_is_named(void **state)
{
	struct world *world = *state;

	put_edge(world, "c", REVISION - 1);
	await_others(world, false);
	assert_string_equal(world->said, "c");
}

static void test_others_when_names_have_no_room_then_any_may_lack_it(void **state)
{
	struct world *world = *state;

	put_edge(world, "c", REVISION - 1);
	await_others(world, true);
	assert_string_equal(world->said, AWAIT_ANY);
}

/* They are waited for just as long. */
static void test_others_when_names_have_no_room_then_they_are_waited_for(void **state)
{
	struct world *world = *state;

	put_edge(world, "c", REVISION - 1);
	assert_int_equal(state_await_begin(&world->fleet, REVISION, on_done, world, &world->wait),
			 0);
	is_full = true;
	state_await_look(&world->fleet);
	assert_int_equal(world->nr_done, 0);
	put_edge(world, "c", REVISION);
	state_await_look(&world->fleet);
	assert_int_equal(world->nr_done, 1);
	assert_string_equal(world->said, "-");
}

/* Whoever begins does not know who was lost before. */
static void test_others_when_strangers_may_get_packets_then_they_are_waited_for(void **state)
{
	struct world *world = *state;

	world->roll.strangers_ns = boottime_now_ns() + FENCE_NS / 2;
	assert_int_equal(state_await_begin(&world->fleet, REVISION, on_done, world, &world->wait),
			 0);
	state_await_look(&world->fleet);
	assert_int_equal(world->nr_done, 0);
	assert_int_equal(state_await_floor(&world->fleet), 0);
	passed_s = FENCE_NS / 2 / NS_PER_S + 1;
	state_await_look(&world->fleet);
	assert_int_equal(world->nr_done, 1);
	assert_string_equal(world->said, "-");
	assert_int_equal(state_await_floor(&world->fleet), REVISION);
}

static void test_others_when_the_store_is_not_read_in_time_then_any_may_lack_it(void **state)
{
	struct world *world = *state;

	world->roll.strangers_ns = UINT64_MAX;
	await_others(world, false);
	assert_string_equal(world->said, AWAIT_ANY);
}

static void test_here_when_it_is_late_without_memory_then_it_is_not_done(void **state)
{
	struct world *world = *state;

	world->roll.builds.done = REVISION - 1;
	assert_int_equal(state_await_here(&world->fleet, REVISION, on_done, world, &world->wait),
			 0);
	is_full = true;
	passed_s = LONG_S;
	state_await_look(&world->fleet);
	assert_int_equal(world->nr_done, 1);
	assert_string_equal(world->said, "");
}

static void test_here_when_it_is_done_then_nothing_is_missing(void **state)
{
	struct world *world = *state;

	world->roll.builds.done = REVISION;
	assert_int_equal(state_await_here(&world->fleet, REVISION, on_done, world, &world->wait),
			 0);
	state_await_look(&world->fleet);
	assert_int_equal(world->nr_done, 1);
	assert_string_equal(world->said, "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_others_when_one_lacks_it_then_it_is_named,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_others_when_names_have_no_room_then_any_may_lack_it, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_others_when_names_have_no_room_then_they_are_waited_for, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_others_when_strangers_may_get_packets_then_they_are_waited_for, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_others_when_the_store_is_not_read_in_time_then_any_may_lack_it, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_here_when_it_is_late_without_memory_then_it_is_not_done, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(test_here_when_it_is_done_then_nothing_is_missing,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
