/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/talk/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/boottime.h"

extern char **environ;

/* Text that grows, always terminated. */
struct output {
	char *text;
	size_t bytes;
};

static int refuse(int r, char **ret_reason, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(int r, char **ret_reason, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(ret_reason, format, arguments) < 0)
		*ret_reason = NULL;
	va_end(arguments);
	return r;
}

/* Starts a program whose stdout is out_fd. Result: 0 and *ret_pid, or -errno. */
static int start(const char *const *argv, int out_fd, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r)
		return -r;
	r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	if (!r)
		r = posix_spawnp(ret_pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* Result: 1 and more output, 0 at its end, or -errno. */
static int take(int fd, struct output *output)
{
	char buffer[4096], *grown;
	ssize_t bytes = read(fd, buffer, sizeof(buffer));

	if (bytes <= 0)
		return bytes == 0 ? 0 : errno == EINTR ? 1 : -errno;
	grown = realloc(output->text, output->bytes + (size_t)bytes + 1);
	if (!grown)
		return -ENOMEM;
	output->text = grown;
	memcpy(grown + output->bytes, buffer, (size_t)bytes);
	output->bytes += (size_t)bytes;
	grown[output->bytes] = '\0';
	return 1;
}

/* Reads until the program closes its end. Result: 0, or -errno. */
static int take_all(int fd, const struct command *command, struct output *output)
{
	uint64_t end_ns = boottime_now_ns() + command->limit_ns;
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	int r = 1;

	while (r > 0) {
		uint64_t now_ns = boottime_now_ns();

		if (now_ns >= end_ns)
			return -ETIMEDOUT;
		r = poll(&poll_fd, 1, (int)((end_ns - now_ns) / NS_PER_MS) + 1);
		if (r < 0 && errno != EINTR)
			return -errno;
		r = r > 0 ? take(fd, output) : 1;
		if (output->bytes > command->max_bytes)
			return -EFBIG;
	}
	return r;
}

static int judge(const struct command *command, int r, int status, char **ret_reason)
{
	const char *name = command->argv[0];

	if (r == -ETIMEDOUT)
		return refuse(r, ret_reason, "%s takes longer than %u seconds", name,
			      (unsigned int)(command->limit_ns / NS_PER_S));
	if (r == -EFBIG)
		return refuse(r, ret_reason, "%s prints more than %zu bytes", name,
			      command->max_bytes);
	if (r < 0)
		return refuse(r, ret_reason, "%s cannot be read: %s", name, strerror(-r));
	if (WIFSIGNALED(status))
		return refuse(-EIO, ret_reason, "%s was ended by signal %d", name,
			      WTERMSIG(status));
	if (WEXITSTATUS(status))
		return refuse(-EIO, ret_reason, "%s exited with %d", name, WEXITSTATUS(status));
	return 0;
}

/* Result: as talk_command_run(); output->text may be NULL after success. */
static int run(const struct command *command, struct output *output, char **ret_reason)
{
	int fds[2], status = 0, r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return refuse(-errno, ret_reason, "%s cannot be run: %s", command->argv[0],
			      strerror(errno));
	r = start(command->argv, fds[1], &pid);
	close(fds[1]);
	if (r < 0) {
		close(fds[0]);
		return refuse(r, ret_reason, "%s cannot be run: %s", command->argv[0],
			      strerror(-r));
	}
	r = take_all(fds[0], command, output);
	close(fds[0]);
	if (r < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return judge(command, r, status, ret_reason);
}

int talk_command_run(const struct command *command, char **ret_text, char **ret_reason)
{
	struct output output = {0};
	int r = run(command, &output, ret_reason);

	if (r == 0 && !output.text)
		output.text = strdup("");
	if (r == 0 && !output.text)
		r = refuse(-ENOMEM, ret_reason, "out of memory");
	if (r < 0)
		free(output.text);
	else
		*ret_text = output.text;
	return r;
}
