/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/script.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hooks/notice.h"

#define SECOND_NS 1000000000ULL

/* A file in memory, so that a hook that reads nothing holds nobody up. Result: it, or -errno. */
static int make_input(const struct notice *notice)
{
	int fd = memfd_create("event", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (dprintf(fd, "%s\n", notice->line) < 0 || lseek(fd, 0, SEEK_SET)) {
		close(fd);
		return -EIO;
	}
	return fd;
}

static void set_number(const char *name, int64_t number)
{
	char text[32];

	if (number < 0)
		return;
	snprintf(text, sizeof(text), "%" PRId64, number);
	setenv(name, text, 1);
}

static void set_environment(const struct notice *notice)
{
	set_number("SALLYPORT_SEQ", (int64_t)notice->seq);
	set_number("SALLYPORT_NODE", hooks_notice_number(notice, "node"));
	setenv("SALLYPORT_TYPE", hooks_notice_text(notice, "type"), 1);
	setenv("SALLYPORT_BUILD", hooks_notice_text(notice, "build"), 1);
	setenv("SALLYPORT_REASON", hooks_notice_text(notice, "reason"), 1);
	setenv("SALLYPORT_TIME", hooks_notice_text(notice, "time"), 1);
	unsetenv("NOTIFY_SOCKET");
}

/* What a child needs. */
struct child {
	const char *path;
	const char *name;
	const struct notice *notice;
	int input_fd;
	int error_fd; /* an errno is written to, if it cannot be executed */
	pid_t parent;
};

/* In the child; does not return. */
static void become(const struct child *child)
{
	const struct notice *notice = child->notice;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0);
	/* A hook left over must not run beside the one that the next sallyport-hooks starts. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != child->parent || dup2(child->input_fd, STDIN_FILENO) < 0)
		_exit(127);
	set_environment(notice);
	execl(child->path, child->name, hooks_notice_text(notice, "type"),
	      hooks_notice_text(notice, "build"), (char *)NULL);
	if (write(child->error_fd, &errno, sizeof(errno)) < 0)
		_exit(126);
	_exit(127);
}

/* Result: whether the child ended in time. */
static bool ends_in_time(pid_t pid, uint64_t limit_ns)
{
	struct timespec limit = {(time_t)(limit_ns / SECOND_NS), (long)(limit_ns % SECOND_NS)};
	struct pollfd poll_fd = {.fd = pidfd_open(pid, 0), .events = POLLIN};
	int nr;

	if (poll_fd.fd < 0)
		return false;
	nr = ppoll(&poll_fd, 1, &limit, NULL);
	close(poll_fd.fd);
	return nr > 0;
}

/* Waits for it, and ends it in time. Result: as hooks_script_run(), but for what execl() says. */
static int await(pid_t pid, uint64_t limit_ns)
{
	int status = 0;
	bool in_time;

	setpgid(pid, pid);
	in_time = ends_in_time(pid, limit_ns);
	kill(-pid, SIGKILL); /* what it left behind too */
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	if (!in_time)
		return -ETIMEDOUT;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int hooks_script_run(const char *directory, const char *name, const struct notice *notice,
		     uint64_t limit_ns)
{
	char path[PATH_MAX];
	struct child child = {path, name, notice, make_input(notice), -1, getpid()};
	int errors[2], error = 0, result;
	pid_t pid;

	if (child.input_fd < 0)
		return child.input_fd;
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (pipe2(errors, O_CLOEXEC)) {
		result = -errno;
		close(child.input_fd);
		return result;
	}
	child.error_fd = errors[1];
	pid = fork();
	if (pid == 0)
		become(&child);
	result = pid < 0 ? -errno : 0;
	close(child.input_fd);
	close(errors[1]);
	if (pid > 0)
		result = await(pid, limit_ns);
	if (result == 127 && read(errors[0], &error, sizeof(error)) == sizeof(error))
		result = -error;
	close(errors[0]);
	return result;
}
