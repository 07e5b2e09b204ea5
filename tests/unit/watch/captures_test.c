/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/capture/captures.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host/table_map.h"
#include "loop.h"
#include "world.h"

/* One who captures, and what came. */
struct taker {
	struct capture *capture;
	unsigned int nr_packets;
	unsigned int nr_ends;
	unsigned int nr_beats;
	unsigned int nr_refused; /* packets that it shall not keep; then it keeps all */
	struct capture_losses losses;
	uint32_t node_index; /* of the last packet */
	char forward[FORWARD_NAME_MAX + 1];
	uint64_t wall_ns;
};

/* Two builds, one of two nodes of which the second has no VM yet. */
struct captured {
	struct world world;
	sd_event *event;
	struct captures *captures;
	struct taker takers[2];
};

static int set_up(void **state)
{
	static const char *const addresses[] = {"10.0.3.7", ""};
	static struct captured captured;
	struct edge_result result;

	memset(&captured, 0, sizeof(captured));
	world_init(&captured.world, 100);
	model_clock_read(&captured.world.now);
	world_start(&captured.world, ":memory:");
	assert_int_equal(world_put_nodes(&captured.world, "b1", 2, addresses, &result), 0);
	assert_int_equal(world_put(&captured.world, "b2", "10.0.3.9"), 0);
	assert_true(sd_event_new(&captured.event) >= 0);
	assert_int_equal(capture_captures_open(captured.event, captured.world.edge,
					       captured.world.table, &captured.captures),
			 0);
	*state = &captured;
	return 0;
}

static int tear_down(void **state)
{
	struct captured *captured = *state;

	capture_captures_close(captured->captures);
	sd_event_unref(captured->event);
	world_stop(&captured->world);
	return 0;
}

static bool on_packet(void *context, const struct capture_packet *packet)
{
	struct taker *taker = context;

	taker->nr_packets++;
	taker->node_index = packet->node->index;
	taker->wall_ns = packet->wall_ns;
	taker->losses = *packet->losses;
	snprintf(taker->forward, sizeof(taker->forward), "%s", packet->forward->name);
	if (taker->nr_refused == 0)
		return true;
	taker->nr_refused--;
	return false;
}

static void on_beat(void *context)
{
	struct taker *taker = context;

	taker->nr_beats++;
}

static void on_end(void *context, const struct capture_losses *losses)
{
	struct taker *taker = context;

	taker->losses = *losses;
	taker->nr_ends++;
}

static struct capture_options options_of(struct captured *captured, const char *id)
{
	return (struct capture_options){
		.build = world_get(&captured->world, id),
		.duration_ns = HOUR,
		.nr_packets = 1000,
		.take = on_packet,
		.beat = on_beat,
		.end = on_end,
		.context = &captured->takers[0],
	};
}

static struct capture *start(struct captured *captured, const struct capture_options *options)
{
	struct taker *taker = options->context;

	assert_int_equal(capture_captures_start(captured->captures, options, &taker->capture), 0);
	return taker->capture;
}

static uint32_t until_s(const struct captured *captured, const char *id, uint32_t node)
{
	return world_slot(&captured->world, world_ssh(world_get(&captured->world, id), node))
		->capture_until_s;
}

/* As the XDP program writes one, now. */
static void write_snap(struct captured *captured, const char *id, uint32_t node)
{
	const struct forward *forward = world_ssh(world_get(&captured->world, id), node);
	struct table_map *table = captured->world.table;
	uint64_t number = table->snaps_heads[0].written + 1;
	struct instant now;

	model_clock_read(&now);
	table->snaps[sp_ring_at(number, SP_SNAPS)] = (struct sp_snap){
		.ring = {number, now.boot_ns},
		.slot_index = forward->slot_index,
		.generation = table->leases[forward->slot_index].generation,
		.kept_bytes = 54,
	};
	table->snaps_heads[0].written = number;
}

/* Runs the loop until *figure is at least so much. */
static void run_until(struct captured *captured, const unsigned int *figure, unsigned int wanted)
{
	struct instant begun;

	model_clock_read(&begun);
	do
		assert_true(loop_turn(captured->event, &begun));
	while (*figure < wanted);
}

static void test_start_when_running_then_the_builds_slots_alone_are_marked(void **state)
{
	struct captured *captured = *state;
	struct capture_options options = options_of(captured, "b1");
	struct capture *capture = start(captured, &options);

	assert_int_not_equal(until_s(captured, "b1", 0), 0);
	assert_int_not_equal(until_s(captured, "b1", 1), 0);
	assert_int_equal(until_s(captured, "b2", 0), 0);
	capture_captures_stop(capture);
	assert_int_equal(until_s(captured, "b1", 0), 0);
	assert_int_equal(until_s(captured, "b1", 1), 0);
}

