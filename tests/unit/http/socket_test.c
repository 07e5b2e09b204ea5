/* SPDX-License-Identifier: BSD-3-Clause */
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

#include "http/socket.h"

static char dir[] = "/tmp/http-socket-XXXXXX";
static char path[64];

static const struct http_socket_access ours = {HTTP_SOCKET_KEEP_GROUP, 0660};

static int make_dir(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/api.sock", dir);
	return 0;
}

static int remove_dir(void **state)
{
	unlink(path);
	return rmdir(dir);
}

static void test_unix_when_new_then_only_owner_and_group_may(void **state)
{
	struct stat st;
	int fd;

	assert_int_equal(http_socket_unix(path, (struct http_socket_access){getegid(), 0660}, &fd),
			 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	close(fd);
}

static void test_unix_when_left_over_then_is_replaced(void **state)
{
	int fd;

	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(http_socket_unix(path, ours, &fd), 0);
	close(fd);
}

static void test_unix_when_somebody_listens_then_refuses(void **state)
{
	int first, second = -1;

	assert_int_equal(http_socket_unix(path, ours, &first), 0);
	assert_int_equal(http_socket_unix(path, ours, &second), -EADDRINUSE);
	assert_int_equal(second, -1);
	assert_int_equal(access(path, F_OK), 0);
	close(first);
}

static void test_unix_when_a_file_is_there_then_leaves_it(void **state)
{
	FILE *file;
	int fd;

	unlink(path);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(http_socket_unix(path, ours, &fd), -EEXIST);
	assert_int_equal(access(path, F_OK), 0);
}

static void test_unix_when_the_path_is_too_long_then_refuses(void **state)
{
	char text[200];
	int fd;

	memset(text, 'x', sizeof(text));
	text[0] = '/';
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(http_socket_unix(text, ours, &fd), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unix_when_new_then_only_owner_and_group_may),
		cmocka_unit_test(test_unix_when_left_over_then_is_replaced),
		cmocka_unit_test(test_unix_when_somebody_listens_then_refuses),
		cmocka_unit_test(test_unix_when_a_file_is_there_then_leaves_it),
		cmocka_unit_test(test_unix_when_the_path_is_too_long_then_refuses),
	};

	return cmocka_run_group_tests_name("http-socket", tests, make_dir, remove_dir);
}
