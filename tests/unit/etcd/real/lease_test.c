/* SPDX-License-Identifier: BSD-3-Clause */
/* A lease of a real etcd: kept alive, lost, got again. */
#include "etcd/lease.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "etcd/txn.h"
#include "members.h"
#include "mirror.h"

struct world {
	sd_event *event;
	struct etcd *etcd;
	struct etcd_follow *follow;
	struct mirror mirror;
	struct etcd_lease *lease;
	unsigned int nr_held, nr_lost;
	int64_t id;
	char reason[256];
};

static void on_held(void *context, int64_t id)
{
	struct world *world = context;

	world->nr_held++;
	world->id = id;
}

static void on_lost(void *context, const char *reason)
{
	struct world *world = context;

	world->nr_lost++;
	snprintf(world->reason, sizeof(world->reason), "%s", reason);
}

static int set_up(void **state)
{
	static struct world world;
	struct etcd_follow_options followed;
	const struct etcd_lease_options leased = {
		.ttl_s = 3, .held = on_held, .lost = on_lost, .context = &world};

	world = (struct world){0};
	*state = NULL;
	if (!real_possible())
		return 0;
	real_begin(1, NULL, NULL, &world.event, &world.etcd);
	followed = mirror_options(&world.mirror, "/s/", 100);
	assert_int_equal(etcd_follow_open(world.etcd, &followed, &world.follow), 0);
	assert_int_equal(etcd_lease_open(world.etcd, &leased, &world.lease), 0);
	REAL_WAIT(world.event, world.nr_held == 1 && world.mirror.nr_whole == 1);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	if (!world)
		return 0;
	etcd_lease_close(world->lease);
	etcd_follow_close(world->follow);
	real_end(world->event, world->etcd);
	return 0;
}

/* Puts a key that hangs on a lease. */
static void put_leased(const char *key, int64_t id)
{
	char command[128];

	snprintf(command, sizeof(command), "etcdctl put --lease=%llx %s x", (unsigned long long)id,
		 key);
	real_run(command);
}

/* Another lease of the same time, which nobody keeps, tells how much time has passed. */
static void test_lease_when_kept_alive_then_it_outlives_its_time(void **state)
{
	struct world *world = *state;

	if (!world)
		skip();
	put_leased("/s/kept", world->id);
	for (unsigned int i = 0; i < 2; i++) {
		real_run("id=$(etcdctl lease grant 3 | sed -n 's/^lease \\([0-9a-f]*\\).*/\\1/p'); "
			 "etcdctl put --lease=$id /s/unkept x");
		REAL_WAIT(world->event, mirror_get(&world->mirror, "/s/unkept"));
		REAL_WAIT(world->event, !mirror_get(&world->mirror, "/s/unkept"));
	}
	assert_non_null(mirror_get(&world->mirror, "/s/kept"));
	assert_int_equal(world->nr_held, 1);
	assert_int_equal(world->nr_lost, 0);
	assert_true(etcd_lease_id(world->lease) == world->id);
}

static void test_lease_when_revoked_then_lost_and_another_is_held(void **state)
{
	struct world *world = *state;
	int64_t first = world ? world->id : 0;
	char command[64];

	if (!world)
		skip();
	put_leased("/s/kept", world->id);
	snprintf(command, sizeof(command), "etcdctl lease revoke %llx", (unsigned long long)first);
	real_run(command);
	REAL_WAIT(world->event, world->nr_held == 2); /* "TTL" is left out of the answer */
	assert_int_equal(world->nr_lost, 1);
	assert_true(world->id != first);
	assert_null(mirror_get(&world->mirror, "/s/kept"));
}

static void test_lease_when_etcd_is_away_for_too_long_then_lost_by_our_clock(void **state)
{
	struct world *world = *state;

	if (!world)
		skip();
	real_kill(0);
	REAL_WAIT(world->event, world->nr_lost == 1);
	assert_int_equal(etcd_lease_id(world->lease), 0);
	real_restart(0);
	REAL_WAIT(world->event, world->nr_held == 2);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_lease_when_kept_alive_then_it_outlives_its_time),
		CASE(test_lease_when_revoked_then_lost_and_another_is_held),
		CASE(test_lease_when_etcd_is_away_for_too_long_then_lost_by_our_clock),
	};

	return cmocka_run_group_tests_name("etcd_lease", tests, real_set_up_all, NULL);
}
