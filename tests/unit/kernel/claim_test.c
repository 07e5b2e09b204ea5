// SPDX-License-Identifier: BSD-3-Clause
/* The sweep of what killed runs left, while others are alive. */
#include "claim.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "rig.h"

#define RUNS   8
#define ROUNDS 200

static void skip_if_missing(void)
{
	if (!rig_missing())
		return;
	print_message("# skipped: %s\n", rig_missing());
	skip();
}

/* A run that is there until it is killed. Result: its process, and its directory in *ret. */
static pid_t fork_run(struct claim *ret)
{
	int pipe_fds[2];
	pid_t pid;

	assert_int_equal(pipe(pipe_fds), 0);
	pid = fork();
	if (pid == 0) {
		struct claim claim;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (claim_make(&claim) || write(pipe_fds[1], &claim, sizeof(claim)) < 0)
			_exit(1);
		pause();
	}
	close(pipe_fds[1]);
	assert_int_equal(read(pipe_fds[0], ret, sizeof(*ret)), sizeof(*ret));
	close(pipe_fds[0]);
	return pid;
}

static void test_sweep_when_the_run_is_killed_then_its_directory_goes(void **state)
{
	struct claim claim;
	char pins[CLAIM_DIR_BYTES + 8];
	pid_t pid;

	(void)state;
	skip_if_missing();
	pid = fork_run(&claim);
	snprintf(pins, sizeof(pins), "%s/edge", claim.dir);
	assert_int_equal(mkdir(pins, 0700), 0);
	claim_sweep();
	assert_int_equal(access(pins, F_OK), 0);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	claim_sweep();
	assert_int_equal(access(claim.dir, F_OK), -1);
}

/* Its own directory stays throughout, whatever the others sweep. */
static int run_rounds(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		char pins[CLAIM_DIR_BYTES + 8];
		struct claim claim;

		if (claim_make(&claim))
			return 1;
		snprintf(pins, sizeof(pins), "%s/edge", claim.dir);
		claim_sweep();
		if (mkdir(pins, 0700) || rmdir(pins))
			return 2;
		claim_remove(&claim);
	}
	return 0;
}

static void test_sweep_when_many_runs_come_and_go_then_each_keeps_its_own(void **state)
{
	pid_t pids[RUNS];
	int status;

	(void)state;
	skip_if_missing();
	for (int i = 0; i < RUNS; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(run_rounds());
	}
	for (int i = 0; i < RUNS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sweep_when_the_run_is_killed_then_its_directory_goes),
		cmocka_unit_test(test_sweep_when_many_runs_come_and_go_then_each_keeps_its_own),
	};

	return cmocka_run_group_tests_name("claim", tests, NULL, NULL);
}
