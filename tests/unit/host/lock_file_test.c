/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/lock_file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/boottime.h"

struct place {
	char dir[48], deeper[64], path[80];
	struct lock_file file;
};

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->dir, "/tmp/sallyport-lock-XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	snprintf(place->deeper, sizeof(place->deeper), "%s/run", place->dir);
	snprintf(place->path, sizeof(place->path), "%s/it.lock", place->deeper);
	place->file = (struct lock_file){
		.dir = place->deeper, .name = "it.lock", .dir_mode = 0755, .mode = 0644};
	*state = place;
	return 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;

	unlink(place->path);
	rmdir(place->deeper);
	rmdir(place->dir);
	free(place);
	return 0;
}

/* Result: what another process gets, and whom it is told. */
static int take_elsewhere(const struct lock_file *file, pid_t *ret_holder)
{
	int pipes[2], status;
	pid_t child;

	assert_int_equal(pipe(pipes), 0);
	child = fork();
	if (child == 0) {
		int r = lock_file_take(file, ret_holder);

		if (write(pipes[1], ret_holder, sizeof(*ret_holder)) < 0)
			_exit(1);
		_exit(r < 0 ? -r : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(read(pipes[0], ret_holder, sizeof(*ret_holder)), sizeof(*ret_holder));
	close(pipes[0]);
	close(pipes[1]);
	return -WEXITSTATUS(status);
}

static void test_take_when_held_then_names_its_holder_and_goes_with_it(void **state)
{
	struct place *place = *state;
	pid_t holder = -1;
	int fd = lock_file_take(&place->file, &holder);

	assert_true(fd >= 0);
	assert_int_equal(take_elsewhere(&place->file, &holder), -EEXIST);
	assert_int_equal(holder, getpid());
	close(fd);
	assert_int_equal(take_elsewhere(&place->file, &holder), 0);
}

static void test_take_when_the_place_cannot_be_then_an_error(void **state)
{
	const struct lock_file file = {.dir = "/proc/nosuch/run", .name = "it.lock"};
	pid_t holder;

	assert_int_equal(lock_file_take(&file, &holder), -ENOENT);
}

/* Result: the letter of proc(5) for what a process does. */
static char process_state(pid_t pid)
{
	char path[32], line[256] = "", *end;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "r");
	if (!file)
		return '?';
	end = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	fclose(file);
	return end ? end[2] : '?';
}

/* What a killed process does: holds the lock still, and lets go once the next one waits for it. */
static void let_go_once_waited_for(pid_t waiting)
{
	uint64_t limit_ns = boottime_now_ns() + 20 * NS_PER_S;

	while (process_state(waiting) != 'S' && boottime_now_ns() < limit_ns)
		continue;
	_exit(0);
}

static void test_take_when_the_holder_is_about_to_go_then_waits(void **state)
{
	struct place *place = *state;
	pid_t holder = -1, going;
	int fd = lock_file_take(&place->file, &holder);

	assert_true(fd >= 0);
	going = fork(); /* the lock is this one's now, too */
	if (going == 0)
		let_go_once_waited_for(getppid());
	close(fd);
	place->file.wait_ms = 30000;
	fd = lock_file_take(&place->file, &holder);
	assert_true(fd >= 0);
	assert_int_equal(waitpid(going, NULL, 0), going);
	close(fd);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)
	const struct CMUnitTest tests[] = {
		CASE(test_take_when_held_then_names_its_holder_and_goes_with_it),
		CASE(test_take_when_the_place_cannot_be_then_an_error),
		CASE(test_take_when_the_holder_is_about_to_go_then_waits),
	};

	return cmocka_run_group_tests_name("lock_file", tests, NULL, NULL);
}
