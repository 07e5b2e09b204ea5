/* SPDX-License-Identifier: BSD-3-Clause */
/* The linker wraps the syncs, which are counted. */
#include "fleet/state/keep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fleet/edges/owed.h"
#include "fleet/state/fleet.h"

#define NR 200

static unsigned int nr_syncs;

int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);

int __wrap_fsync(int fd)
{
	nr_syncs++;
	return 0;
}

int __wrap_fdatasync(int fd)
{
	nr_syncs++;
	return 0;
}

struct asked {
	struct keep_wait wait;
	struct world *world;
};

struct world {
	char directory[32];
	char path[64];
	struct fleet fleet;
	struct asked asked[NR];
	unsigned int nr_gone;
};

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){.directory = "/tmp/fleet-keep-XXXXXX"};
	if (!mkdtemp(world.directory))
		return -1;
	snprintf(world.path, sizeof(world.path), "%s/owed.json", world.directory);
	assert_int_equal(sd_event_new(&world.fleet.event), 0);
	assert_int_equal(edges_owed_open(world.path, &world.fleet.owed), 0);
	assert_true(state_keep_open(&world.fleet) >= 0);
	nr_syncs = 0;
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	state_keep_close(&world->fleet);
	edges_owed_close(world->fleet.owed);
	sd_event_unref(world->fleet.event);
	unlink(world->path);
	return rmdir(world->directory);
}

/* Whoever is answered is on the disk. */
static void go(void *context)
{
	struct asked *asked = context;
	struct owed *owed;

	if (asked->world->nr_gone++)
		return;
	assert_int_equal(edges_owed_open(asked->world->path, &owed), 0);
	assert_int_equal(edges_owed_count(owed), NR);
	edges_owed_close(owed);
}

static void ask(struct world *world, unsigned int i)
{
	char id[16];

	snprintf(id, sizeof(id), "b%u", i);
	world->asked[i] = (struct asked){{.go = go, .context = &world->asked[i]}, world};
	state_keep_add(&world->fleet, id, &world->asked[i].wait);
}

static void test_removals_when_many_come_at_once_then_one_sync_is_for_all(void **state)
{
	struct world *world = *state;

	for (unsigned int i = 0; i < NR; i++)
		ask(world, i);
	assert_int_equal(world->nr_gone, 0);
	while (world->nr_gone < NR)
		assert_true(sd_event_run(world->fleet.event, 5000000) > 0);
	/* The first one makes the file, and its name lasts. */
	assert_true(nr_syncs <= 3);
	assert_int_equal(sd_event_run(world->fleet.event, 0), 0);
}

static void test_removal_when_given_up_then_nobody_is_told(void **state)
{
	struct world *world = *state;

	ask(world, 0);
	state_keep_wait_no_more(&world->asked[0].wait);
	assert_true(sd_event_run(world->fleet.event, 5000000) > 0);
	assert_int_equal(world->nr_gone, 0);
	assert_true(edges_owed_has(world->fleet.owed, "b0"));
	ask(world, 1); /* is waiting when all is closed */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_removals_when_many_come_at_once_then_one_sync_is_for_all, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(test_removal_when_given_up_then_nobody_is_told,
						set_up, tear_down),
	};

	return cmocka_run_group_tests_name("fleet_keep", tests, NULL, NULL);
}
