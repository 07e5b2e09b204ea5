// SPDX-License-Identifier: BSD-3-Clause
/* What the verifier refuses is a failure wherever programs may be loaded. */
#include "engine/refused.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Result: what refused() makes of the error in a process of that user, its words aside. */
static int refused_as(uid_t uid, int error)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (!freopen("/dev/null", "w", stdout) || setresuid(uid, uid, uid))
			_exit(99);
		_exit(refused("loading the program", error));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_refused_when_root_then_every_error_fails(void **state)
{
	if (geteuid() != 0) {
		print_message("# skipped: needs root\n");
		skip();
	}
	assert_int_equal(refused_as(0, -EACCES), 1);
	assert_int_equal(refused_as(0, -EPERM), 1);
	assert_int_equal(refused_as(0, -EINVAL), 1);
}

static void test_refused_when_not_permitted_then_skips_that_alone(void **state)
{
	uid_t nobody = geteuid() == 0 ? 65534 : geteuid();

	assert_int_equal(refused_as(nobody, -EPERM), 77);
	assert_int_equal(refused_as(nobody, -EINVAL), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused_when_root_then_every_error_fails),
		cmocka_unit_test(test_refused_when_not_permitted_then_skips_that_alone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
