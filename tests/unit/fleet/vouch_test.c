/* SPDX-License-Identifier: BSD-3-Clause */
/* What this edge says of itself counts from when it was known, however late it comes. */
#include "fleet/talk/vouch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon.h"
#include "host/boottime.h"

#define SLEEP_NS (50 * NS_PER_MS)

struct world {
	struct daemon daemon;
	struct vouch *vouch;
	const char *why;
	uint64_t asked_ns; /* when the first answer was begun */
	bool heard;
};

/* The process may sleep behind what it has found. */
static const char *lack(void *context)
{
	struct world *world = context;
	uint64_t now_ns = boottime_now_ns();

	if (!world->asked_ns)
		world->asked_ns = now_ns;
	while (boottime_now_ns() < now_ns + SLEEP_NS)
		;
	return world->why;
}

static void hear(void *context, const char *state, const char *why)
{
	struct world *world = context;

	world->heard = true;
}

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){0};
	daemon_open(&world.daemon);
	world.daemon.answer[0] = (struct daemon_answer){200, "{\"announced\":\"announced\"}"};
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	talk_vouch_close(world->vouch);
	daemon_close(&world->daemon);
	return 0;
}

static void say(struct world *world)
{
	const struct talk_vouch_options options = {.event = world->daemon.event,
						   .local = &world->daemon.local,
						   .lack = lack,
						   .heard = hear,
						   .context = world};

	assert_int_equal(talk_vouch_open(&options, &world->vouch), 0);
	daemon_wait(&world->daemon, &world->heard);
	assert_string_equal(world->daemon.asked[0].line, "PUT /v1/announcement/store");
}

static void test_vouch_when_all_is_well_then_it_counts_from_when_that_was_known(void **state)
{
	struct world *world = *state;

	say(world);
	assert_in_range(world->daemon.asked[0].not_after_ms, 1,
			(world->asked_ns + NS_PER_S) / NS_PER_MS);
}

static void test_vouch_when_something_lacks_then_it_counts_whenever_it_comes(void **state)
{
	struct world *world = *state;

	world->why = "x";
	say(world);
	assert_int_equal(world->daemon.asked[0].not_after_ms, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_vouch_when_all_is_well_then_it_counts_from_when_that_was_known),
		CASE(test_vouch_when_something_lacks_then_it_counts_whenever_it_comes),
	};

	return cmocka_run_group_tests_name("talk_vouch", tests, NULL, NULL);
}
