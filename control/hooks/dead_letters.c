/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/dead_letters.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
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
	object = json_pack("{s:s, s:s, s:I, s:s, s:s, s:O}", "given_up_at", when, "hook",
			   letter->hook, "tries", (json_int_t)letter->nr_tries, "reason",
			   letter->reason, "edge", notice->edge, "event", notice->object);
	text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	if (text && asprintf(&line, "%s\n", text) < 0)
		line = NULL;
	free(text);
	json_decref(object);
	return line;
}

/* Result: a descriptor that nobody else has the lock of, or -errno. */
static int open_locked(const char *path)
{
	struct stat mine, there;

	for (;;) {
		int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		int error;

		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_EX) < 0 || fstat(fd, &mine) < 0) {
			error = -errno;
			close(fd);
			return error;
		}
		/* Whoever had the lock may have put the file aside. */
		if (stat(path, &there) == 0 && there.st_ino == mine.st_ino &&
		    there.st_dev == mine.st_dev)
			return fd;
		close(fd);
	}
}

/* Result: a name beside that of the file, or an error. */
static int beside(const char *path, const char *suffix, char ret_path[PATH_MAX])
{
	return snprintf(ret_path, PATH_MAX, "%s%s", path, suffix) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Makes room by putting a full file aside; its lock stays ours. Result: a descriptor or -errno. */
static int make_room(const char *path, int fd, size_t bytes)
{
	off_t end = lseek(fd, 0, SEEK_END);
	char aside[PATH_MAX];
	int result;

	if (end < 0 || (size_t)end + bytes <= HOOKS_DEAD_LETTERS_BYTES)
		return fd;
	result = beside(path, ".1", aside);
	if (result == 0 && rename(path, aside) < 0)
		result = -errno;
	if (result == 0)
		result = open_locked(path);
	close(fd);
	return result;
}

/* A line that a full disk has cut is taken back. */
static int append(int fd, const char *line)
{
	off_t end = lseek(fd, 0, SEEK_END);
	ssize_t bytes = (ssize_t)strlen(line);
	int error = 0;

	errno = 0;
	if (write(fd, line, (size_t)bytes) != bytes || fsync(fd) < 0) {
		error = errno ? -errno : -ENOSPC;
		if (ftruncate(fd, end) < 0)
			error = -errno;
	}
	return error;
}

static bool is_of(const char *line, const char *hook, uint64_t seq)
{
	json_t *object = json_loads(line, 0, NULL);
	const char *name = json_string_value(json_object_get(object, "hook"));
	const json_t *number = json_object_get(json_object_get(object, "event"), "seq");
	bool same =
		name && strcmp(name, hook) == 0 && json_integer_value(number) == (json_int_t)seq;

	json_decref(object);
	return same;
}

/* What was killed before it moved its cursor gives the same event up again. */
static bool has(int fd, const char *hook, uint64_t seq)
{
	struct stat status;
	bool regular = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
	int copy = regular ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	FILE *file = copy < 0 ? NULL : fdopen(copy, "r");
	char *line = NULL;
	size_t room = 0;
	bool found = false;

	if (!file) {
		if (copy >= 0)
			close(copy);
		return false;
	}
	rewind(file);
	while (!found && getline(&line, &room, file) >= 0)
		found = is_of(line, hook, seq);
	free(line);
	fclose(file);
	return found;
}

int hooks_dead_letters_add(const char *path, const struct dead_letter *letter,
			   const struct notice *notice)
{
	char *line = print(letter, notice);
	int fd = line ? open_locked(path) : -ENOMEM, error = 0;

	if (fd >= 0 && !has(fd, letter->hook, notice->seq)) {
		fd = make_room(path, fd, strlen(line));
		if (fd >= 0)
			error = append(fd, line);
	}
	if (fd >= 0)
		close(fd);
	free(line);
	return fd < 0 ? fd : error;
}

/* Result: 0, also if there is no such file, or -errno. */
static int copy_file(const char *from, FILE *out)
{
	FILE *in = fopen(from, "re");
	char block[4096];
	size_t bytes;
	int error;

	if (!in)
		return errno == ENOENT ? 0 : -errno;
	while ((bytes = fread(block, 1, sizeof(block), in)) > 0)
		fwrite(block, 1, bytes, out);
	error = ferror(in) ? -EIO : 0;
	fclose(in);
	return error;
}

/* Result: 0 and all of them are in one new file, which may be empty; or -errno. */
static int gather(const char *const *from, unsigned int nr, const char *into)
{
	FILE *out;
	int fd = open(into, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), error = 0;

	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out)
		return -errno;
	for (unsigned int i = 0; i < nr && error == 0; i++)
		error = copy_file(from[i], out);
	if (fflush(out) != 0 || fsync(fd) < 0)
		error = error ? error : -errno;
	if (ferror(out) && error == 0)
		error = -EIO;
	fclose(out);
	return error;
}

static bool is_empty(const char *path)
{
	struct stat status;

	return stat(path, &status) < 0 || status.st_size == 0;
}

/* While the file is locked. A crash in between leaves some in two files: they are told twice. */
static int take_all(const char *path, const char *aside, const char *fresh, const char *into)
{
	const char *const from[] = {into, aside, path};
	int error = gather(from, 3, fresh);

	if (error == 0 && rename(fresh, into) < 0)
		error = -errno;
	if (error == 0 && ((unlink(aside) < 0 && errno != ENOENT) || unlink(path) < 0))
		error = -errno;
	if (error == 0 && is_empty(into))
		error = unlink(into) < 0 ? -errno : -ENOENT;
	return error;
}

int hooks_dead_letters_take(const char *path, const char *into)
{
	char aside[PATH_MAX], fresh[PATH_MAX];
	int fd, error = beside(path, ".1", aside);

	if (error == 0)
		error = beside(into, ".new", fresh);
	if (error < 0)
		return error;
	fd = open_locked(path);
	if (fd < 0)
		return fd;
	error = take_all(path, aside, fresh, into);
	close(fd);
	return error;
}
