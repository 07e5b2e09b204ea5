/* SPDX-License-Identifier: BSD-3-Clause */
#include "daemon_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static pid_t read_holder(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

static int take(int fd, pid_t *ret_holder)
{
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			return -errno;
		*ret_holder = read_holder(fd);
		return -EEXIST;
	}
	return ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", getpid()) < 0 ? -errno : 0;
}

int daemon_lock(const char *state_dir, pid_t *ret_holder)
{
	char path[PATH_MAX];
	int fd, r;

	if (mkdir(state_dir, 0750) < 0 && errno != EEXIST)
		return -errno;
	if (snprintf(path, sizeof(path), "%s/lock", state_dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0)
		return -errno;
	r = take(fd, ret_holder);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}
