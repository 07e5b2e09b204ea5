/* SPDX-License-Identifier: BSD-3-Clause */
#include "announce/kept.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[32], path[64];

static int set_up(void **state)
{
	strcpy(directory, "/tmp/announce-kept-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/drained.json", directory);
	return 0;
}

static int tear_down(void **state)
{
	unlink(path);
	return rmdir(directory);
}

static void test_read_without_file_says_not_drained(void **state)
{
	struct announce_kept kept = {.drained = true};

	assert_int_equal(announce_kept_read(directory, &kept), 0);
	assert_false(kept.drained);
}

static void test_read_says_what_was_written(void **state)
{
	const struct announce_kept drained = {true, 1790000000123456789ULL};
	struct announce_kept kept = {0};

	assert_int_equal(announce_kept_write(directory, &drained), 0);
	assert_int_equal(announce_kept_read(directory, &kept), 0);
	assert_true(kept.drained);
	assert_true(kept.until_wall_ns == drained.until_wall_ns);
	assert_int_equal(announce_kept_write(directory, &(struct announce_kept){0}), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(announce_kept_write(directory, &(struct announce_kept){0}), 0);
}

static void test_read_of_another_file_fails(void **state)
{
	struct announce_kept kept = {.drained = true};
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs("{\"until\": tomorrow}", file);
	fclose(file);
	assert_int_equal(announce_kept_read(directory, &kept), -EBADMSG);
	assert_true(kept.drained);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_read_without_file_says_not_drained, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_read_says_what_was_written, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_read_of_another_file_fails, set_up, tear_down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
