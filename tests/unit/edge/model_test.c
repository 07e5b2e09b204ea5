/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The edge against a simple model: random calls, time jumps, clock steps, restarts, reboots and a
 * full disk. After each step the edge, its table and its events must be what the model says.
 *
 * SALLYPORT_SEQUENCES and SALLYPORT_SEED choose how many sequences and which.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "draw.h"
#include "edge/put/all.h"
#include "edge/put/build.h"
#include "host/table_map.h"
#include "simple_model.h"
#include "world.h"

#define STEPS_MAX 60

static uint64_t sequence, seed, nr_refused_by_disk, nr_cut_by_refused;
static unsigned int step;
static const char *action = "";

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_msg("%s:%d: %s; sequence %llu, step %u (%s); again: "                 \
				 "SALLYPORT_SEED=%llu SALLYPORT_SEQUENCES=1",                      \
				 __FILE__, __LINE__, #condition, (unsigned long long)sequence,     \
				 step, action, (unsigned long long)seed);                          \
	} while (0)

static const struct build *find(const struct world *world, unsigned int id)
{
	char text[8];

	snprintf(text, sizeof(text), "b%u", id);
	return edge_get(world->edge, text);
}

static void check_port(const struct world *world, struct simple *simple, struct simple_build *own,
		       uint16_t *known, const struct forward *forward)
{
	if (*known == 0) {
		CHECK(!simple_port_taken(simple, forward->public_port));
		*known = forward->public_port;
	}
	CHECK(*known == forward->public_port);
	CHECK(own->state != SESSION_ENDED || world_slot(world, forward)->state == SP_SLOT_ENDED);
}

static void check_slot(const struct world *world, const struct simple_build *own, int vm,
		       const struct forward *forward)
{
	const struct sp_slot *slot = world_slot(world, forward);
	char address[32];

	if (own->state == SESSION_ENDED)
		return;
	CHECK(slot->state == (vm == SIMPLE_NO_VM ? SP_SLOT_RESERVED : SP_SLOT_LIVE));
	CHECK(slot->deadline_ns == own->deadline_ns);
	if (vm == SIMPLE_NO_VM)
		return;
	snprintf(address, sizeof(address), "10.0.0.%d", vm + 10);
	CHECK(world_endpoint(world, address, forward->port) == slot);
}

/* Result: whether events may be missing: those of cuts on a full disk, until it is known not to be.
 */
static bool owes_events(const struct world *world, const struct simple *simple)
{
	struct edge_figures figures;

	edge_figures(world->edge, &figures);
	CHECK(figures.cuts_owed == 0 || simple->disk_was_full);
	return figures.cuts_owed > 0;
}

static void check_build(const struct world *world, struct simple *simple, unsigned int id)
{
	struct simple_build *own = &simple->build[id];
	const struct build *build = find(world, id);

	CHECK(own->exists == (build != NULL));
	if (!build)
		return;
	CHECK(build->state == own->state);
	CHECK(build->reason == own->reason);
	CHECK(build->nr_nodes == own->nr_nodes);
	CHECK(own->nr_end_events == (own->state == SESSION_ENDED) ||
	      (own->nr_end_events == 0 && owes_events(world, simple)));
	if (own->state != SESSION_ENDED) {
		CHECK(build->deadline_ns == own->deadline_ns);
		CHECK(build->cap_ns == own->cap_ns);
		CHECK(build->deadline_ns <= own->hard_end_ns);
	}
	for (unsigned int i = 0; i < own->nr_nodes; i++) {
		const struct node *node = &build->nodes[i];

		CHECK(node->has_address == (own->vm[i] != SIMPLE_NO_VM));
		CHECK(node->nr_forwards == (own->vnc[i] ? 2u : 1u));
		for (unsigned int j = 0; j < node->nr_forwards; j++) {
			check_port(world, simple, own, &own->port[i][j], &node->forwards[j]);
			check_slot(world, own, own->vm[i], &node->forwards[j]);
		}
	}
}

