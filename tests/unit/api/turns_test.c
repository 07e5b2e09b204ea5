/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/call/turns.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/call/call.h"
#include "api/call/context.h"
#include "world.h"

#define TURNS_MAX 100

struct job {
	struct api_turns *turns;
	bool over; /* at its next step */
	bool freed;
};

static struct job job;

const char *__wrap_http_request_header(const struct http_request *request, const char *name);

const char *__wrap_http_request_header(const struct http_request *request, const char *name)
{
	return NULL;
}

static int step(void *context)
{
	return job.over ? 0 : -EAGAIN;
}

static void free_job(void *context)
{
	job.freed = true;
}

/* As a sync whose body is read first: the edge is not busy yet. */
static void begin(struct api_call *call)
{
	call_turns_go_on(job.turns, &(struct api_work){step, free_job, NULL});
}

/* Turns of the loop, each with what sallyportd does after it. */
static void turn(struct world *world, sd_event *event)
{
	bool removed;

	assert_true(sd_event_run(event, 0) >= 0);
	edge_expire(world->edge, &world->now, &removed);
}

static void test_expire_when_a_work_reads_its_body_then_after_its_end(void **state)
{
	static const struct api_route route = {.handle = begin};
	const struct api_call call = {.route = &route};
	struct world *world = *state;
	sd_event *event;

	job = (struct job){0};
	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(call_turns_open(event, world->edge, &job.turns), 0);
	assert_int_equal(call_turns_add(job.turns, &call), 0);
	world->now.boot_ns += 40 * HOUR;
	world->now.wall_ns += 40 * HOUR;
	for (unsigned int i = 0; i < 5; i++) {
		turn(world, event);
		assert_int_equal(call_turns_waiting(job.turns), 1);
		assert_true(build_is_open(world_get(world, "a")));
	}
	job.over = true;
	for (unsigned int i = 0; i < TURNS_MAX && !job.freed; i++)
		turn(world, event);
	assert_int_equal(call_turns_waiting(job.turns), 0);
	turn(world, event);
	assert_false(build_is_open(world_get(world, "a")));
	call_turns_close(job.turns);
	sd_event_unref(event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_CASE(test_expire_when_a_work_reads_its_body_then_after_its_end),
	};

	return cmocka_run_group_tests_name("turns", tests, NULL, NULL);
}
