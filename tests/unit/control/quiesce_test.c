/* SPDX-License-Identifier: BSD-3-Clause */
#include "quiesce.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/boottime.h"
#include "host/table_map.h"
#include "world.h"

struct desk {
	struct world world;
	struct quiescer *quiescer;
	struct sp_worker *worker;
};

static int set_up(void **state)
{
	struct desk *desk = calloc(1, sizeof(*desk));

	world_init(&desk->world, 1);
	world_make_table(&desk->world);
	desk->worker = &desk->world.table->workers[0];
	*desk->worker = (struct sp_worker){
		.rounds = 7,
		.active = 1,
		.pid = (__u32)getpid(),
		.started_ns = boottime_now_ns(),
	};
	assert_int_equal(quiescer_new(desk->world.table, &desk->quiescer), 0);
	*state = desk;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *desk = *state;

	quiescer_free(desk->quiescer);
	table_map_free(desk->world.table);
	free(desk);
	return 0;
}

/* Polls until it is no longer for the kernel's sake that it is not done. */
static int poll_until(struct desk *desk, struct quiesce *quiesce)
{
	uint64_t limit_ns = boottime_now_ns() + 5 * NS_PER_S;
	int result;

	do
		result = quiesce_poll(desk->quiescer, quiesce, quiesce->begun_ns);
	while (result == -EAGAIN && quiesce->nr_waiting == 0 && boottime_now_ns() < limit_ns);
	return result;
}

static void test_poll_when_worker_has_moved_then_done(void **state)
{
	struct desk *desk = *state;
	struct quiesce quiesce;

	quiesce_begin(desk->quiescer, boottime_now_ns(), &quiesce);
	assert_int_equal(poll_until(desk, &quiesce), -EAGAIN);
	assert_int_equal(quiesce.nr_waiting, 1);
	desk->worker->rounds++;
	assert_int_equal(poll_until(desk, &quiesce), 0);
}

static void test_poll_when_worker_rests_then_done(void **state)
{
	struct desk *desk = *state;
	struct quiesce quiesce;

	quiesce_begin(desk->quiescer, boottime_now_ns(), &quiesce);
	desk->worker->active = 0;
	assert_int_equal(poll_until(desk, &quiesce), 0);
	quiesce_begin(desk->quiescer, boottime_now_ns(), &quiesce);
	assert_int_equal(quiesce.nr_waiting, 0);
	assert_int_equal(poll_until(desk, &quiesce), 0);
}

static void test_poll_when_worker_is_stuck_then_named_after_the_limit(void **state)
{
	struct desk *desk = *state;
	struct quiesce quiesce;

	quiesce_begin(desk->quiescer, 1000, &quiesce);
	assert_int_equal(quiesce_poll(desk->quiescer, &quiesce, 1000 + QUIESCE_LIMIT_NS - 1),
			 -EAGAIN);
	assert_int_equal(quiesce_poll(desk->quiescer, &quiesce, 1000 + QUIESCE_LIMIT_NS),
			 -ETIMEDOUT);
	assert_int_equal(quiesce.nr_waiting, 1);
	assert_int_equal(quiesce.worker[0].index, 0);
}

static void test_poll_when_process_is_gone_then_done(void **state)
{
	struct desk *desk = *state;
	struct quiesce quiesce;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	desk->worker->pid = (__u32)pid;
	quiesce_begin(desk->quiescer, boottime_now_ns(), &quiesce);
	assert_int_equal(poll_until(desk, &quiesce), 0);
}

static void test_poll_when_pid_is_another_process_now_then_done(void **state)
{
	struct desk *desk = *state;
	struct quiesce quiesce;

	desk->worker->started_ns = 1; /* long before this process began */
	quiesce_begin(desk->quiescer, boottime_now_ns(), &quiesce);
	assert_int_equal(poll_until(desk, &quiesce), 0);
}

static void test_poll_when_worker_was_started_anew_then_done(void **state)
{
	struct desk *desk = *state;
	struct quiesce quiesce;

	quiesce_begin(desk->quiescer, boottime_now_ns(), &quiesce);
	desk->worker->started_ns++;
	assert_int_equal(poll_until(desk, &quiesce), 0);
}

static void test_poll_when_many_wait_then_each_is_answered(void **state)
{
	struct desk *desk = *state;
	struct quiesce quiesce[100];

	desk->worker->active = 0;
	for (unsigned int i = 0; i < 100; i++)
		quiesce_begin(desk->quiescer, boottime_now_ns(), &quiesce[i]);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(poll_until(desk, &quiesce[i]), 0);
	assert_int_equal(quiesce_wait(desk->quiescer), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_poll_when_worker_has_moved_then_done),
		CASE(test_poll_when_worker_rests_then_done),
		CASE(test_poll_when_worker_is_stuck_then_named_after_the_limit),
		CASE(test_poll_when_process_is_gone_then_done),
		CASE(test_poll_when_pid_is_another_process_now_then_done),
		CASE(test_poll_when_worker_was_started_anew_then_done),
		CASE(test_poll_when_many_wait_then_each_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
