/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "durable/file.h"
#include "host/seq_file.h"

int hooks_cursor_lock(const char *path)
{
	char name[PATH_MAX];
	int fd, error;

	if (snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name))
		return -ENAMETOOLONG;
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	error = -errno;
	close(fd);
	return error;
}

int hooks_cursor_write(const char *path, uint64_t seq)
{
	char text[SEQ_FILE_BYTES];
	int len = snprintf(text, sizeof(text), "%" PRIu64 "\n", seq);

	return durable_file_replace(path, text, (size_t)len);
}
