/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/script.h"

#include <ctype.h>
#include <dirent.h>
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
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hooks/notice.h"

#define SECOND_NS 1000000000ULL

static bool ends_with(const char *name, const char *suffix)
{
	size_t len = strlen(name), suffix_len = strlen(suffix);

	return len > suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

static bool wanted_name(const char *name)
{
	static const char *const left_overs[] = {"~",	      ".bak",	    ".dpkg-old",
						 ".dpkg-new", ".dpkg-dist", ".dpkg-tmp",
						 ".rpmsave",  ".rpmnew"};

	for (size_t i = 0; i < sizeof(left_overs) / sizeof(left_overs[0]); i++)
		if (ends_with(name, left_overs[i]))
			return false;
	return isalnum((unsigned char)name[0]);
}

static int select_entry(const struct dirent *entry)
{
	return wanted_name(entry->d_name);
}

static int compare(const struct dirent **one, const struct dirent **other)
{
	return strcmp((*one)->d_name, (*other)->d_name);
}

static bool is_executable(const char *directory, const char *name)
{
	char path[PATH_MAX];
	struct stat status;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return !stat(path, &status) && S_ISREG(status.st_mode) && !access(path, X_OK);
}

int hooks_script_list(const char *directory, struct script_list *ret_list)
{
	struct script_list list = {0};
	struct dirent **entries;
	int nr = scandir(directory, &entries, select_entry, compare), error = 0;

	if (nr < 0)
		return -errno;
	list.name = calloc((size_t)nr + 1, sizeof(*list.name));
	if (!list.name)
		error = -ENOMEM;
	for (int i = 0; i < nr; i++) {
		if (!error && is_executable(directory, entries[i]->d_name)) {
			list.name[list.nr] = strdup(entries[i]->d_name);
			if (list.name[list.nr])
				list.nr++;
			else
				error = -ENOMEM;
		}
		free(entries[i]);
	}
	free(entries);
	if (error)
		hooks_script_list_clear(&list);
	else
		*ret_list = list;
	return error;
}

void hooks_script_list_clear(struct script_list *list)
{
	for (unsigned int i = 0; i < list->nr; i++)
		free(list->name[i]);
	free(list->name);
	*list = (struct script_list){0};
}

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

/* In the child; does not return. */
static void become(const char *directory, const char *name, const struct notice *notice,
		   int input_fd, pid_t parent)
{
	char path[PATH_MAX];
	sigset_t none;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0);
	/* A hook left over must not run beside the one that the next sallyport-hooks starts. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || dup2(input_fd, STDIN_FILENO) < 0)
		_exit(127);
	set_environment(notice);
	execl(path, name, hooks_notice_text(notice, "type"), hooks_notice_text(notice, "build"),
	      (char *)NULL);
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

int hooks_script_run(const char *directory, const char *name, const struct notice *notice,
		     uint64_t limit_ns)
{
	int input_fd = make_input(notice), status = 0;
	pid_t parent = getpid(), pid;
	bool in_time;

	if (input_fd < 0)
		return input_fd;
	pid = fork();
	if (pid == 0)
		become(directory, name, notice, input_fd, parent);
	close(input_fd);
	if (pid < 0)
		return -errno;
	setpgid(pid, pid);
	in_time = ends_in_time(pid, limit_ns);
	kill(-pid, SIGKILL); /* what it left behind too */
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	if (!in_time)
		return -ETIMEDOUT;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
