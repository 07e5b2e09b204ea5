/* SPDX-License-Identifier: BSD-3-Clause */
#include "run_lock.h"

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
	char text[16] = {0};
	ssize_t nr = pread(fd, text, sizeof(text) - 1, 0);

	return nr > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

static int write_pid(int fd)
{
	if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0)
		return -errno;
	return 0;
}

int run_lock_take(const char *run_dir, pid_t *ret_holder)
{
	char path[PATH_MAX];
	int fd, r;

	if (mkdir(run_dir, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (snprintf(path, sizeof(path), "%s/dp.lock", run_dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		r = errno == EWOULDBLOCK ? -EEXIST : -errno;
		if (r == -EEXIST)
			*ret_holder = read_holder(fd);
		close(fd);
		return r;
	}
	r = write_pid(fd);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}