static void test_start_when_one_node_then_its_slots_and_packets_alone(void **state)
{
	struct captured *captured = *state;
	struct capture_options options = options_of(captured, "b1");
	struct taker *taker = &captured->takers[0];

	options.one_node = true;
	options.node_index = 1;
	start(captured, &options);
	assert_int_equal(until_s(captured, "b1", 0), 0);
	assert_int_not_equal(until_s(captured, "b1", 1), 0);
	write_snap(captured, "b1", 0); /* of another capture, say */
	write_snap(captured, "b1", 1);
	run_until(captured, &taker->nr_packets, 1);
	assert_int_equal(taker->nr_packets, 1);
	assert_int_equal(taker->node_index, 1);
	capture_captures_stop(taker->capture);
}

static void test_take_when_packets_come_then_those_of_the_build_from_now_on(void **state)
{
	struct captured *captured = *state;
	struct capture_options options = options_of(captured, "b1");
	struct taker *taker = &captured->takers[0];
	struct instant now;

	write_snap(captured, "b1", 0); /* of before */
	start(captured, &options);
	write_snap(captured, "b2", 0);
	write_snap(captured, "b1", 0);
	write_snap(captured, "b1", 0);
	captured->world.table->snaps[3].generation++; /* of the lease before */
	write_snap(captured, "b1", 0);
	run_until(captured, &taker->nr_packets, 2);
	assert_int_equal(taker->nr_packets, 2);
	assert_string_equal(taker->forward, "ssh");
	model_clock_read(&now);
	assert_in_range(taker->wall_ns, now.wall_ns - LOOP_LIMIT_NS, now.wall_ns);
	assert_int_equal(taker->losses.own, 0);
	capture_captures_stop(taker->capture);
}

static void test_take_when_overwritten_then_counted(void **state)
{
	struct captured *captured = *state;
	struct capture_options options = options_of(captured, "b1");
	struct taker *taker = &captured->takers[0];

	options.nr_packets = 100000;
	start(captured, &options);
	for (unsigned int i = 0; i < SP_SNAPS + 5; i++)
		write_snap(captured, "b1", 0);
	run_until(captured, &taker->nr_packets, SP_SNAPS);
	assert_int_equal(taker->losses.own, 5);
	assert_int_equal(taker->losses.any, 0);
	capture_captures_stop(taker->capture);
}

/* Nobody knows what the overwritten ones were. */
static void test_take_when_overwritten_and_others_are_open_then_counted_as_anybodys(void **state)
{
	struct captured *captured = *state;
	struct capture_options one = options_of(captured, "b1"), other = options_of(captured, "b2");
	struct taker *taker = &captured->takers[0];

	one.nr_packets = 100000;
	other.context = &captured->takers[1];
	start(captured, &one);
	start(captured, &other);
	for (unsigned int i = 0; i < SP_SNAPS + 5; i++)
		write_snap(captured, "b1", 0);
	run_until(captured, &taker->nr_packets, SP_SNAPS);
	assert_int_equal(taker->losses.own, 0);
	assert_int_equal(taker->losses.any, 5);
	capture_captures_stop(captured->takers[1].capture);
	for (unsigned int i = 0; i < SP_SNAPS + 7; i++)
		write_snap(captured, "b1", 0);
	run_until(captured, &taker->nr_packets, 2 * SP_SNAPS);
	assert_int_equal(taker->losses.own, 7);
	assert_int_equal(taker->losses.any, 5);
	capture_captures_stop(taker->capture);
}

/* A build may get what it is captured by later: its slot is written anew for it. */
static void test_capture_when_a_node_gets_its_vm_then_goes_on(void **state)
{
	static const char *const addresses[] = {"10.0.3.7", "10.0.3.8"};
	struct captured *captured = *state;
	struct capture_options options = options_of(captured, "b1");
	struct taker *taker = &captured->takers[0];
	struct edge_result result;

	start(captured, &options);
	assert_int_equal(world_put_nodes(&captured->world, "b1", 2, addresses, &result), 0);
	write_snap(captured, "b1", 1);
	run_until(captured, &taker->nr_packets, 1);
	assert_int_not_equal(until_s(captured, "b1", 1), 0);
	capture_captures_stop(taker->capture);
}

static void test_stop_when_another_goes_on_then_its_marks_stay(void **state)
{
	struct captured *captured = *state;
	struct capture_options one = options_of(captured, "b1"), other = one;
	uint32_t first_s;

	one.duration_ns = MINUTE;
	other.context = &captured->takers[1];
	start(captured, &one);
	first_s = until_s(captured, "b1", 0);
	start(captured, &other);
	assert_true(until_s(captured, "b1", 0) > first_s);
	capture_captures_stop(captured->takers[1].capture);
	assert_int_equal(until_s(captured, "b1", 0), first_s);
	write_snap(captured, "b1", 0);
	run_until(captured, &captured->takers[0].nr_packets, 1);
	assert_int_equal(captured->takers[1].nr_packets, 0);
	capture_captures_stop(captured->takers[0].capture);
	assert_int_equal(until_s(captured, "b1", 0), 0);
}

