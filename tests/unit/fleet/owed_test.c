/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/edges/owed.h"

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

struct world {
	char directory[32];
	char path[64];
	struct owed *owed;
};

static int set_up(void **state)
{
	static struct world world;

	strcpy(world.directory, "/tmp/fleet-owed-XXXXXX");
	if (!mkdtemp(world.directory))
		return -1;
	snprintf(world.path, sizeof(world.path), "%s/owed.json", world.directory);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	unlink(world->path);
	return rmdir(world->directory);
}

static void collect(void *context, const char *id)
{
	strcat(context, id);
	strcat(context, " ");
}

static void check(struct owed *owed, const char *ids)
{
	char found[64] = "";

	assert_int_equal(edges_owed_each(owed, collect, found), 0);
	assert_string_equal(found, ids);
}

static void test_owed_when_opened_again_then_what_was_added_is_there(void **state)
{
	struct world *world = *state;
	struct owed *owed;

	assert_int_equal(edges_owed_open(world->path, &owed), 0);
	check(owed, "");
	assert_int_equal(edges_owed_add(owed, "a"), 0);
	assert_int_equal(edges_owed_add(owed, "b"), 0);
	assert_int_equal(edges_owed_add(owed, "a"), 0);
	assert_int_equal(edges_owed_sync(owed), 0);
	edges_owed_drop(owed, "b");
	check(owed, "a ");
	edges_owed_close(owed);
	assert_int_equal(edges_owed_open(world->path, &owed), 0);
	check(owed, "a ");
	edges_owed_drop(owed, "a");
	edges_owed_drop(owed, "never");
	check(owed, "");
	edges_owed_close(owed);
	assert_int_equal(edges_owed_open(world->path, &owed), 0);
	check(owed, "");
	edges_owed_close(owed);
}

static void test_owed_when_only_noted_then_no_file_is_written(void **state)
{
	struct world *world = *state;
	struct owed *owed;

	assert_int_equal(edges_owed_open(world->path, &owed), 0);
	edges_owed_note(owed, "a", false);
	check(owed, "a ");
	assert_true(edges_owed_has(owed, "a"));
	assert_false(edges_owed_has(owed, "b"));
	assert_int_equal(access(world->path, F_OK), -1);
	edges_owed_drop(owed, "a");
	edges_owed_note(owed, "a", false);
	assert_int_equal(edges_owed_add(owed, "a"), 0); /* now it must last */
	assert_int_equal(edges_owed_sync(owed), 0);
	assert_int_equal(access(world->path, F_OK), 0);
	edges_owed_note(owed, "b", false);
	assert_int_equal(edges_owed_add(owed, "c"), 0);
	assert_int_equal(edges_owed_sync(owed), 0);
	edges_owed_close(owed);
	assert_int_equal(edges_owed_open(world->path, &owed), 0);
	check(owed, "a c ");
	edges_owed_close(owed);
}

