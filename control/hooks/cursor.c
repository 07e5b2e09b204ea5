/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "host/seq_file.h"

static int beside(const char *path, const char *suffix, char ret_path[PATH_MAX])
{
	int len = snprintf(ret_path, PATH_MAX, "%s%s", path, suffix);

	return len < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int hooks_cursor_lock(const char *path)
{
	char name[PATH_MAX];
	int fd, error = beside(path, ".lock", name);

	if (error)
		return error;
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	error = -errno;
	close(fd);
	return error;
}

static int write_new(const char *path, uint64_t seq)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), error = 0;
	char text[SEQ_FILE_BYTES];
	int len = snprintf(text, sizeof(text), "%" PRIu64 "\n", seq);

	if (fd < 0)
		return -errno;
	if (write(fd, text, (size_t)len) != len || fsync(fd))
		error = errno ? -errno : -EIO;
	close(fd);
	return error;
}

static int sync_directory(const char *path)
{
	char copy[PATH_MAX];
	int fd, error;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = fsync(fd) ? -errno : 0;
	close(fd);
	return error;
}

int hooks_cursor_write(const char *path, uint64_t seq)
{
	char fresh[PATH_MAX];
	int error = beside(path, ".new", fresh);

	if (!error)
		error = write_new(fresh, seq);
	if (!error && rename(fresh, path))
		error = -errno;
	return error ? error : sync_directory(path);
}
