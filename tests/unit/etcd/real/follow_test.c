/* SPDX-License-Identifier: BSD-3-Clause */
/* Following a real etcd: compaction, members that end, that come back, and that hang. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "etcd/follow.h"
#include "etcd/watch.h"
#include "members.h"
#include "mirror.h"

struct world {
	sd_event *event;
	struct etcd *etcd;
	struct etcd_follow *follow;
	struct mirror mirror;
};

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){0};
	*state = NULL;
	if (!real_possible())
		return 0;
	real_begin(1, NULL, NULL, &world.event, &world.etcd);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	if (!world)
		return 0;
	etcd_follow_close(world->follow);
	real_end(world->event, world->etcd);
	return 0;
}

static void follow(struct world *world, unsigned int page)
{
	const struct etcd_follow_options options = mirror_options(&world->mirror, "/s/", page);

	assert_int_equal(etcd_follow_open(world->etcd, &options, &world->follow), 0);
	REAL_WAIT(world->event, world->mirror.nr_whole == 1);
}

/* Result: whether the mirror has this value of a key. */
static bool has(const struct world *world, const char *key, const char *value)
{
	const char *found = mirror_get(&world->mirror, key);

	return found && strcmp(found, value) == 0;
}

static void test_follow_when_keys_change_then_each_change_is_told(void **state)
{
	struct world *world = *state;

	if (!world)
		skip();
	real_run("etcdctl put /s/a 1 && etcdctl put /t/b 1 && etcdctl put /s/c 1");
	follow(world, 1);
	assert_int_equal(world->mirror.nr, 2);
	real_run("etcdctl put /s/a 2 && etcdctl del /s/c && etcdctl put /s/d '' && "
		 "etcdctl put /t/e 1");
	REAL_WAIT(world->event, mirror_get(&world->mirror, "/s/d"));
	assert_int_equal(world->mirror.nr, 2);
	assert_true(has(world, "/s/a", "2"));
	assert_true(has(world, "/s/d", ""));
	assert_int_equal(world->mirror.nr_whole, 1);
}

/* Behind the reading and ahead of the watch, what the watch is to begin with is compacted away. */
static void compact_now(struct mirror *mirror)
{
	if (mirror->nr_whole == 1)
		real_run("etcdctl put /s/new 1 && r=$(etcdctl put /s/new 2 -w json | "
			 "sed 's/.*\"revision\":\\([0-9]*\\).*/\\1/') && etcdctl compact $r");
}

static void test_follow_when_compacted_ahead_of_the_watch_then_read_again(void **state)
{
	struct world *world = *state;

	if (!world)
		skip();
	real_run("etcdctl put /s/a 1");
	world->mirror.on_whole = compact_now;
	follow(world, 100);
	REAL_WAIT(world->event, has(world, "/s/new", "2"));
	assert_int_equal(world->mirror.nr_whole, 2);
	assert_non_null(strstr(world->mirror.reason, "compacted"));
	real_run("etcdctl put /s/a 3");
	REAL_WAIT(world->event, has(world, "/s/a", "3"));
	assert_int_equal(world->mirror.nr_whole, 2);
}

/* In the middle of the first reading. */
static void compact_in_reading(struct mirror *mirror)
{
	if (mirror->nr_begun == 1 && mirror->nr == 1)
		real_run("etcdctl del /s/b && r=$(etcdctl put /s/a 2 -w json | "
			 "sed 's/.*\"revision\":\\([0-9]*\\).*/\\1/') && etcdctl compact $r");
}

static void test_follow_when_compacted_between_pages_then_read_from_the_start(void **state)
{
	struct world *world = *state;

	if (!world)
		skip();
	real_run("etcdctl put /s/a 1 && etcdctl put /s/b 1 && etcdctl put /s/c 1");
	world->mirror.on_put = compact_in_reading;
	follow(world, 1);
	assert_int_equal(world->mirror.nr_begun, 2);
	assert_int_equal(world->mirror.nr, 2);
	assert_true(has(world, "/s/a", "2"));
	assert_true(has(world, "/s/c", "1"));
}

