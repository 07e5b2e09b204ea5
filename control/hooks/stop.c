/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS 1000000000ULL

int hooks_stop_open(struct stop *stop)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	if (sigprocmask(SIG_BLOCK, &signals, NULL))
		return -errno;
	fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	stop->fd = fd;
	return 0;
}

void hooks_stop_close(struct stop *stop)
{
	close(stop->fd);
	stop->fd = -1;
}

/* The signal is never read, so that whoever asks next sees it too. */
static bool readable(const struct stop *stop, uint64_t wait_ns)
{
	struct timespec wait = {(time_t)(wait_ns / SECOND_NS), (long)(wait_ns % SECOND_NS)};
	struct pollfd poll_fd = {.fd = stop->fd, .events = POLLIN};

	return ppoll(&poll_fd, 1, &wait, NULL) > 0;
}

bool hooks_stop_asked(const struct stop *stop)
{
	return readable(stop, 0);
}

bool hooks_stop_wait(const struct stop *stop, uint64_t wait_ns)
{
	return readable(stop, wait_ns);
}