/* Slots of the pool in each state are as many as the model has. */
static void check_table(const struct world *world, const struct simple *simple)
{
	unsigned int found[4] = {0}, wanted[4] = {0};

	for (unsigned int i = 0; i < SIMPLE_PORTS; i++)
		found[world->table->leases[40000 + i].state]++;
	simple_count_slots(simple, wanted);
	for (unsigned int i = 0; i < 4; i++)
		CHECK(found[i] == wanted[i]);
}

static int see_event(const struct event *event, void *context)
{
	struct simple *simple = context;
	struct simple_build *own;

	CHECK(event->seq == simple->last_seq + 1);
	simple->last_seq = event->seq;
	if (event->type != EVENT_BUILD_ENDED)
		return 0;
	own = &simple->build[atoi(event->build_id + 1)];
	/* One that was owed comes late: meanwhile the id may be another build's. */
	if (simple->disk_was_full && own->state != SESSION_ENDED)
		return 0;
	CHECK(own->state == SESSION_ENDED);
	CHECK(event->reason == own->reason);
	own->nr_end_events++;
	return 0;
}

static void check_all(const struct world *world, struct simple *simple)
{
	CHECK(state_events_read(edge_events(world->edge), simple->last_seq, 100000, see_event,
				simple) == 0);
	for (unsigned int id = 0; id < SIMPLE_IDS; id++)
		check_build(world, simple, id);
	check_table(world, simple);
}

/* Sessions that a refused change was to end have ended all the same. */
static void take_over_ends(struct simple *simple, const struct simple *after)
{
	for (unsigned int id = 0; id < SIMPLE_IDS; id++)
		if (simple->build[id].exists && simple->build[id].state != SESSION_ENDED &&
		    after->build[id].state == SESSION_ENDED) {
			simple->build[id] = after->build[id];
			nr_cut_by_refused++;
		}
}

/* The model is changed only if the edge has been; a full disk may refuse what would have gone. */
static void take_over(struct world *world, struct simple *simple, const struct simple *after,
		      int result, enum problem_type expected)
{
	if (result < 0 && world->problem.type == PROBLEM_JOURNAL) {
		CHECK(simple->disk_full);
		CHECK(strcmp(action, "cancel") != 0 && strcmp(action, "finish") != 0);
		nr_refused_by_disk++;
		take_over_ends(simple, after);
		return;
	}
	CHECK((result < 0) == (expected != PROBLEM_NONE));
	CHECK(world->problem.type == expected);
	if (result == 0)
		*simple = *after;
}

/* A call first ends its build if that is overdue, in a transaction of its own. */
static void settle(struct world *world, struct simple *simple, unsigned int id)
{
	struct simple_build *own = &simple->build[id];
	const struct build *build;

	if (!own->exists || own->state == SESSION_ENDED || own->deadline_ns > world->now.boot_ns)
		return;
	build = find(world, id);
	CHECK(build->state == SESSION_ENDED);
	simple_end(own, SESSION_EXPIRE, world->now.boot_ns);
}

static void do_put(struct world *world, struct simple *simple)
{
	struct simple_spec drawn = draw_spec();
	struct edge_call call = world_call(world);
	enum problem_type expected;
	struct edge_result result;
	struct build_spec spec;
	struct simple after;
	int error;

	action = "put";
	draw_fill_spec(&drawn, &spec);
	error = put_build(world->edge, &call, &spec, &result);
	model_build_spec_free(&spec);
	settle(world, simple, drawn.id);
	after = *simple;
	expected = simple_put(&after, &drawn, world->now.boot_ns);
	take_over(world, simple, &after, error, expected);
}

#define TOGETHER_MAX 5

struct together {
	struct simple_spec drawn;
	struct world *world;
	struct simple *simple;
};

