/* SPDX-License-Identifier: BSD-3-Clause */
#include "port/memif.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static void test_client_when_no_other_role_then_it_is(void **state)
{
	assert_true(memif_is_client("net_memif0"));
	assert_true(memif_is_client("net_memif0,id=1,role=client"));
	assert_true(memif_is_client("net_memif0,role=slave,id=1"));
	assert_true(memif_is_client("net_memif0,secret=server"));
	assert_false(memif_is_client("net_memif0,role=server"));
	assert_false(memif_is_client("net_memif0,id=1,role=master,mac=02:00:00:00:00:01"));
	assert_false(memif_is_client("net_tap0"));
}

static void *greet(void *argument)
{
	char greeting[128] = {0};
	int fd = accept(*(int *)argument, NULL, NULL);

	assert_int_equal(send(fd, greeting, sizeof(greeting), MSG_NOSIGNAL), sizeof(greeting));
	close(fd);
	return NULL;
}

/* Listens at a name of that many bytes, greets who asks once, and asks. */
static void assert_found(const char *devargs, const char *name, size_t bytes)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	pthread_t thread;

	memcpy(address.sun_path, name, bytes);
	assert_return_code(bind(fd, (struct sockaddr *)&address,
				(socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes)),
			   0);
	assert_false(memif_has_server(devargs));
	assert_return_code(listen(fd, 1), 0);
	assert_int_equal(pthread_create(&thread, NULL, greet, &fd), 0);
	assert_true(memif_has_server(devargs));
	pthread_join(thread, NULL);
	close(fd);
	assert_false(memif_has_server(devargs));
}

static void test_server_when_it_greets_then_it_is_there(void **state)
{
	char dir[] = "/tmp/memif_test.XXXXXX", path[64], devargs[128], name[64];

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/memif.sock", dir);
	snprintf(devargs, sizeof(devargs), "net_memif0,socket=%s,socket-abstract=no,id=1", path);
	assert_found(devargs, path, strlen(path));
	snprintf(name, sizeof(name), "%c%s", '\0', path);
	snprintf(devargs, sizeof(devargs), "net_memif0,id=1,socket=%s", path);
	assert_found(devargs, name, 1 + strlen(path));
	unlink(path);
	rmdir(dir);
}

static void test_server_when_the_name_is_too_long_then_it_is_not_there(void **state)
{
	char devargs[256];

	snprintf(devargs, sizeof(devargs), "net_memif0,socket=/%0200d", 0);
	assert_false(memif_has_server(devargs));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_when_no_other_role_then_it_is),
		cmocka_unit_test(test_server_when_it_greets_then_it_is_there),
		cmocka_unit_test(test_server_when_the_name_is_too_long_then_it_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
