/* SPDX-License-Identifier: BSD-3-Clause */
/* What a person at a terminal is told of what takes long, and nobody else. */
#include "cli/talk/progress.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/boottime.h"

#define CLEAR "\r\033[K"

static uint64_t clock_ns = 1000 * NS_PER_S;
static int stderr_kept, ours; /* the end that reads what was said */

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	*ret = (struct timespec){(time_t)(clock_ns / NS_PER_S), (long)(clock_ns % NS_PER_S)};
	return 0;
}

/* stderr becomes theirs. */
static void listen_at(int fd, int theirs)
{
	ours = fd;
	assert_int_equal(fcntl(ours, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(dup2(theirs, STDERR_FILENO), STDERR_FILENO);
	close(theirs);
}

static int on_terminal(void **state)
{
	int master, slave;

	stderr_kept = dup(STDERR_FILENO);
	if (openpty(&master, &slave, NULL, NULL, NULL) < 0)
		return -1;
	listen_at(master, slave);
	return 0;
}

static int on_pipe(void **state)
{
	int ends[2];

	stderr_kept = dup(STDERR_FILENO);
	if (pipe(ends) < 0)
		return -1;
	listen_at(ends[0], ends[1]);
	return 0;
}

static int back(void **state)
{
	dup2(stderr_kept, STDERR_FILENO);
	close(stderr_kept);
	close(ours);
	clock_ns += NS_PER_S;
	return 0;
}

/* What was said since the last time is just that. A terminal may hand it over in parts. */
static void expect(const char *said)
{
	struct pollfd readable = {.fd = ours, .events = POLLIN};
	char text[256];
	size_t nr = 0;
	ssize_t bytes;

	do {
		bytes = read(ours, text + nr, sizeof(text) - 1 - nr);
		nr += bytes > 0 ? (size_t)bytes : 0;
	} while (nr < strlen(said) && poll(&readable, 1, 5000) > 0);
	text[nr] = '\0';
	assert_string_equal(text, said);
}

static void test_progress_when_on_a_pipe_then_nothing(void **state)
{
	talk_progress("%d of %d", 1, 3);
	talk_progress_end();
	expect("");
}

static void test_progress_when_on_a_terminal_then_one_line_that_is_taken_away(void **state)
{
	talk_progress("%d of %d", 1, 3);
	expect(CLEAR "1 of 3");
	clock_ns += NS_PER_S;
	talk_progress("%d of %d", 2, 3);
	expect(CLEAR "2 of 3");
	talk_progress_end();
	expect(CLEAR);
	talk_progress_end();
	expect("");
}

static void test_progress_when_it_is_fast_then_a_few_times_a_second(void **state)
{
	for (unsigned int i = 0; i < 1000; i++) {
		talk_progress("%u", i);
		clock_ns += NS_PER_MS;
	}
	talk_progress_end();
	expect(CLEAR "0" CLEAR "100" CLEAR "200" CLEAR "300" CLEAR "400" CLEAR "500" CLEAR
		     "600" CLEAR "700" CLEAR "800" CLEAR "900" CLEAR);
}

/* The last: it is for good. */
static void test_progress_when_told_to_be_quiet_then_nothing(void **state)
{
	talk_progress_be_quiet();
	talk_progress("%d of %d", 1, 3);
	talk_progress_end();
	expect("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_progress_when_on_a_pipe_then_nothing, on_pipe,
						back),
		cmocka_unit_test_setup_teardown(
			test_progress_when_on_a_terminal_then_one_line_that_is_taken_away,
			on_terminal, back),
		cmocka_unit_test_setup_teardown(
			test_progress_when_it_is_fast_then_a_few_times_a_second, on_terminal, back),
		cmocka_unit_test_setup_teardown(test_progress_when_told_to_be_quiet_then_nothing,
						on_terminal, back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
