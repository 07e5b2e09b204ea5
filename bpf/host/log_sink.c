/* SPDX-License-Identifier: BSD-3-Clause */
#include "log_sink.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define JOURNAL_SOCKET	"/run/systemd/journal/socket"
#define ENTRIES_MAX	32
#define SEND_BYTES	(8 << 20) /* what a burst may leave unread, as libsystemd has it */
#define JOURNAL_NOT_YET (-1)

static struct {
	const char *path;
	int fd;
	uint64_t dropped;
} sink = {.path = JOURNAL_SOCKET, .fd = JOURNAL_NOT_YET};

void log_sink_set_journal(const char *path)
{
	sink.path = path;
}

/* Two threads that are first at once make two, and one of these is kept. */
static int journal_fd(void)
{
	int fd = __atomic_load_n(&sink.fd, __ATOMIC_ACQUIRE), none = JOURNAL_NOT_YET;
	const int bytes = SEND_BYTES;

	if (fd >= 0)
		return fd;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	if (!__atomic_compare_exchange_n(&sink.fd, &none, fd, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE)) {
		close(fd);
		fd = none;
	}
	return fd;
}

static bool count(bool taken)
{
	if (!taken)
		__atomic_add_fetch(&sink.dropped, 1, __ATOMIC_RELAXED);
	return taken;
}

/* sd_journal_sendv() waits for a journald that hangs, and the caller with it. */
bool log_sink_journal(const struct iovec *entries, unsigned int nr_entries)
{
	static char newline[] = "\n";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct iovec parts[2 * ENTRIES_MAX];
	struct msghdr message = {
		.msg_name = &address,
		.msg_namelen = sizeof(address),
		.msg_iov = parts,
	};
	int fd = journal_fd();

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", sink.path);
	for (unsigned int i = 0; i < nr_entries && i < ENTRIES_MAX; i++) {
		if (entries[i].iov_len == 0) /* no memory was left to say it */
			continue;
		parts[message.msg_iovlen++] = entries[i];
		parts[message.msg_iovlen++] = (struct iovec){newline, 1};
	}
	return count(fd >= 0 && sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0);
}

/* A pipe that can be written takes PIPE_BUF at once; one without a reader would be a SIGPIPE. */
static bool takes_a_line(int fd)
{
	struct pollfd ready = {.fd = fd, .events = POLLOUT};

	return poll(&ready, 1, 0) == 1 && ready.revents & POLLOUT && !(ready.revents & POLLERR);
}

/* A socket is asked not to wait. */
bool log_sink_stderr(const char *line, size_t length)
{
	ssize_t taken = send(STDERR_FILENO, line, length, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (taken < 0 && errno == ENOTSOCK && takes_a_line(STDERR_FILENO))
		taken = write(STDERR_FILENO, line, length);
	return count(taken >= 0);
}

uint64_t log_sink_dropped(void)
{
	return __atomic_load_n(&sink.dropped, __ATOMIC_RELAXED);
}
