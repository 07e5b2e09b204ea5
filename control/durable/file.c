// SPDX-License-Identifier: BSD-3-Clause
#include "durable/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

int durable_file_sync_name(const char *path)
{
	char copy[PATH_MAX];
	int fd, error;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return error;
}

static int write_new(const char *path, const void *text, size_t bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), error = 0;
	ssize_t written;

	if (fd < 0)
		return -errno;
	written = write(fd, text, bytes);
	if (written < 0 || fsync(fd) < 0)
		error = -errno;
	else if ((size_t)written != bytes)
		error = -ENOSPC;
	close(fd);
	return error;
}

int durable_file_replace(const char *path, const void *text, size_t bytes)
{
	char fresh[PATH_MAX];
	int nr = snprintf(fresh, sizeof(fresh), "%s.new", path), error;

	if (nr >= (int)sizeof(fresh))
		return -ENAMETOOLONG;
	error = write_new(fresh, text, bytes);
	if (!error && rename(fresh, path) < 0)
		error = -errno;
	return error ? error : durable_file_sync_name(path);
}
