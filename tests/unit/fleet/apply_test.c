/* SPDX-License-Identifier: BSD-3-Clause */
/* What is asked of a sallyportd until it holds what a record says. */
#include "fleet/talk/apply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon.h"
#include "fleet/store/record.h"
#include "host/boottime.h"
#include "model/wall_time.h"
#include "transfer/transfer.h"

#define SHOWN_BYTES 128
#define EARLY_S	    100
#define LATE_S	    200
#define REFUSED	    "{\"type\":\"urn:sallyport:problem:invalid\"}"
#define GONE	    "{\"type\":\"urn:sallyport:problem:build-ended\"}"

struct world {
	struct daemon daemon;
	struct record record;
	uint64_t now_ns;
	char early[SHOWN_BYTES], late[SHOWN_BYTES], finished[SHOWN_BYTES], ended[SHOWN_BYTES];
	bool done;
	struct talk_apply_end end;
	unsigned int status; /* of the last answer */
};

static void show(const struct world *world, const char *state, unsigned int in_s, char *shown)
{
	char deadline[WALL_TIME_BYTES];

	model_wall_time_print(world->now_ns + in_s * NS_PER_S, deadline);
	snprintf(shown, SHOWN_BYTES, "{\"state\":\"%s\",\"deadline\":\"%s\",\"nodes\":[]}", state,
		 deadline);
}

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){.now_ns = boottime_wall_ns()};
	daemon_open(&world.daemon);
	show(&world, "running", EARLY_S, world.early);
	show(&world, "running", LATE_S, world.late);
	show(&world, "finished", EARLY_S, world.finished);
	show(&world, "ended", EARLY_S, world.ended);
	strcpy(world.record.id, "a");
	world.record.created_ns = world.now_ns;
	world.record.body = json_pack("{s:i, s:[]}", "max_lifetime_s", EARLY_S, "nodes");
	assert_non_null(world.record.body);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	json_decref(world->record.body);
	daemon_close(&world->daemon);
	return 0;
}

static void on_end(void *context, const struct talk_apply_end *end)
{
	struct world *world = context;

	world->end = *end;
	world->status = end->answer->status;
	world->done = true;
}

/* Makes it; all that was to be asked was. */
static void apply(struct world *world, const char *const *lines, unsigned int nr)
{
	struct apply *apply;

	assert_int_equal(
		talk_apply_start(&world->daemon.local, &world->record, on_end, world, &apply), 0);
	daemon_wait(&world->daemon, &world->done);
	for (unsigned int i = 0; i < nr && i < world->daemon.nr_asked; i++)
		assert_string_equal(world->daemon.asked[i].line, lines[i]);
	assert_int_equal(world->daemon.nr_asked, nr);
}

static void script(struct world *world, const struct daemon_answer *answers, unsigned int nr)
{
	memcpy(world->daemon.answer, answers, nr * sizeof(*answers));
}

#define APPLY(world, ...)                                                                          \
	do {                                                                                       \
		static const char *const lines[] = {__VA_ARGS__};                                  \
		apply(world, lines, sizeof(lines) / sizeof(lines[0]));                             \
	} while (0)

#define GET    "GET /v1/builds/a"
#define PUT    "PUT /v1/builds/a"
#define FINISH "POST /v1/builds/a/finish"
#define EXTEND "POST /v1/builds/a/extend"

/* The queue may have made a later one since it was looked at, or the clock been set back. */
static void test_extension_when_it_has_become_none_then_made(void **state)
{
	struct world *world = *state;
	const struct daemon_answer answers[] = {
		{200, world->early}, {200, world->early}, {400, REFUSED},
		{200, world->late},  {200, world->late},
	};

	script(world, answers, sizeof(answers) / sizeof(answers[0]));
	world->record.until_ns = world->now_ns + (EARLY_S + 50) * NS_PER_S;
	APPLY(world, GET, PUT, EXTEND, GET, PUT);
	assert_true(world->end.made);
	assert_int_equal(world->status, 200);
}

static void test_extension_when_it_is_refused_for_good_then_that_is_said(void **state)
{
	struct world *world = *state;
	const struct daemon_answer answers[] = {
		{200, world->early}, {200, world->early}, {422, REFUSED},
		{200, world->early}, {200, world->early}, {422, REFUSED},
		{200, world->early}, {200, world->early}, {422, REFUSED},
	};

	script(world, answers, sizeof(answers) / sizeof(answers[0]));
	world->record.until_ns = world->now_ns + (EARLY_S + 50) * NS_PER_S;
	APPLY(world, GET, PUT, EXTEND, GET, PUT, EXTEND, GET, PUT, EXTEND);
	assert_false(world->end.made);
	assert_false(world->end.ended);
	assert_int_equal(world->status, 422);
}

static void test_finish_when_its_time_is_over_then_it_has_ended(void **state)
{
	struct world *world = *state;
	const struct daemon_answer answers[] = {
		{200, world->early},
		{200, world->early},
		{409, GONE},
		{200, world->ended},
	};

	script(world, answers, sizeof(answers) / sizeof(answers[0]));
	world->record.finished_ns = world->now_ns;
	APPLY(world, GET, PUT, FINISH, GET);
	assert_false(world->end.made);
	assert_true(world->end.ended);
}

static void test_finish_when_it_is_made_meanwhile_then_made(void **state)
{
	struct world *world = *state;
	const struct daemon_answer answers[] = {
		{200, world->early},	{200, world->early},	{400, REFUSED},
		{200, world->finished}, {200, world->finished},
	};

	script(world, answers, sizeof(answers) / sizeof(answers[0]));
	world->record.finished_ns = world->now_ns;
	APPLY(world, GET, PUT, FINISH, GET, PUT);
	assert_true(world->end.made);
}

/* A lifetime counts from when it was reckoned. */
static void test_build_when_it_is_new_then_it_is_not_to_come_late(void **state)
{
	struct world *world = *state;
	const struct daemon_answer answers[] = {{404, GONE}, {201, world->early}};
	uint64_t until_ms;

	script(world, answers, sizeof(answers) / sizeof(answers[0]));
	APPLY(world, GET, PUT);
	until_ms = (boottime_now_ns() + NS_PER_S) / NS_PER_MS;
	assert_true(world->end.made);
	assert_int_equal(world->daemon.asked[0].not_after_ms, 0);
	assert_in_range(world->daemon.asked[1].not_after_ms, 1, until_ms);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_extension_when_it_has_become_none_then_made),
		CASE(test_extension_when_it_is_refused_for_good_then_that_is_said),
		CASE(test_finish_when_its_time_is_over_then_it_has_ended),
		CASE(test_finish_when_it_is_made_meanwhile_then_made),
		CASE(test_build_when_it_is_new_then_it_is_not_to_come_late),
	};

	return cmocka_run_group_tests_name("talk_apply", tests, NULL, NULL);
}
