/* SPDX-License-Identifier: BSD-3-Clause */
#include "port/memif.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
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

/* Listens at a name of that many bytes, and is called. */
static void assert_called(const char *devargs, const char *name, size_t bytes)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), call_fd, accepted_fd;
	char greeting[128] = {0};

	memcpy(address.sun_path, name, bytes);
	assert_return_code(bind(fd, (struct sockaddr *)&address,
				(socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes)),
			   0);
	assert_int_equal(memif_call(devargs, 0), -1);
	assert_return_code(listen(fd, 1), 0);
	call_fd = memif_call(devargs, 0);
	assert_return_code(call_fd, 0);
	accepted_fd = accept(fd, NULL, NULL);
	assert_int_equal(memif_hear(call_fd, 0), MEMIF_SILENT);
	assert_int_equal(send(accepted_fd, greeting, sizeof(greeting), MSG_NOSIGNAL),
			 sizeof(greeting));
	assert_int_equal(memif_hear(call_fd, 1000), MEMIF_GREETED);
	close(accepted_fd);
	assert_int_equal(memif_hear(call_fd, 1000), MEMIF_GONE);
	close(call_fd);
	close(fd);
	assert_int_equal(memif_call(devargs, 0), -1);
}

static void test_server_when_it_greets_then_it_is_there(void **state)
{
	char dir[] = "/tmp/memif_test.XXXXXX", path[64], devargs[128], name[64];

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/memif.sock", dir);
	snprintf(devargs, sizeof(devargs), "net_memif0,socket=%s,socket-abstract=no,id=1", path);
	assert_called(devargs, path, strlen(path));
	snprintf(name, sizeof(name), "%c%s", '\0', path);
	snprintf(devargs, sizeof(devargs), "net_memif0,id=1,socket=%s", path);
	assert_called(devargs, name, 1 + strlen(path));
	unlink(path);
	rmdir(dir);
}

static void test_server_when_the_name_is_too_long_then_it_is_not_there(void **state)
{
	char devargs[256];

	snprintf(devargs, sizeof(devargs), "net_memif0,socket=/%0200d", 0);
	assert_int_equal(memif_call(devargs, 0), -1);
}

/* As DPDK's server does, which listens with a queue of 1: so two wait, and the third is to. */
static void test_server_when_others_wait_then_it_is_waited_for(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char devargs[128];
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), calls[3], status;
	pid_t pid;

	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "memif_test.%d",
		 (int)getpid());
	snprintf(devargs, sizeof(devargs), "net_memif0,socket=%s", address.sun_path + 1);
	assert_return_code(bind(fd, (struct sockaddr *)&address,
				(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
					    strlen(address.sun_path + 1))),
			   0);
	assert_return_code(listen(fd, 1), 0);
	for (int i = 0; i < 2; i++)
		assert_return_code(calls[i] = memif_call(devargs, 0), 0);
	assert_int_equal(memif_call(devargs, 0), -1);
	assert_int_equal(memif_call(devargs, 1), -1);
	pid = fork();
	if (pid == 0)
		_exit(memif_call(devargs, 10000) >= 0 ? 0 : 1);
	assert_return_code(calls[2] = accept(fd, NULL, NULL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	for (int i = 0; i < 3; i++)
		close(calls[i]);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_when_no_other_role_then_it_is),
		cmocka_unit_test(test_server_when_it_greets_then_it_is_there),
		cmocka_unit_test(test_server_when_the_name_is_too_long_then_it_is_not_there),
		cmocka_unit_test(test_server_when_others_wait_then_it_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
