/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "durable/file.h"
#include "journal/sql.h"

#define NAME_BYTES (PATH_MAX + 32)

static void name_copy(const char *path, int version, char ret_name[NAME_BYTES])
{
	snprintf(ret_name, NAME_BYTES, "%s.version-%d", path, version);
}

static int sync_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), result;

	if (fd < 0)
		return -errno;
	result = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return result;
}

/* Into an empty file, which is the one kind that SQLite takes: its own would be open to others. */
static int vacuum_into(sqlite3 *database, const char *name)
{
	int fd = open(name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0640), code;
	sqlite3_stmt *statement = NULL;

	if (fd < 0)
		return -errno;
	close(fd);
	code = sqlite3_prepare_v2(database, "VACUUM INTO ?", -1, &statement, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	sqlite3_finalize(statement);
	return code == SQLITE_DONE ? 0 : journal_sql_errno(code);
}

int journal_copy_write(sqlite3 *database, const char *path, int version, char **ret_reason)
{
	char name[NAME_BYTES], fresh[NAME_BYTES + 8];
	int error;

	name_copy(path, version, name);
	snprintf(fresh, sizeof(fresh), "%s.new", name);
	unlink(fresh);
	error = vacuum_into(database, fresh);
	if (!error)
		error = sync_file(fresh);
	if (!error && rename(fresh, name) < 0)
		error = -errno;
	if (!error)
		error = durable_file_sync_name(path);
	if (!error)
		return 0;
	unlink(fresh);
	return journal_sql_fail(
		ret_reason, error,
		"the journal %s is of version %d, and no copy of it can be made before that is"
		" raised: %s",
		path, version, strerror(-error));
}

static int read_version(sqlite3 *database, int *ret_version)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(database, "PRAGMA user_version", -1, &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*ret_version = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW ? 0 : journal_sql_errno(code);
}

int journal_copy_version(const char *path, int *ret_version, char **ret_reason)
{
	sqlite3 *database = NULL;
	int error;

	if (access(path, F_OK) < 0 && errno == ENOENT) {
		*ret_version = 0;
		return 0;
	}
	error = journal_sql_errno(sqlite3_open_v2(
		path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
	if (!error)
		error = read_version(database, ret_version);
	sqlite3_close(database);
	if (error)
		return journal_sql_fail(ret_reason, error,
					"the version of the journal %s cannot be read: %s", path,
					strerror(-error));
	return 0;
}

/*
 * Names what is there by its version, its log of changes too. The journal's own name never lacks a
 * file, and its log goes first: what is left in between is an older moment of the same journal.
 */
static int set_aside(const char *path, int version)
{
	static const char *const tails[] = {"-wal", "-shm"};
	char name[NAME_BYTES], from[NAME_BYTES + 8], to[NAME_BYTES + 8];

	name_copy(path, version, name);
	if (unlink(name) < 0 && errno != ENOENT)
		return -errno;
	if (link(path, name) < 0)
		return -errno;
	for (unsigned int i = 0; i < 2; i++) {
		snprintf(from, sizeof(from), "%s%s", path, tails[i]);
		snprintf(to, sizeof(to), "%s%s", name, tails[i]);
		if (rename(from, to) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

/* One that was set aside has its log of changes with it. */
static int put_in_place(const char *name, const char *path)
{
	char from[NAME_BYTES + 8], to[NAME_BYTES + 8];

	snprintf(from, sizeof(from), "%s-wal", name);
	snprintf(to, sizeof(to), "%s-wal", path);
	if (rename(name, path) < 0)
		return -errno;
	return rename(from, to) < 0 && errno != ENOENT ? -errno : 0;
}

int journal_copy_take_back(const char *path, int version, char **ret_reason)
{
	char name[NAME_BYTES];
	int error = 0, found = 0;

	name_copy(path, version, name);
	if (access(name, R_OK) < 0)
		return journal_sql_fail(ret_reason, -errno,
					"there is no copy %s of the journal: %m", name);
	error = journal_copy_version(path, &found, ret_reason);
	if (error)
		return error;
	if (found == version)
		return 0;
	if (found)
		error = set_aside(path, found);
	if (!error)
		error = put_in_place(name, path);
	if (!error)
		error = durable_file_sync_name(path);
	if (error)
		return journal_sql_fail(ret_reason, error,
					"the copy %s cannot be put in its place: %s", name,
					strerror(-error));
	return 0;
}