static void drop(void *context, const char *id)
{
	struct world *world = context;
	struct stat before, after;

	assert_int_equal(stat(world->path, &before), 0);
	edges_owed_drop(world->owed, id);
	assert_int_equal(stat(world->path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino); /* it is not written for each */
}

static void test_owed_when_several_are_dropped_then_the_file_is_written_once(void **state)
{
	struct world *world = *state;

	assert_int_equal(edges_owed_open(world->path, &world->owed), 0);
	assert_int_equal(edges_owed_add(world->owed, "a"), 0);
	assert_int_equal(edges_owed_add(world->owed, "b"), 0);
	assert_int_equal(edges_owed_sync(world->owed), 0);
	assert_int_equal(edges_owed_each(world->owed, drop, world), 0);
	edges_owed_close(world->owed);
	assert_int_equal(edges_owed_open(world->path, &world->owed), 0);
	check(world->owed, "");
	edges_owed_close(world->owed);
}

/* Whatever there is already: each costs what it is long itself. */
static void test_owed_when_many_are_added_then_the_file_grows_by_them(void **state)
{
	struct world *world = *state;
	struct stat first, before, after;
	struct owed *owed;
	char id[16];

	assert_int_equal(edges_owed_open(world->path, &owed), 0);
	for (int i = 0; i < 1000; i++) {
		snprintf(id, sizeof(id), "build-%03d", i);
		assert_int_equal(edges_owed_add(owed, id), 0);
		assert_int_equal(stat(world->path, &after), 0);
		if (i == 0)
			first = after;
		else
			assert_int_equal(after.st_size - before.st_size, first.st_size);
		before = after;
	}
	assert_int_equal(edges_owed_sync(owed), 0);
	assert_int_equal(stat(world->path, &after), 0);
	assert_int_equal(after.st_ino, first.st_ino);
	edges_owed_close(owed);
	assert_int_equal(edges_owed_open(world->path, &owed), 0);
	assert_int_equal(edges_owed_count(owed), 1000);
	edges_owed_close(owed);
}

/* As an earlier version wrote it, without an end of the line. */
static void test_owed_when_the_file_is_of_before_then_read_and_added_to(void **state)
{
	struct world *world = *state;
	FILE *file = fopen(world->path, "we");
	struct owed *owed;

	assert_non_null(file);
	fputs("{\"a\":true,\"b\":true}", file);
	fclose(file);
	assert_int_equal(edges_owed_open(world->path, &owed), 0);
	assert_int_equal(edges_owed_add(owed, "c"), 0);
	assert_int_equal(edges_owed_sync(owed), 0);
	edges_owed_close(owed);
	assert_int_equal(edges_owed_open(world->path, &owed), 0);
	check(owed, "a b c ");
	edges_owed_close(owed);
}

/* One is never both in the file: what is owed comes first. */
static void test_owed_when_opened_again_then_what_is_ignored_is(void **state)
{
	struct world *world = *state;
	struct owed *owed;

	assert_int_equal(edges_owed_open(world->path, &owed), 0);
	assert_null(edges_owed_next_ignored(owed, ""));
	edges_owed_ignore(owed, "a", true);
	edges_owed_ignore(owed, "b", true);
	edges_owed_ignore(owed, "c", true);
	assert_int_equal(edges_owed_add(owed, "c"), 0);
	assert_int_equal(edges_owed_sync(owed), 0);
	edges_owed_close(owed);
	assert_int_equal(edges_owed_open(world->path, &owed), 0);
	edges_owed_note(owed, "a", false);
	check(owed, "c ");
	assert_string_equal(edges_owed_next_ignored(owed, "a"), "b");
	assert_string_equal(edges_owed_next_ignored(owed, "c"), "a");
	edges_owed_ignore(owed, "a", false);
	check(owed, "c "); /* which writes the file */
	edges_owed_close(owed);
	assert_int_equal(edges_owed_open(world->path, &owed), 0);
	assert_false(edges_owed_ignores(owed, "a"));
	assert_true(edges_owed_ignores(owed, "b"));
	edges_owed_close(owed);
}

static void test_owed_when_the_store_is_being_told_then_not_visited(void **state)
{
	struct world *world = *state;
	struct owed *owed;

	assert_int_equal(edges_owed_open(world->path, &owed), 0);
	edges_owed_note(owed, "a", false);
	edges_owed_note(owed, "b", false);
	edges_owed_tell(owed, "a");
	check(owed, "b ");
	assert_true(edges_owed_has(owed, "a"));
	edges_owed_told(owed, "a");
	check(owed, "a b ");
	edges_owed_close(owed);
}

static void test_owed_when_the_file_is_none_of_ours_then_refused(void **state)
{
	struct world *world = *state;
	struct owed *owed;
	FILE *file = fopen(world->path, "we");

	assert_non_null(file);
	fputs("{\"a\":", file);
	fclose(file);
	assert_int_equal(edges_owed_open(world->path, &owed), -EBADMSG);
}

/* What was answered would be forgotten with the next write. */
static void test_owed_when_the_file_cannot_be_opened_then_refused(void **state)
{
	struct world *world = *state;
	struct owed *owed;

	assert_int_equal(symlink("owed.json", world->path), 0);
	assert_int_equal(edges_owed_open(world->path, &owed), -ELOOP);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void test_owed_when_ended_by_the_clock_then_an_order_is_more(void **state)
{
	struct owed *owed;

	assert_int_equal(edges_owed_open("/nonexistent/owed.json", &owed), 0);
	edges_owed_note(owed, "a", true);
	assert_true(edges_owed_has(owed, "a"));
	assert_true(edges_owed_is_by_clock(owed, "a"));
	edges_owed_note(owed, "a", false);
	edges_owed_note(owed, "a", true);
	assert_false(edges_owed_is_by_clock(owed, "a"));
	edges_owed_close(owed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_owed_when_ended_by_the_clock_then_an_order_is_more),
		CASE(test_owed_when_opened_again_then_what_was_added_is_there),
		CASE(test_owed_when_only_noted_then_no_file_is_written),
		CASE(test_owed_when_several_are_dropped_then_the_file_is_written_once),
		CASE(test_owed_when_the_store_is_being_told_then_not_visited),
		CASE(test_owed_when_opened_again_then_what_is_ignored_is),
		CASE(test_owed_when_many_are_added_then_the_file_grows_by_them),
		CASE(test_owed_when_the_file_is_of_before_then_read_and_added_to),
		CASE(test_owed_when_the_file_is_none_of_ours_then_refused),
		CASE(test_owed_when_the_file_cannot_be_opened_then_refused),
	};

	return cmocka_run_group_tests_name("fleet_owed", tests, NULL, NULL);
}