/* The same as one after the other, each against what the others before it have left. */
static void check_put(struct edge_put *put, int result, const struct edge_result *put_result)
{
	struct together *together = put->context;
	struct simple after = *together->simple;
	enum problem_type expected =
		simple_put(&after, &together->drawn, together->world->now.boot_ns);

	together->world->problem = *put->call.problem;
	take_over(together->world, together->simple, &after, result, expected);
}

/* Nothing is overdue. */
static void do_puts(struct world *world, struct simple *simple)
{
	unsigned int nr = 2 + (unsigned int)draw_below(TOGETHER_MAX - 1);
	struct together together[TOGETHER_MAX];
	struct build_spec specs[TOGETHER_MAX];
	struct problem problems[TOGETHER_MAX];
	struct edge_put puts[TOGETHER_MAX];

	action = "puts";
	for (unsigned int i = 0; i < nr; i++) {
		together[i] = (struct together){draw_spec(), world, simple};
		draw_fill_spec(&together[i].drawn, &specs[i]);
		puts[i] = (struct edge_put){world_call(world), &specs[i], check_put, &together[i]};
		json_problem_clear(&problems[i]);
		puts[i].call.problem = &problems[i];
	}
	put_all_builds(world->edge, puts, nr);
	for (unsigned int i = 0; i < nr; i++)
		model_build_spec_free(&specs[i]);
}

static void do_finish(struct world *world, struct simple *simple, unsigned int id)
{
	struct edge_call call = world_call(world);
	struct edge_result result;
	struct simple after;
	char text[8];
	int error;

	action = "finish";
	snprintf(text, sizeof(text), "b%u", id);
	error = edge_calls_finish(world->edge, &call, text, BUILD_DEFAULT, &result);
	settle(world, simple, id);
	after = *simple;
	take_over(world, simple, &after, error,
		  simple_finish(&after.build[id], world->now.boot_ns));
	if (error == 0)
		*simple = after;
}

static void do_extend(struct world *world, struct simple *simple, unsigned int id)
{
	struct edge_extension extension = {(1 + draw_below(6 * 60)) * MINUTE, BUILD_DEFAULT};
	struct edge_call call = world_call(world);
	enum problem_type expected;
	struct edge_result result;
	struct simple after;
	char text[8];
	int error;

	action = "extend";
	snprintf(text, sizeof(text), "b%u", id);
	error = edge_calls_extend(world->edge, &call, text, &extension, &result);
	settle(world, simple, id);
	after = *simple;
	expected = simple_extend(&after.build[id], extension.by_ns);
	take_over(world, simple, &after, error, expected);
}

static void do_cancel(struct world *world, struct simple *simple, unsigned int id)
{
	struct edge_call call = world_call(world);
	enum problem_type expected;
	struct edge_result result;
	struct simple after;
	char text[8];
	int error;

	action = "cancel";
	snprintf(text, sizeof(text), "b%u", id);
	error = edge_calls_cancel(world->edge, &call, text, &result);
	settle(world, simple, id);
	after = *simple;
	expected = after.build[id].exists ? PROBLEM_NONE : PROBLEM_NOT_FOUND;
	if (expected == PROBLEM_NONE && after.build[id].state != SESSION_ENDED)
		simple_end(&after.build[id], SESSION_CANCEL, world->now.boot_ns);
	take_over(world, simple, &after, error, expected);
}

static enum problem_type predict_sync(struct simple *after, const struct simple_spec *specs,
				      unsigned int nr_specs, uint64_t now_ns)
{
	enum problem_type problem = nr_specs ? PROBLEM_NONE : PROBLEM_EMPTY_SYNC;

	simple_cancel_others(after, specs, nr_specs, now_ns);
	for (unsigned int i = 0; i < nr_specs && problem == PROBLEM_NONE; i++) {
		const struct simple_build *build = &after->build[specs[i].id];

		if (!build->exists || build->state != SESSION_ENDED)
			problem = simple_put(after, &specs[i], now_ns);
	}
	return problem;
}

