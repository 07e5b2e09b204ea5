/* SPDX-License-Identifier: BSD-3-Clause */
#include "durable/lines.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
	char directory[32];
	char path[64];
};

static int set_up(void **state)
{
	static struct place place;

	strcpy(place.directory, "/tmp/durable-lines-XXXXXX");
	if (!mkdtemp(place.directory))
		return -1;
	snprintf(place.path, sizeof(place.path), "%s/lines", place.directory);
	*state = &place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	unlink(place->path);
	return rmdir(place->directory);
}

static int collect(void *context, const char *line)
{
	if (strcmp(line, "bad") == 0)
		return -EBADMSG;
	strcat(context, line);
	strcat(context, ",");
	return 0;
}

static struct durable_lines *open_it(const struct place *place, const char *expected)
{
	struct durable_lines *lines;
	char found[128] = "";

	assert_int_equal(durable_lines_open(place->path, collect, found, &lines), 0);
	assert_string_equal(found, expected);
	return lines;
}

static void put(const struct place *place, const char *text)
{
	FILE *file = fopen(place->path, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_lines_when_appended_then_there_in_their_order(void **state)
{
	struct durable_lines *lines = open_it(*state, "");

	assert_int_equal(durable_lines_sync(lines), 0);
	assert_int_equal(durable_lines_append(lines, "one"), 0);
	assert_int_equal(durable_lines_append(lines, "two"), 0);
	assert_int_equal(durable_lines_sync(lines), 0);
	durable_lines_close(lines);
	lines = open_it(*state, "one,two,");
	assert_int_equal(durable_lines_append(lines, "three"), 0);
	durable_lines_close(lines);
	lines = open_it(*state, "one,two,three,");
	assert_int_equal(durable_lines_replace(lines, "four"), 0);
	assert_int_equal(durable_lines_append(lines, "five"), 0);
	durable_lines_close(lines);
	durable_lines_close(open_it(*state, "four,five,"));
}

/* What is torn was never synced, whatever it looks like. */
static void test_lines_when_the_last_is_torn_then_it_never_was(void **state)
{
	struct durable_lines *lines;

	put(*state, "one\ntwo\nthr");
	lines = open_it(*state, "one,two,");
	assert_int_equal(durable_lines_append(lines, "x"), 0);
	durable_lines_close(lines);
	durable_lines_close(open_it(*state, "one,two,x,"));
}

static void test_lines_when_the_only_one_has_no_end_then_it_counts(void **state)
{
	struct durable_lines *lines;

	put(*state, "one");
	lines = open_it(*state, "one,");
	assert_int_equal(durable_lines_append(lines, "two"), 0);
	assert_int_equal(durable_lines_append(lines, "three"), 0);
	durable_lines_close(lines);
	durable_lines_close(open_it(*state, "one,two,three,"));
}

static void test_lines_when_one_is_refused_then_so_is_the_file(void **state)
{
	const struct place *place = *state;
	struct durable_lines *lines;
	char found[128] = "";

	put(place, "one\nbad\ntwo\n");
	assert_int_equal(durable_lines_open(place->path, collect, found, &lines), -EBADMSG);
	put(place, "bad");
	assert_int_equal(durable_lines_open(place->path, collect, found, &lines), -EBADMSG);
	assert_int_equal(durable_lines_open("/dev/null/lines", collect, found, &lines), -ENOTDIR);
}

/* A limit of the file's size stands for a full disk: what did fit of the line is taken back. */
static void test_lines_when_there_is_no_room_then_no_half_line_stays(void **state)
{
	struct durable_lines *lines = open_it(*state, "");
	struct rlimit before, limit;

	assert_int_equal(durable_lines_append(lines, "one"), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 6;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(durable_lines_append(lines, "too long"), -ENOSPC);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(durable_lines_append(lines, "two"), 0);
	assert_int_equal(durable_lines_sync(lines), 0);
	durable_lines_close(lines);
	durable_lines_close(open_it(*state, "one,two,"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_lines_when_appended_then_there_in_their_order),
		CASE(test_lines_when_the_last_is_torn_then_it_never_was),
		CASE(test_lines_when_the_only_one_has_no_end_then_it_counts),
		CASE(test_lines_when_one_is_refused_then_so_is_the_file),
		CASE(test_lines_when_there_is_no_room_then_no_half_line_stays),
	};

	return cmocka_run_group_tests_name("durable_lines", tests, NULL, NULL);
}