static void test_follow_when_the_member_ends_and_returns_then_nothing_is_missed(void **state)
{
	struct world *world = *state;

	if (!world)
		skip();
	real_run("etcdctl put /s/a 1 && etcdctl put /s/b 1");
	follow(world, 100);
	real_kill(0);
	REAL_WAIT(world->event, world->mirror.away);
	assert_int_equal(world->mirror.nr, 2); /* what was known stays */
	real_restart(0);
	real_wait_ready(0);
	real_run("etcdctl del /s/a && etcdctl put /s/c 1");
	REAL_WAIT(world->event, !world->mirror.away && mirror_get(&world->mirror, "/s/c"));
	assert_null(mirror_get(&world->mirror, "/s/a"));
	assert_int_equal(world->mirror.nr, 2);
	assert_int_equal(world->mirror.nr_away, 1);
	real_run("etcdctl put /s/d 1");
	REAL_WAIT(world->event, mirror_get(&world->mirror, "/s/d"));
}

/* Its connection is well, by the kernel's word, but nobody is behind it. */
static void test_follow_when_the_member_hangs_then_found_by_another_call(void **state)
{
	struct world *world = *state;
	struct real_put put;

	if (!world)
		skip();
	follow(world, 100);
	real_signal(0, SIGSTOP);
	put = real_do_put(world->event, world->etcd, "/s/a", "1");
	assert_int_equal(put.error, -ETIMEDOUT); /* sent, and nobody knows */
	REAL_WAIT(world->event, world->mirror.away);
	real_signal(0, SIGCONT);
	REAL_WAIT(world->event, !world->mirror.away);
	/* Whether that was done is for the reading to show; what is done now is told in any case.
	 */
	assert_int_equal(real_do_put(world->event, world->etcd, "/s/b", "1").error, 0);
	REAL_WAIT(world->event, has(world, "/s/b", "1"));
}

/* Nobody asks for anything: the following finds it out by itself. */
static void test_follow_when_the_member_hangs_and_nobody_calls_then_found(void **state)
{
	struct world *world = *state;

	if (!world)
		skip();
	follow(world, 100);
	real_signal(0, SIGSTOP);
	REAL_WAIT(world->event, world->mirror.away);
	real_signal(0, SIGCONT);
	REAL_WAIT(world->event, !world->mirror.away);
}

static void count_broken(void *context, const char *reason)
{
	snprintf(context, 256, "%s", reason);
}

static void ignore_begun(void *context)
{
}

static void no_put(void *context, const struct etcd_kv *kv)
{
}

static void no_gone(void *context, struct etcd_bytes key)
{
}

static void test_watch_when_closed_at_once_then_nothing_is_heard(void **state)
{
	struct world *world = *state;
	char reason[256] = "";
	const struct etcd_watch_options options = {
		.prefix = {"/s/", 3},
		.revision = 1,
		.begun = ignore_begun,
		.put = no_put,
		.gone = no_gone,
		.broken = count_broken,
		.context = reason,
	};
	struct etcd_watch *watch;

	if (!world)
		skip();
	assert_int_equal(etcd_watch_open(world->etcd, &options, &watch), 0);
	etcd_watch_close(watch);
	follow(world, 100);
	assert_string_equal(reason, "");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_follow_when_keys_change_then_each_change_is_told),
		CASE(test_follow_when_compacted_ahead_of_the_watch_then_read_again),
		CASE(test_follow_when_compacted_between_pages_then_read_from_the_start),
		CASE(test_follow_when_the_member_ends_and_returns_then_nothing_is_missed),
		CASE(test_follow_when_the_member_hangs_then_found_by_another_call),
		CASE(test_follow_when_the_member_hangs_and_nobody_calls_then_found),
		CASE(test_watch_when_closed_at_once_then_nothing_is_heard),
	};

	return cmocka_run_group_tests_name("etcd_follow", tests, real_set_up_all, NULL);
}
