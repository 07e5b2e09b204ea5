/* SPDX-License-Identifier: BSD-3-Clause */
#include "lock_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "boottime.h"

static pid_t read_holder(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

/* Not by a blocking flock(): that knows no end. */
static int lock(int fd, unsigned int wait_ms)
{
	const struct timespec pause = {.tv_nsec = 5 * (long)NS_PER_MS};
	uint64_t until_ns = boottime_now_ns() + wait_ms * NS_PER_MS;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (boottime_now_ns() >= until_ns)
			return -EEXIST;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* In place, and of no consequence: a full disk is no reason not to take the lock. */
static void write_holder(int fd)
{
	char text[16];
	int bytes = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (pwrite(fd, text, (size_t)bytes, 0) != bytes || ftruncate(fd, bytes) < 0)
		return;
}

static int take(int fd, unsigned int wait_ms, pid_t *ret_holder)
{
	int r = lock(fd, wait_ms);

	if (r == -EEXIST)
		*ret_holder = read_holder(fd);
	if (r < 0)
		return r;
	write_holder(fd);
	return 0;
}

int lock_file_take(const struct lock_file *file, pid_t *ret_holder)
{
	char path[PATH_MAX];
	int fd, r;

	if (mkdir(file->dir, file->dir_mode) < 0 && errno != EEXIST)
		return -errno;
	if (snprintf(path, sizeof(path), "%s/%s", file->dir, file->name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, file->mode);
	if (fd < 0)
		return -errno;
	r = take(fd, file->wait_ms, ret_holder);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}
