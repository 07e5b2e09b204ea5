/* SPDX-License-Identifier: BSD-3-Clause */
/* What is done bit by bit while the thread of the journal writes. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "edge/edge.h"
#include "journal/journal.h"
#include "world.h"

#define MANY	  400
#define NAME_SIZE 32

struct desk {
	struct world world;
	char directory[NAME_SIZE];
	char path[NAME_SIZE + sizeof("/journal.db")];
	struct build_spec *specs;
};

static void start(struct desk *desk)
{
	world_start(&desk->world, desk->path);
	assert_int_equal(journal_open_thread(desk->world.journal), 0);
}

static int set_up(void **state)
{
	struct desk *desk = calloc(1, sizeof(*desk));

	strcpy(desk->directory, "/tmp/sallyport-thread-XXXXXX");
	if (!mkdtemp(desk->directory))
		return -1;
	snprintf(desk->path, sizeof(desk->path), "%s/journal.db", desk->directory);
	desk->specs = world_many_specs(MANY);
	world_init(&desk->world, 2 * MANY);
	start(desk);
	*state = desk;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-cuts"};
	struct desk *desk = *state;
	char path[sizeof(desk->path) + 8];

	world_stop(&desk->world);
	for (unsigned int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s%s", desk->path, ends[i]);
		unlink(path);
	}
	rmdir(desk->directory);
	world_free_specs(desk->specs, MANY);
	free(desk);
	return 0;
}

static struct edge_sync sync_of(const struct desk *desk)
{
	return (struct edge_sync){
		.specs = desk->specs, .nr_specs = MANY, .generation = BUILD_DEFAULT};
}

static int count_event(const struct event *event, void *context)
{
	++*(unsigned int *)context;
	return 0;
}

static unsigned int count_events(struct desk *desk)
{
	struct events *events = edge_events(desk->world.edge);
	unsigned int nr = 0;

	assert_int_equal(state_events_read(events, 0, 100 * MANY, count_event, &nr), 0);
	return nr;
}

static unsigned int count_open(const struct desk *desk)
{
	const struct build *build = NULL;
	unsigned int nr = 0;

	while ((build = edge_after(desk->world.edge, build ? build->serial : 0)))
		nr += build_is_open(build);
	return nr;
}

static void await_thread(const struct desk *desk)
{
	struct pollfd wait = {.fd = edge_thread_fd(desk->world.edge), .events = POLLIN};

	assert_int_equal(poll(&wait, 1, 60000), 1);
}

static void test_sync_when_journaled_by_the_thread_then_a_restart_has_it(void **state)
{
	struct desk *desk = *state;
	struct edge_call call = world_call(&desk->world);
	struct edge_sync sync = sync_of(desk);
	struct edge_sync_result result = {0};
	unsigned int nr_events;

	assert_int_equal(edge_sync(desk->world.edge, &call, &sync, NULL, NULL, &result), 0);
	assert_int_equal(result.nr_created, MANY);
	assert_int_equal(count_open(desk), MANY);
	nr_events = count_events(desk);
	world_stop(&desk->world);
	start(desk);
	assert_int_equal(count_open(desk), MANY);
	assert_int_equal(count_events(desk), nr_events);
}

/* Result: whether it came to its end. */
static bool give_up_after(struct desk *desk, unsigned int steps)
{
	struct edge_call call = world_call(&desk->world);
	struct edge_sync sync = sync_of(desk);
	struct edge_sync_result result = {0};
	struct edge_sync_work *work;
	int r = -EAGAIN;

	assert_int_equal(edge_sync_begin(desk->world.edge, &call, &sync, NULL, NULL, &work), 0);
	for (; steps > 0 && (r == -EAGAIN || r == -EINPROGRESS); steps--) {
		r = edge_sync_step(work, &result);
		if (r == -EINPROGRESS)
			await_thread(desk);
		if (r < 0) {
			assert_int_equal(count_open(desk), 1);
			assert_int_equal(count_events(desk), 1); /* while the thread writes */
		}
	}
	edge_sync_free(work);
	return r == 0;
}

