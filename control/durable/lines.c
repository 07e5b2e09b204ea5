// SPDX-License-Identifier: BSD-3-Clause
#include "durable/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "durable/file.h"

struct durable_lines {
	char *path;
	int fd;	      /* -1: there is no file yet */
	off_t bytes;  /* that are good */
	bool no_end;  /* of the only line */
	bool damaged; /* what is behind them cannot be cut off */
	bool unsynced;
};

/* Result: its whole text, to be freed; NULL without memory, or if it cannot be read. */
static char *read_all(int fd, size_t *ret_bytes)
{
	struct stat file;
	char *text;
	ssize_t nr = 0;
	size_t bytes = 0;

	if (fstat(fd, &file) < 0)
		return NULL;
	text = malloc((size_t)file.st_size + 1);
	while (text && bytes < (size_t)file.st_size &&
	       (nr = read(fd, text + bytes, (size_t)file.st_size - bytes)) > 0)
		bytes += (size_t)nr;
	if (text)
		text[bytes] = '\0';
	if (text && nr >= 0) {
		*ret_bytes = bytes;
		return text;
	}
	free(text);
	return NULL;
}

/* What a failed write has left would be the beginning of the next line. */
static void cut_off(struct durable_lines *lines)
{
	if (ftruncate(lines->fd, lines->bytes) < 0)
		lines->damaged = true;
}

/* The first line is always whole, since it comes by a rename: it may lack its end, as those of
 * earlier versions do. */
static int visit_all(struct durable_lines *lines, char *text, size_t bytes,
		     int (*visit)(void *context, const char *line), void *context)
{
	char *line = text, *end;
	int r = 0;

	for (; !r && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		r = visit(context, line);
	}
	lines->no_end = line == text && *line;
	if (!r && lines->no_end)
		r = visit(context, line);
	lines->bytes = lines->no_end ? (off_t)bytes : line - text;
	if ((off_t)bytes > lines->bytes)
		cut_off(lines);
	return r;
}

static int load(struct durable_lines *lines, int (*visit)(void *context, const char *line),
		void *context)
{
	size_t bytes;
	char *text;
	int r;

	lines->fd = open(lines->path, O_RDWR | O_CLOEXEC);
	if (lines->fd < 0)
		return errno == ENOENT ? 0 : -errno;
	text = read_all(lines->fd, &bytes);
	if (!text)
		return errno ? -errno : -ENOMEM;
	r = visit_all(lines, text, bytes, visit, context);
	free(text);
	return r;
}

int durable_lines_open(const char *path, int (*visit)(void *context, const char *line),
		       void *context, struct durable_lines **ret_lines)
{
	struct durable_lines *lines = calloc(1, sizeof(*lines));
	int r = -ENOMEM;

	if (!lines)
		return r;
	lines->fd = -1;
	lines->path = strdup(path);
	if (lines->path)
		r = load(lines, visit, context);
	if (r)
		durable_lines_close(lines);
	else
		*ret_lines = lines;
	return r;
}

void durable_lines_close(struct durable_lines *lines)
{
	if (!lines)
		return;
	if (lines->fd >= 0)
		close(lines->fd);
	free(lines->path);
	free(lines);
}

int durable_lines_append(struct durable_lines *lines, const char *line)
{
	char *text;
	int bytes;
	ssize_t written;

	if (lines->fd < 0)
		return durable_lines_replace(lines, line);
	if (lines->damaged)
		return -EIO;
	bytes = asprintf(&text, "%s%s\n", lines->no_end ? "\n" : "", line);
	if (bytes < 0)
		return -ENOMEM;
	written = pwrite(lines->fd, text, (size_t)bytes, lines->bytes);
	free(text);
	if (written != bytes) {
		int error = written < 0 ? -errno : -ENOSPC;

		cut_off(lines);
		return error;
	}
	lines->bytes += written;
	lines->no_end = false;
	lines->unsynced = true;
	return 0;
}

int durable_lines_sync(struct durable_lines *lines)
{
	if (!lines->unsynced)
		return 0;
	if (fdatasync(lines->fd) < 0)
		return -errno;
	lines->unsynced = false;
	return 0;
}

int durable_lines_replace(struct durable_lines *lines, const char *line)
{
	char *text;
	int fd, bytes = asprintf(&text, "%s\n", line), error;

	if (bytes < 0)
		return -ENOMEM;
	error = durable_file_replace(lines->path, text, (size_t)bytes);
	free(text);
	if (error)
		return error;
	fd = open(lines->path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (lines->fd >= 0)
		close(lines->fd);
	lines->fd = fd;
	lines->bytes = bytes;
	lines->no_end = lines->damaged = lines->unsynced = false;
	return 0;
}
