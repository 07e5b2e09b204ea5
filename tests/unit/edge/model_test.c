/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The edge against a simple model: random calls, time jumps, clock steps, restarts, reboots and a
 * full disk. After each step the edge, its table and its events must be what the model says.
 *
 * SALLYPORT_SEQUENCES and SALLYPORT_SEED choose how many sequences and which.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "draw.h"
#include "host/table_map.h"
#include "model_run.h"

#define STEPS_MAX 60

static void do_expire(struct world *world, struct simple *simple)
{
	bool removed;

	/* The journal is tried again each second, and nothing is forgotten until it takes what it
	 * is owed. */
	if (owes_events(world, simple)) {
		world->now.boot_ns += SECOND;
		world->now.wall_ns += SECOND;
	}
	edge_expire(world->edge, &world->now, &removed);
	simple_tick(simple, world->now.boot_ns);
}

static uint64_t draw_pause_ns(void)
{
	if (draw_chance(50))
		return draw_below(20 * MINUTE);
	return draw_below(draw_chance(70) ? 4 * HOUR : 20 * HOUR);
}

/* Everything that is due on the way is done when it is due. */
static void do_pass(struct world *world, struct simple *simple)
{
	uint64_t until_ns = world->now.boot_ns + draw_pause_ns(), due_ns;
	bool removed;

	model_run.action = "pass";
	for (;;) {
		due_ns = edge_expire(world->edge, &world->now, &removed);
		simple_tick(simple, world->now.boot_ns);
		if (due_ns > until_ns)
			break;
		CHECK(due_ns > world->now.boot_ns);
		world->now.wall_ns += due_ns - world->now.boot_ns;
		world->now.boot_ns = due_ns;
	}
	world->now.wall_ns += until_ns - world->now.boot_ns;
	world->now.boot_ns = until_ns;
}

/* Time goes by with nobody looking at the clock. */
static void do_jump(struct world *world)
{
	uint64_t jump_ns = draw_below(2 * HOUR);

	model_run.action = "jump";
	world->now.boot_ns += jump_ns;
	world->now.wall_ns += jump_ns;
}

static void do_step_clock(struct world *world)
{
	model_run.action = "clock step";
	world->now.wall_ns += draw_below(4 * HOUR);
	world->now.wall_ns -= draw_below(4 * HOUR);
}

static void do_restart(struct world *world, struct simple *simple)
{
	model_run.action = "restart";
	world_restart(world);
	simple_tick(simple, world->now.boot_ns);
}

static void do_reboot(struct world *world, struct simple *simple)
{
	char boot_id[CLOCK_BOOT_ID_SIZE];
	struct instant then;

	if (owes_events(world, simple))
		do_expire(world, simple);
	model_run.action = "reboot";
	CHECK(journal_moment(world->journal, boot_id, &then) == 0);
	if (draw_chance(30))
		do_step_clock(world);
	world_reboot(world, draw_below(2 * HOUR));
	simple_rebase(simple, &then, &world->now);
	simple_tick(simple, world->now.boot_ns);
}

static void set_pages(struct world *world, const char *pages)
{
	char text[64];

	snprintf(text, sizeof(text), "PRAGMA max_page_count = %s", pages);
	sqlite3_exec(journal_handle(world->journal), text, NULL, NULL, NULL);
}

/* While the disk is full the clock is not asked: what it did would depend on which pages are free.
 */
static void do_fill_disk(struct world *world, struct simple *simple)
{
	model_run.action = "disk";
	simple->disk_full = !simple->disk_full;
	simple->disk_was_full = true;
	if (!simple->disk_full) {
		set_pages(world, "1000000");
		world_break_journal(world, false);
	} else if (draw_chance(50)) {
		set_pages(world, "1");
	} else {
		world_break_journal(world, true);
	}
}

static void take_step(struct world *world, struct simple *simple)
{
	unsigned int kind = (unsigned int)draw_below(100),
		     id = (unsigned int)draw_below(SIMPLE_IDS);

	if (kind < 27)
		do_put(world, simple);
	else if (kind < 35 && !simple->disk_full) {
		do_expire(world, simple);
		do_puts(world, simple);
	} else if (kind < 35)
		return;
	else if (kind < 45)
		do_finish(world, simple, id);
	else if (kind < 53)
		do_extend(world, simple, id);
	else if (kind < 60)
		do_cancel(world, simple, id);
	else if (kind < 66)
		do_connect(world, simple, id);
	else if (kind < 70)
		do_step_clock(world);
	else if (kind < 74)
		do_jump(world);
	else if (kind < 78)
		do_fill_disk(world, simple);
	else if (simple->disk_full)
		return;
	else if (kind < 82)
		do_restart(world, simple);
	else if (kind < 85)
		do_reboot(world, simple);
	else if (kind < 90) {
		do_expire(world, simple);
		do_sync(world, simple);
	} else {
		do_pass(world, simple);
	}
}

static void run_sequence(struct world *world)
{
	unsigned int nr_steps = 1 + (unsigned int)draw_below(STEPS_MAX);
	struct simple simple;

	simple_init(&simple, &world->settings);
	for (model_run.step = 0; model_run.step < nr_steps; model_run.step++) {
		take_step(world, &simple);
		check_all(world, &simple);
	}
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

/* One table for all: making it is what takes longest. */
static void one_sequence(struct table_map **table)
{
	struct world world;

	draw_begin(model_run.seed);
	world_init(&world, SIMPLE_PORTS);
	world.settings.builds = SIMPLE_IDS - 1;
	world.table = *table;
	world_start(&world, ":memory:");
	run_sequence(&world);
	*table = world.table;
	world_clear_table(&world);
	world.table = NULL;
	world_stop(&world);
}

static void test_sequences_when_random_then_edge_is_as_the_model(void **state)
{
	uint64_t nr_sequences = number_from("SALLYPORT_SEQUENCES", 1000);
	struct table_map *table = NULL;

	model_run.seed = number_from("SALLYPORT_SEED", (uint64_t)time(NULL));
	print_message("# %llu sequences from SALLYPORT_SEED=%llu\n",
		      (unsigned long long)nr_sequences, (unsigned long long)model_run.seed);
	for (model_run.sequence = 0; model_run.sequence < nr_sequences;
	     model_run.sequence++, model_run.seed++)
		one_sequence(&table);
	table_map_free(table);
	assert_true(nr_sequences < 100 || model_run.nr_refused_by_disk > 0);
	assert_true(nr_sequences < 100 || model_run.nr_cut_by_refused > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequences_when_random_then_edge_is_as_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
