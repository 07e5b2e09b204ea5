/* SPDX-License-Identifier: BSD-3-Clause */
/* What another program prints, or why it cannot be had. */
#include "cli/talk/command.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/boottime.h"

#define MAX_BYTES 100000

static int run(const char *script, uint64_t limit_ns, char **ret_text, char **ret_reason)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	const struct command command = {.argv = argv, .limit_ns = limit_ns, .max_bytes = MAX_BYTES};

	return talk_command_run(&command, ret_text, ret_reason);
}

static void expect(const char *script, const char *expected)
{
	char *text = NULL, *reason = NULL;

	assert_int_equal(run(script, 60 * NS_PER_S, &text, &reason), 0);
	assert_string_equal(text, expected);
	free(text);
}

static void expect_failure(const char *script, uint64_t limit_ns, int error, const char *why)
{
	char *text = NULL, *reason = NULL;

	assert_int_equal(run(script, limit_ns, &text, &reason), error);
	assert_null(text);
	assert_string_equal(reason, why);
	free(reason);
}

static void test_run_when_it_ends_well_then_its_output(void **state)
{
	expect("echo one; echo two", "one\ntwo\n");
	expect(":", "");
	expect("cat", "");
}

static void test_run_when_much_is_printed_then_all_of_it(void **state)
{
	char *text = NULL, *reason = NULL;

	assert_int_equal(run("head -c 99999 /dev/zero | tr '\\0' x", 60 * NS_PER_S, &text, &reason),
			 0);
	assert_int_equal(strlen(text), 99999);
	free(text);
}

static void test_run_when_it_fails_then_why(void **state)
{
	expect_failure("echo half; exit 3", 60 * NS_PER_S, -EIO, "sh exited with 3");
	expect_failure("kill -9 $$", 60 * NS_PER_S, -EIO, "sh was ended by signal 9");
	expect_failure("head -c 100001 /dev/zero", 60 * NS_PER_S, -EFBIG,
		       "sh prints more than 100000 bytes");
	expect_failure("kill -STOP $$", NS_PER_S, -ETIMEDOUT, "sh takes longer than 1 seconds");
}

static void test_run_when_it_is_not_there_then_why(void **state)
{
	const char *const argv[] = {"no-such-program", NULL};
	const struct command command = {.argv = argv, .limit_ns = NS_PER_S, .max_bytes = MAX_BYTES};
	char *text = NULL, *reason = NULL;

	assert_int_equal(talk_command_run(&command, &text, &reason), -ENOENT);
	assert_string_equal(reason, "no-such-program cannot be run: No such file or directory");
	free(reason);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run_when_it_ends_well_then_its_output),
		cmocka_unit_test(test_run_when_much_is_printed_then_all_of_it),
		cmocka_unit_test(test_run_when_it_fails_then_why),
		cmocka_unit_test(test_run_when_it_is_not_there_then_why),
	};

	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
