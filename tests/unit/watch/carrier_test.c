/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/carrier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <sallyport/left.h>

#include "host/table_map.h"
#include "loop.h"
#include "world.h"

#define FRESH (UINT64_MAX / 2) /* a heartbeat that stays fresh */

/* The switches told, in order. */
struct told {
	char text[64];
};

static int add(const struct event *event, void *context)
{
	struct told *told = context;
	size_t len = strlen(told->text);

	if (event->type == EVENT_ENGINE_SWITCHED)
		snprintf(told->text + len, sizeof(told->text) - len, " %s",
			 model_event_read_switch(event).now);
	return 0;
}

static struct told read_told(struct world *world)
{
	struct told told = {""};

	assert_int_equal(state_events_read(edge_events(world->edge), 0, 1000, add, &told), 0);
	return told;
}

/* Runs the event loop until these switches have been told. */
static void expect(struct world *world, sd_event *event, const char *expected)
{
	struct instant begun;
	struct told told;

	model_clock_read(&begun);
	for (told = read_told(world); strcmp(told.text, expected) != 0; told = read_told(world))
		if (!loop_turn(event, &begun))
			fail_msg("expected%s, told%s", expected, told.text);
}

/* DPDK carries, then XDP. */
static void begin_with_a_switch(struct world *world, sd_event **ret_event,
				struct carrier **ret_carrier)
{
	world->table->settings->engine_mode = SP_ENGINE_DPDK;
	world->table->settings->fallback = 1;
	world->table->queues[0].beat_ns = FRESH;
	assert_true(sd_event_new(ret_event) >= 0);
	assert_int_equal(watch_carrier_start(*ret_event, world->edge, world->table, ret_carrier),
			 0);
	world->table->queues[0].beat_ns = 0;
	expect(world, *ret_event, " xdp");
}

static void test_look_when_engine_changes_then_told_once_each(void **state)
{
	struct world *world = *state;
	struct carrier *carrier;
	sd_event *event;

	begin_with_a_switch(world, &event, &carrier);
	world->table->queues[SP_QUEUES_MAX].beat_ns = FRESH;
	expect(world, event, " xdp dpdk");
	world->table->settings->fallback = 0;
	world->table->queues[SP_QUEUES_MAX].beat_ns = 0;
	expect(world, event, " xdp dpdk none");
	world->table->settings->engine_mode = SP_ENGINE_XDP;
	expect(world, event, " xdp dpdk none xdp");
	watch_carrier_stop(carrier);
	sd_event_unref(event);
}

static int keep(const struct event *event, void *context)
{
	if (event->type == EVENT_ENGINE_SWITCHED)
		*(struct event *)context = *event;
	return 0;
}

static void assert_last(struct world *world, const char *detail)
{
	struct event last = {0};

	assert_int_equal(state_events_read(edge_events(world->edge), 0, 1000, keep, &last), 0);
	if (strncmp(last.detail, detail, strlen(detail)) != 0)
		fail_msg("expected %s, is %s", detail, last.detail);
}

static void test_tell_when_engine_changes_then_why_and_the_one_before(void **state)
{
	struct world *world = *state;
	struct sp_worker *worker = &world->table->workers[0];
	struct carrier *carrier;
	struct instant now;
	sd_event *event;

	begin_with_a_switch(world, &event, &carrier);
	assert_last(world, "xdp, after dpdk: sallyport-dp was stopped");
	model_clock_read(&now);
	worker->pid = (uint32_t)getpid();
	worker->started_ns = now.boot_ns;
	world->table->queues[0].beat_ns = FRESH;
	expect(world, event, " xdp dpdk");
	assert_last(world, "dpdk, after xdp: sallyport-dp has started, process ");
	world->table->queues[0].beat_ns = 1;
	expect(world, event, " xdp dpdk xdp");
	assert_last(world, "xdp, after dpdk: worker 0 has stood still for ");
	world->table->queues[0].beat_ns = FRESH;
	worker->started_ns = 0;
	expect(world, event, " xdp dpdk xdp dpdk");
	assert_last(world, "dpdk, after xdp: the workers are in time again");
	worker->pid = INT32_MAX;
	world->table->settings->fallback = 0;
	world->table->queues[0].beat_ns = 1;
	expect(world, event, " xdp dpdk xdp dpdk none");
	assert_last(world, "none, after dpdk: sallyport-dp, process 2147483647, has died");
	worker->pid = (uint32_t)getpid();
	worker->left = SP_LEFT_RULE;
	world->table->settings->fallback = 1;
	expect(world, event, " xdp dpdk xdp dpdk none xdp");
	assert_last(world,
		    "xdp, after none: sallyport-dp leaves all to it: there is a policy rule");
	watch_carrier_stop(carrier);
	sd_event_unref(event);
}

