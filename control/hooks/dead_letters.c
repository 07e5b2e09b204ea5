/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/dead_letters.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "hooks/notice.h"

/* Result: a line with its newline, NULL without memory. */
static char *print(const struct dead_letter *letter, const struct notice *notice)
{
	char when[32];
	time_t now = time(NULL);
	struct tm utc;
	json_t *object;
	char *text, *line = NULL;

	gmtime_r(&now, &utc);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &utc);
	object = json_pack("{s:s, s:s, s:I, s:s, s:O}", "given_up_at", when, "hook", letter->hook,
			   "tries", (json_int_t)letter->nr_tries, "reason", letter->reason, "event",
			   notice->object);
	text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	if (text && asprintf(&line, "%s\n", text) < 0)
		line = NULL;
	free(text);
	json_decref(object);
	return line;
}

/* Makes room by putting a full file aside. Result: 0 or -errno. */
static int make_room(const char *path, size_t bytes)
{
	char aside[PATH_MAX];
	struct stat status;

	if (stat(path, &status) < 0)
		return errno == ENOENT ? 0 : -errno;
	if ((size_t)status.st_size + bytes <= HOOKS_DEAD_LETTERS_BYTES)
		return 0;
	if (snprintf(aside, sizeof(aside), "%s.1", path) >= (int)sizeof(aside))
		return -ENAMETOOLONG;
	return rename(path, aside) < 0 ? -errno : 0;
}

/* A line that a full disk has cut is taken back. */
static int append(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	ssize_t bytes = (ssize_t)strlen(line);
	int error = 0;

	if (fd < 0)
		return -errno;
	errno = 0;
	if (write(fd, line, (size_t)bytes) != bytes || fsync(fd) < 0) {
		error = errno ? -errno : -ENOSPC;
		if (ftruncate(fd, end) < 0)
			error = -errno;
	}
	close(fd);
	return error;
}

int hooks_dead_letters_add(const char *path, const struct dead_letter *letter,
			   const struct notice *notice)
{
	char *line = print(letter, notice);
	int error = line ? make_room(path, strlen(line)) : -ENOMEM;

	if (!error)
		error = append(path, line);
	free(line);
	return error;
}