static void test_sync_when_given_up_meanwhile_then_nothing_or_all_is_kept(void **state)
{
	struct desk *desk = *state;
	bool over = false;

	assert_int_equal(world_put(&desk->world, "before", "10.0.0.1"), 0);
	for (unsigned int i = 1; !over; i++) {
		over = give_up_after(desk, i);
		if (edge_get(desk->world.edge, "many0"))
			break;
		assert_false(over);
		world_stop(&desk->world);
		start(desk);
		assert_int_equal(count_open(desk), 1);
		assert_int_equal(count_events(desk), 1);
	}
	world_stop(&desk->world);
	start(desk);
	assert_int_equal(count_open(desk), MANY);
}

/* Result: the second port of the first build, which the sync adds. */
static const struct sp_slot *added_slot(const struct desk *desk)
{
	const struct build *build = edge_get(desk->world.edge, "many0");
	const struct build *copy = build->pending ? build->pending : build;

	return copy->nr_nodes < 2 ? NULL : world_slot(&desk->world, world_ssh(copy, 1));
}

static void test_cut_ahead_when_a_sync_has_opened_a_port_then_it_is_cut_too(void **state)
{
	static const char *const addresses[] = {"10.0.9.1", "10.0.9.2"};
	struct desk *desk = *state;
	struct edge_call call = world_call(&desk->world);
	struct edge_sync sync = sync_of(desk);
	struct edge_sync_result result = {0};
	struct edge_sync_work *work;
	const struct sp_slot *slot = NULL;
	int r = -EAGAIN;

	assert_int_equal(world_put(&desk->world, "many0", "10.0.9.1"), 0);
	model_build_spec_free(&desk->specs[0]);
	world_spec(&desk->specs[0], "many0", 2, addresses);
	assert_int_equal(edge_sync_begin(desk->world.edge, &call, &sync, NULL, NULL, &work), 0);
	while (!slot || slot->state != SP_SLOT_LIVE) {
		r = edge_sync_step(work, &result);
		assert_true(r == -EAGAIN || r == -EINPROGRESS);
		if (r == -EINPROGRESS)
			await_thread(desk);
		slot = added_slot(desk);
	}
	edge_calls_cut_ahead(desk->world.edge, "many0");
	assert_int_equal(slot->state, SP_SLOT_ENDED);
	while (r == -EAGAIN)
		r = edge_sync_step(work, &result);
	assert_int_equal(r, 0);
	edge_sync_free(work);
	assert_int_equal(slot->state, SP_SLOT_ENDED);
}

/* Calls it as the event loop does, until nothing is due. */
static void expire_all(struct desk *desk)
{
	struct edge *edge = desk->world.edge;
	uint64_t next_ns;
	bool removed;

	do {
		next_ns = edge_expire(edge, &desk->world.now, &removed);
		if (edge_is_busy(edge) && next_ns > desk->world.now.boot_ns)
			await_thread(desk);
	} while (edge_is_busy(edge) || next_ns <= desk->world.now.boot_ns);
}

static void test_expire_when_many_are_due_then_all_end_and_a_restart_knows(void **state)
{
	struct desk *desk = *state;
	struct edge_call call = world_call(&desk->world);
	struct edge_sync sync = sync_of(desk);
	struct edge_sync_result result = {0};
	unsigned int nr_events;

	assert_int_equal(edge_sync(desk->world.edge, &call, &sync, NULL, NULL, &result), 0);
	nr_events = count_events(desk);
	world_pass(&desk->world, 40 * HOUR);
	expire_all(desk);
	assert_int_equal(count_open(desk), 0);
	assert_true(count_events(desk) >= nr_events + MANY);
	world_stop(&desk->world);
	start(desk);
	assert_int_equal(count_open(desk), 0);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_sync_when_journaled_by_the_thread_then_a_restart_has_it),
		CASE(test_sync_when_given_up_meanwhile_then_nothing_or_all_is_kept),
		CASE(test_cut_ahead_when_a_sync_has_opened_a_port_then_it_is_cut_too),
		CASE(test_expire_when_many_are_due_then_all_end_and_a_restart_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