/* A worker that leaves its few packets to XDP is no news; one that dies asleep is. */
static void test_look_when_workers_yield_then_nothing_is_told(void **state)
{
	struct world *world = *state;
	struct sp_worker *worker = &world->table->workers[0];
	struct carrier *carrier;
	sd_event *event;

	begin_with_a_switch(world, &event, &carrier);
	worker->pid = (uint32_t)getpid();
	world->table->queues[0].beat_ns = FRESH;
	expect(world, event, " xdp dpdk");
	worker->yields = 1;
	world->table->queues[0].beat_ns = 0;
	for (unsigned int look = 0; look < 4; look++)
		assert_true(sd_event_run(event, 1000000) >= 0);
	expect(world, event, " xdp dpdk");
	worker->pid = INT32_MAX;
	expect(world, event, " xdp dpdk xdp");
	watch_carrier_stop(carrier);
	sd_event_unref(event);
	worker->yields = 0;
}

/* What changes while sallyportd is away is told once it is back, and what does not is not. */
static void test_start_when_engine_changed_meanwhile_then_told_once(void **state)
{
	struct world *world = *state;
	struct carrier *carrier;
	sd_event *event;

	begin_with_a_switch(world, &event, &carrier);
	watch_carrier_stop(carrier);
	world->table->queues[0].beat_ns = FRESH;
	assert_int_equal(watch_carrier_start(event, world->edge, world->table, &carrier), 0);
	expect(world, event, " xdp dpdk");
	watch_carrier_stop(carrier);
	assert_int_equal(watch_carrier_start(event, world->edge, world->table, &carrier), 0);
	for (unsigned int look = 0; look < 4; look++)
		assert_true(sd_event_run(event, 1000000) >= 0);
	expect(world, event, " xdp dpdk");
	watch_carrier_stop(carrier);
	sd_event_unref(event);
}

/* A busy host: sallyport-dp is kept from its core again and again. The seventh switch within five
 * minutes is not told at once. */
static void test_look_when_engine_flaps_then_seventh_switch_waits(void **state)
{
	struct world *world = *state;
	struct carrier *carrier;
	char expected[64] = " xdp";
	sd_event *event;

	begin_with_a_switch(world, &event, &carrier);
	for (unsigned int i = 1; i < CARRIER_MANY; i++) {
		world->table->queues[0].beat_ns = i % 2 ? FRESH : 0;
		strcat(expected, i % 2 ? " dpdk" : " xdp");
		expect(world, event, expected);
	}
	world->table->queues[0].beat_ns = 0;
	for (unsigned int look = 0; look < 5; look++)
		assert_true(sd_event_run(event, 1000000) >= 0);
	expect(world, event, expected);
	watch_carrier_stop(carrier);
	sd_event_unref(event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_CASE(test_look_when_engine_changes_then_told_once_each),
		WORLD_CASE(test_tell_when_engine_changes_then_why_and_the_one_before),
		WORLD_CASE(test_look_when_workers_yield_then_nothing_is_told),
		WORLD_CASE(test_start_when_engine_changed_meanwhile_then_told_once),
		WORLD_CASE(test_look_when_engine_flaps_then_seventh_switch_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
