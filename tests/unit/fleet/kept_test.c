/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/edges/kept.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
	char directory[32];
	char path[64];
};

static int set_up(void **state)
{
	static struct place place;

	strcpy(place.directory, "/tmp/fleet-kept-XXXXXX");
	if (!mkdtemp(place.directory))
		return -1;
	snprintf(place.path, sizeof(place.path), "%s/fleet-edge.json", place.directory);
	*state = &place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	unlink(place->path);
	return rmdir(place->directory);
}

static void test_kept_when_opened_again_then_the_same(void **state)
{
	struct place *place = *state;
	struct edges_kept kept, again;

	assert_int_equal(edges_kept_open(place->directory, &kept), 0);
	assert_int_equal(edges_kept_remember(&kept, "an-epoch"), 0);
	assert_int_equal(edges_kept_use(&kept), 0);
	assert_int_equal(edges_kept_open(place->directory, &again), 0);
	assert_string_equal(again.id, kept.id);
	assert_string_equal(again.epoch, "an-epoch");
	assert_true(again.used);
}

/* It would forget which store it knows. */
static void test_kept_when_it_cannot_be_opened_then_refused_and_left_as_it_is(void **state)
{
	struct place *place = *state;
	struct edges_kept kept;
	struct stat file;

	assert_int_equal(symlink("fleet-edge.json", place->path), 0);
	assert_int_equal(edges_kept_open(place->directory, &kept), -ELOOP);
	assert_int_equal(lstat(place->path, &file), 0);
	assert_true(S_ISLNK(file.st_mode));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_kept_when_opened_again_then_the_same),
		CASE(test_kept_when_it_cannot_be_opened_then_refused_and_left_as_it_is),
	};

	return cmocka_run_group_tests_name("fleet_kept", tests, NULL, NULL);
}
