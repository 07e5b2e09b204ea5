/* SPDX-License-Identifier: BSD-3-Clause */
/* Three real members: leaders change, the quorum is lost, and one that must not be believed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "etcd/follow.h"
#include "members.h"
#include "mirror.h"

struct world {
	sd_event *event;
	struct etcd *etcd;
	struct etcd_follow *follow;
	struct mirror mirror;
	unsigned int nr_left;
	char left[256]; /* why the last member was left */
};

static void on_left(void *context, const char *url, const char *reason)
{
	struct world *world = context;

	world->nr_left++;
	snprintf(world->left, sizeof(world->left), "%s: %s", url, reason);
}

static struct world *begin(unsigned int nr)
{
	static struct world world;

	world = (struct world){0};
	real_begin(nr, on_left, &world, &world.event, &world.etcd);
	return &world;
}

static int set_up_three(void **state)
{
	*state = real_possible() ? begin(3) : NULL;
	return 0;
}

static int set_up_one(void **state)
{
	*state = real_possible() ? begin(1) : NULL;
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

static void follow(struct world *world)
{
	const struct etcd_follow_options options = mirror_options(&world->mirror, "/s/", 100);

	assert_int_equal(etcd_follow_open(world->etcd, &options, &world->follow), 0);
	REAL_WAIT(world->event, world->mirror.nr_whole == 1);
}

static unsigned int find_leader(void)
{
	return (unsigned int)atoi(
		real_read("n=0; for url in $(echo $URLS | tr , ' '); do "
			  "ETCDCTL_ENDPOINTS=$url etcdctl endpoint status -w fields 2>/dev/null | "
			  "awk -F ': ' -v n=$n '/MemberID/ {me=$2} /Leader/ {l=$2} END {if (me && "
			  "me==l) print n}'; "
			  "n=$((n+1)); done | head -n 1"));
}

/* Whoever leads goes; the calls and the watch go on with those that are left. */
static void test_cluster_when_the_leader_dies_then_calls_and_watch_go_on(void **state)
{
	struct world *world = *state;
	struct real_put put;
	unsigned int leader;
	char key[32];

	if (!world)
		skip();
	follow(world);
	for (unsigned int round = 0; round < 2; round++) {
		leader = find_leader();
		real_kill(leader);
		do {
			/* One may fall into the election: it is asked for again, as the caller
			 * would. */
			snprintf(key, sizeof(key), "/s/%u", round);
			put = real_do_put(world->event, world->etcd, key, "x");
		} while (put.error == -ETIMEDOUT);
		assert_int_equal(put.error, 0);
		REAL_WAIT(world->event, mirror_get(&world->mirror, key));
		real_restart(leader);
		real_wait_ready(leader);
	}
	assert_true(world->nr_left >= 1);
}

/* A member without a leader would be silent for ever: the watch asks for one. */
static void test_cluster_when_the_quorum_is_lost_then_told_and_found_again(void **state)
{
	struct world *world = *state;
	struct real_put put;

	if (!world)
		skip();
	follow(world);
	assert_int_equal(real_do_put(world->event, world->etcd, "/s/a", "1").error, 0);
	/* The first is asked; the others go. */
	real_kill(1);
	real_kill(2);
	REAL_WAIT(world->event, world->mirror.away);
	assert_int_equal(world->mirror.nr, 1);
	put = real_do_put(world->event, world->etcd, "/s/b", "1");
	assert_true(put.error == -EHOSTDOWN || put.error == -ETIMEDOUT);
	assert_true(*put.reason);
	real_restart(1);
	REAL_WAIT(world->event, !world->mirror.away);
	do
		put = real_do_put(world->event, world->etcd, "/s/c", "1");
	while (put.error == -ETIMEDOUT);
	assert_int_equal(put.error, 0);
	REAL_WAIT(world->event, mirror_get(&world->mirror, "/s/c"));
	assert_non_null(mirror_get(&world->mirror, "/s/a"));
}

/* A member that was put back to what it had a while ago: same cluster, an old term. */
static void test_cluster_when_a_member_goes_back_then_it_is_left(void **state)
{
	struct world *world = *state;
	struct real_put put;

	if (!world)
		skip();
	assert_int_equal(real_do_put(world->event, world->etcd, "/s/a", "1").error, 0);
	real_kill(0);
	real_run("cp -a " REAL_DIR "/m0 " REAL_DIR "/old");
	for (unsigned int i = 0; i < 3; i++) { /* an election each, so a term each */
		real_restart(0);
		real_wait_ready(0);
		real_kill(0);
	}
	real_restart(0);
	real_wait_ready(0);
	assert_int_equal(real_do_put(world->event, world->etcd, "/s/a", "2").error, 0);
	real_kill(0);
	real_run("rm -rf " REAL_DIR "/m0 && cp -a " REAL_DIR "/old " REAL_DIR "/m0");
	real_restart(0);
	real_wait_ready(0);
	put = real_do_put(world->event, world->etcd, "/s/b", "1");
	assert_int_equal(put.error, -ETIMEDOUT);
	assert_non_null(strstr(world->left, "left behind"));
}

static void test_cluster_when_a_member_is_of_another_then_it_is_left(void **state)
{
	struct world *world = *state;
	struct real_put put;

	if (!world)
		skip();
	assert_int_equal(real_do_put(world->event, world->etcd, "/s/a", "1").error, 0);
	real_stop();
	real_start(1, (const char *const[]){"--initial-cluster-token=another", NULL});
	put = real_do_put(world->event, world->etcd, "/s/b", "1");
	assert_int_equal(put.error, -ETIMEDOUT);
	assert_non_null(strstr(world->left, "another cluster"));
	put = real_do_put(world->event, world->etcd, "/s/c", "1");
	assert_int_equal(put.error, -EHOSTDOWN); /* it is not even asked */
	assert_string_equal(real_read("etcdctl get /s/c"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_cluster_when_the_leader_dies_then_calls_and_watch_go_on, set_up_three,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_cluster_when_the_quorum_is_lost_then_told_and_found_again,
			set_up_three, tear_down),
		cmocka_unit_test_setup_teardown(
			test_cluster_when_a_member_goes_back_then_it_is_left, set_up_one,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_cluster_when_a_member_is_of_another_then_it_is_left, set_up_one,
			tear_down),
	};

	return cmocka_run_group_tests_name("etcd_cluster", tests, real_set_up_all, NULL);
}