static void test_capture_when_it_has_its_packets_then_ends_once(void **state)
{
	struct captured *captured = *state;
	struct capture_options options = options_of(captured, "b1");
	struct taker *taker = &captured->takers[0];

	options.nr_packets = 3;
	start(captured, &options);
	for (unsigned int i = 0; i < 5; i++)
		write_snap(captured, "b1", 0);
	run_until(captured, &taker->nr_ends, 1);
	assert_int_equal(taker->nr_packets, 3);
	assert_int_equal(until_s(captured, "b1", 0), 0);
	assert_true(sd_event_run(captured->event, LOOP_LIMIT_NS / 1000) > 0);
	assert_int_equal(taker->nr_ends, 1);
	capture_captures_stop(taker->capture);
}

static void test_capture_when_packets_are_not_kept_then_they_do_not_count(void **state)
{
	struct captured *captured = *state;
	struct capture_options options = options_of(captured, "b1");
	struct taker *taker = &captured->takers[0];

	options.nr_packets = 3;
	taker->nr_refused = 4;
	start(captured, &options);
	for (unsigned int i = 0; i < 9; i++)
		write_snap(captured, "b1", 0);
	run_until(captured, &taker->nr_ends, 1);
	assert_int_equal(taker->nr_packets, 7);
	capture_captures_stop(taker->capture);
}

static void test_capture_when_its_time_is_over_then_ends(void **state)
{
	struct captured *captured = *state;
	struct capture_options options = options_of(captured, "b1");
	struct taker *taker = &captured->takers[0];

	options.duration_ns = SECOND / 50;
	start(captured, &options);
	run_until(captured, &taker->nr_ends, 1);
	assert_int_equal(until_s(captured, "b1", 0), 0);
	capture_captures_stop(taker->capture);
}

static void test_capture_when_the_build_is_gone_then_ends(void **state)
{
	struct captured *captured = *state;
	struct capture_options options = options_of(captured, "b2");
	struct taker *taker = &captured->takers[0];
	struct edge_result result;

	start(captured, &options);
	assert_int_equal(world_cancel(&captured->world, "b2", &result), 0);
	write_snap(captured, "b2", 0);
	run_until(captured, &taker->nr_packets, 1);
	assert_int_equal(taker->nr_ends, 0);
	world_pass(&captured->world, HOUR);
	run_until(captured, &taker->nr_ends, 1);
	capture_captures_stop(taker->capture);
}

static void test_start_when_too_many_then_refused(void **state)
{
	struct captured *captured = *state;
	struct capture_options options = options_of(captured, "b1");
	struct capture *captures[CAPTURES_MAX], *another;

	for (unsigned int i = 0; i < CAPTURES_MAX; i++)
		captures[i] = start(captured, &options);
	assert_int_equal(capture_captures_start(captured->captures, &options, &another), -EUSERS);
	capture_captures_stop(captures[3]);
	captures[3] = start(captured, &options);
	for (unsigned int i = 0; i < CAPTURES_MAX; i++)
		capture_captures_stop(captures[i]);
	assert_int_equal(until_s(captured, "b1", 0), 0);
}

/* Killed while a capture was open: nobody will ever take it. */
static void test_adopt_when_slots_are_marked_then_no_longer(void **state)
{
	struct captured *captured = *state;
	const struct forward *forward = world_ssh(world_get(&captured->world, "b1"), 0);

	capture_captures_close(captured->captures);
	edge_notes_capture_slot(captured->world.edge, forward->slot_index, UINT32_MAX);
	assert_int_equal(until_s(captured, "b1", 0), UINT32_MAX);
	world_restart(&captured->world);
	assert_int_equal(until_s(captured, "b1", 0), 0);
	assert_int_equal(capture_captures_open(captured->event, captured->world.edge,
					       captured->world.table, &captured->captures),
			 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_start_when_running_then_the_builds_slots_alone_are_marked),
		TEST(test_start_when_one_node_then_its_slots_and_packets_alone),
		TEST(test_take_when_packets_come_then_those_of_the_build_from_now_on),
		TEST(test_take_when_overwritten_then_counted),
		TEST(test_take_when_overwritten_and_others_are_open_then_counted_as_anybodys),
		TEST(test_capture_when_a_node_gets_its_vm_then_goes_on),
		TEST(test_stop_when_another_goes_on_then_its_marks_stay),
		TEST(test_capture_when_it_has_its_packets_then_ends_once),
		TEST(test_capture_when_packets_are_not_kept_then_they_do_not_count),
		TEST(test_capture_when_its_time_is_over_then_ends),
		TEST(test_capture_when_the_build_is_gone_then_ends),
		TEST(test_start_when_too_many_then_refused),
		TEST(test_adopt_when_slots_are_marked_then_no_longer),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