static void do_sync(struct world *world, struct simple *simple)
{
	struct simple_spec drawn[SIMPLE_IDS];
	struct build_spec specs[SIMPLE_IDS];
	struct edge_sync sync = {
		.specs = specs, .generation = BUILD_DEFAULT, .dry_run = draw_chance(20)};
	struct edge_call call = world_call(world);
	struct edge_sync_result result;
	enum problem_type expected;
	struct simple after;
	int error;

	action = "sync";
	for (unsigned int id = 0; id < SIMPLE_IDS; id++) {
		if (draw_chance(40))
			continue;
		drawn[sync.nr_specs] = draw_spec();
		drawn[sync.nr_specs].id = id;
		drawn[sync.nr_specs].supersede = false;
		draw_fill_spec(&drawn[sync.nr_specs], &specs[sync.nr_specs]);
		sync.nr_specs++;
	}
	error = edge_sync(world->edge, &call, &sync, NULL, NULL, &result);
	for (unsigned int i = 0; i < sync.nr_specs; i++)
		model_build_spec_free(&specs[i]);
	after = *simple;
	expected = predict_sync(&after, drawn, sync.nr_specs, world->now.boot_ns);
	take_over(world, simple, sync.dry_run ? simple : &after, error, expected);
}

static void do_connect(struct world *world, struct simple *simple, unsigned int id)
{
	struct sp_addr client = world_addr("198.51.100.9");
	struct simple_build *own = &simple->build[id];
	const struct build *build = find(world, id);
	int result;

	action = "connect";
	if (!build)
		return;
	result = edge_notes_connected(world->edge, &world->now,
				      build->nodes[0].forwards[0].slot_index, &client, 5000);
	if (own->state == SESSION_ENDED)
		CHECK(result == -ENOENT);
	else
		CHECK(result == 0 || simple->disk_full);
	if (result < 0)
		return;
	own->connect_by_ns = 0;
	own->connected = true;
}

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

	action = "pass";
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

	action = "jump";
	world->now.boot_ns += jump_ns;
	world->now.wall_ns += jump_ns;
}

static void do_step_clock(struct world *world)
{
	action = "clock step";
	world->now.wall_ns += draw_below(4 * HOUR);
	world->now.wall_ns -= draw_below(4 * HOUR);
}

static void do_restart(struct world *world, struct simple *simple)
{
	action = "restart";
	world_restart(world);
	simple_tick(simple, world->now.boot_ns);
}

static void do_reboot(struct world *world, struct simple *simple)
{
	char boot_id[CLOCK_BOOT_ID_SIZE];
	struct instant then;

	if (owes_events(world, simple))
		do_expire(world, simple);
	action = "reboot";
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

static int refuse_commit(void *context)
{
	return 1;
}

/* While the disk is full the clock is not asked: what it did would depend on which pages are free.
 */
static void do_fill_disk(struct world *world, struct simple *simple)
{
	action = "disk";
	simple->disk_full = !simple->disk_full;
	simple->disk_was_full = true;
	if (!simple->disk_full) {
		set_pages(world, "1000000");
		sqlite3_commit_hook(journal_handle(world->journal), NULL, NULL);
	} else if (draw_chance(50)) {
		set_pages(world, "1");
	} else {
		sqlite3_commit_hook(journal_handle(world->journal), refuse_commit, NULL);
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
	for (step = 0; step < nr_steps; step++) {
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

	draw_begin(seed);
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

	seed = number_from("SALLYPORT_SEED", (uint64_t)time(NULL));
	print_message("# %llu sequences from SALLYPORT_SEED=%llu\n",
		      (unsigned long long)nr_sequences, (unsigned long long)seed);
	for (sequence = 0; sequence < nr_sequences; sequence++, seed++)
		one_sequence(&table);
	table_map_free(table);
	assert_true(nr_sequences < 100 || nr_refused_by_disk > 0);
	assert_true(nr_sequences < 100 || nr_cut_by_refused > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequences_when_random_then_edge_is_as_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
