/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening either database: nothing is begun on one that is not sound. */
#include "journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "durable/file.h"
#include "journal/copy.h"
#include "journal/rows/rows.h"
#include "journal/schema.h"
#include "journal/sql.h"
#include "journal/wal.h"

static const char *const statement_texts[JOURNAL_STATEMENTS_NR] = {
#define JOURNAL_TEXT(name, text) [JOURNAL_##name] = text,
	COMMON_STATEMENTS(JOURNAL_TEXT) JOURNAL_STATEMENTS(JOURNAL_TEXT)
		AUDIT_STATEMENTS(JOURNAL_TEXT)
#undef JOURNAL_TEXT
};

/* The two databases. */
struct kind {
	const char *schema;
	const char *modes; /* for each connection */
	int application_id;
	int version;
	int oldest; /* that it is made from */
};

static const struct kind journal_kind = {
	.schema = "BEGIN; " JOURNAL_SCHEMA,
	.modes = "PRAGMA synchronous = FULL; PRAGMA cache_size = -8192;" JOURNAL_ADDED,
	.application_id = JOURNAL_APPLICATION_ID,
	.version = JOURNAL_VERSION,
	.oldest = JOURNAL_OLDEST,
};

/* What a power cut takes of the last moments, it takes of the rings as well. */
static const struct kind audit_kind = {
	.schema = "PRAGMA auto_vacuum = INCREMENTAL; BEGIN; " AUDIT_SCHEMA,
	.modes = "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192;"
		 " PRAGMA journal_size_limit = 4194304;",
	.application_id = AUDIT_APPLICATION_ID,
	.version = AUDIT_VERSION,
	.oldest = AUDIT_VERSION,
};

static int refuse_damaged(char **ret_reason, const char *path, const char *what)
{
	return journal_sql_fail(
		ret_reason, -EBADMSG,
		"the journal %s is damaged (%s): it was left as it is; restore a copy, or move it"
		" and its -wal away to begin with no sessions",
		path, what);
}

static int refuse_unreadable(char **ret_reason, const char *path, sqlite3 *database)
{
	int error = journal_sql_errno(sqlite3_errcode(database));

	if (error == -EBADMSG)
		return refuse_damaged(ret_reason, path, sqlite3_errmsg(database));
	return journal_sql_fail(ret_reason, error ? error : -EIO,
				"the journal %s cannot be opened: %s", path,
				sqlite3_errmsg(database));
}

static int open_database(const char *path, sqlite3 **ret_database, char **ret_reason)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, result;
	const char *vfs = journal_vfs_name();
	sqlite3 *database = NULL;

	if (strcmp(path, ":memory:") == 0)
		flags |= SQLITE_OPEN_CREATE;
	if (sqlite3_open_v2(path, &database, flags, vfs) != SQLITE_OK) {
		result = refuse_unreadable(ret_reason, path, database);
		sqlite3_close(database);
		return result;
	}
	sqlite3_busy_timeout(database, JOURNAL_BUSY_MS);
	*ret_database = database;
	return 0;
}

static int run_text(sqlite3 *database, const char *path, const char *text, char **ret_reason)
{
	if (sqlite3_exec(database, text, NULL, NULL, NULL) != SQLITE_OK)
		return refuse_unreadable(ret_reason, path, database);
	return 0;
}

static int write_schema(const struct kind *kind, sqlite3 *database, const char *path,
			char **ret_reason)
{
	char versions[128];

	snprintf(versions, sizeof(versions),
		 "PRAGMA application_id = %d; PRAGMA user_version = %d;", kind->application_id,
		 kind->version);
	if (run_text(database, path, kind->schema, ret_reason) < 0 ||
	    run_text(database, path, versions, ret_reason) < 0)
		return -EIO;
	return run_text(database, path, "COMMIT", ret_reason);
}

static int fill_file(const struct kind *kind, const char *fresh, char **ret_reason)
{
	sqlite3 *database;
	int result = open_database(fresh, &database, ret_reason);

	if (result < 0)
		return result;
	result = write_schema(kind, database, fresh, ret_reason);
	sqlite3_close(database);
	return result;
}

/* SQLite would play the log of a file that was removed into the new one. */
static int refuse_left_log(const char *path, char **ret_reason)
{
	char name[PATH_MAX];
	struct stat file;

	snprintf(name, sizeof(name), "%s-wal", path);
	if (stat(name, &file) == 0 && file.st_size > 0)
		return journal_sql_fail(
			ret_reason, -EBADMSG,
			"the log %s lies there without its journal: put the journal back beside"
			" it, or move the log away too to begin with nothing",
			name);
	return 0;
}

static int remove_shared(const char *path, char **ret_reason)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "%s-shm", path);
	return unlink(name) < 0 && errno != ENOENT
		       ? journal_sql_fail(ret_reason, -errno, "%s cannot be removed: %m", name)
		       : 0;
}

/* Made whole under another name first: an empty or half-made journal is therefore always damage. */
static int create_file(const struct kind *kind, const char *path, char **ret_reason)
{
	char fresh[PATH_MAX];
	int fd, result = refuse_left_log(path, ret_reason);

	if (result == 0)
		result = remove_shared(path, ret_reason);
	if (result < 0)
		return result;
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	fd = open(fresh, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0640);
	if (fd < 0)
		return journal_sql_fail(ret_reason, -errno, "the journal %s cannot be made: %m",
					fresh);
	close(fd);
	result = fill_file(kind, fresh, ret_reason);
	if (result == 0 && (rename(fresh, path) < 0 || durable_file_sync_name(path) < 0))
		result = journal_sql_fail(ret_reason, -errno, "the journal %s cannot be made: %m",
					  path);
	if (result < 0)
		unlink(fresh);
	return result;
}

/* Looks before SQLite does, which would begin an empty file anew and shorten a damaged WAL. */
static int check_sizes(const char *path, const struct stat *file, char **ret_reason)
{
	char wal[PATH_MAX];

	if (file->st_size == 0)
		return refuse_damaged(ret_reason, path, "it is empty");
	snprintf(wal, sizeof(wal), "%s-wal", path);
	if (journal_wal_check(wal) == -EBADMSG)
		return refuse_damaged(ret_reason, wal, "a commit in its middle cannot be read");
	return 0;
}

static int check_files(const struct kind *kind, const char *path, char **ret_reason)
{
	struct stat file;

	if (stat(path, &file) < 0) {
		if (errno != ENOENT)
			return journal_sql_fail(ret_reason, -errno,
						"the journal %s cannot be opened: %m", path);
		return create_file(kind, path, ret_reason);
	}
	return check_sizes(path, &file, ret_reason);
}

static int read_number(sqlite3 *database, const char *text, sqlite3_int64 *ret_value)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(database, text, -1, &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*ret_value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW ? 0 : journal_sql_errno(code);
}

static int check_version(const struct kind *kind, sqlite3 *database, const char *path,
			 char **ret_reason)
{
	sqlite3_int64 application = 0, version = 0;

	if (read_number(database, "PRAGMA application_id", &application) < 0 ||
	    read_number(database, "PRAGMA user_version", &version) < 0)
		return refuse_unreadable(ret_reason, path, database);
	if (application != kind->application_id)
		return journal_sql_fail(ret_reason, -EBADMSG,
					"%s is a database, but not a journal of sallyport", path);
	if (version < kind->oldest || version > kind->version)
		return journal_sql_fail(
			ret_reason, -EPROTO,
			"the journal %s is of version %lld, this sallyportd reads version %d", path,
			(long long)version, kind->version);
	return 0;
}

static int check_contents(sqlite3 *database, const char *path, char **ret_reason)
{
	sqlite3_stmt *statement = NULL;
	const char *answer;
	int result = 0;

	if (sqlite3_prepare_v2(database, "PRAGMA quick_check(1)", -1, &statement, NULL) !=
		    SQLITE_OK ||
	    sqlite3_step(statement) != SQLITE_ROW) {
		result = refuse_unreadable(ret_reason, path, database);
	} else {
		answer = (const char *)sqlite3_column_text(statement, 0);
		if (!answer || strcmp(answer, "ok") != 0)
			result = refuse_damaged(ret_reason, path, answer ? answer : "no answer");
	}
	sqlite3_finalize(statement);
	return result;
}

/* From what an older sallyportd wrote, in one transaction; what it wrote is kept beside it. */
static int upgrade(sqlite3 *database, const char *path, char **ret_reason)
{
	sqlite3_int64 version = 0;
	int result;

	if (read_number(database, "PRAGMA user_version", &version) < 0)
		return refuse_unreadable(ret_reason, path, database);
	if (version == JOURNAL_VERSION)
		return 0;
	result = journal_copy_write(database, path, (int)version, ret_reason);
	if (result < 0)
		return result;
	return run_text(database, path,
			"BEGIN IMMEDIATE; " JOURNAL_RECEIPTS " PRAGMA user_version = 2; COMMIT",
			ret_reason);
}

/* For want of room the old ones stay until the next start. */
static int renew_marks(sqlite3 *database, const char *path, char **ret_reason)
{
	sqlite3_int64 nr = 0;

	if (read_number(database, AUDIT_OLD_MARKS, &nr) < 0)
		return refuse_unreadable(ret_reason, path, database);
	if (nr == 0 || sqlite3_exec(database, AUDIT_RENEW_MARKS, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	if (journal_sql_errno(sqlite3_errcode(database)) == -EBADMSG)
		return refuse_unreadable(ret_reason, path, database);
	sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
	return 0;
}

static int set_modes(const struct kind *kind, sqlite3 *database, const char *path,
		     char **ret_reason)
{
	int result = run_text(database, path,
			      "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;"
			      " PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;",
			      ret_reason);

	return result == 0 ? run_text(database, path, kind->modes, ret_reason) : result;
}

static bool is_of(const struct kind *kind, unsigned int statement)
{
	return statement < JOURNAL_COMMON_NR ||
	       (statement < JOURNAL_OWN_NR) == (kind == &journal_kind);
}

static int prepare_all(const struct kind *kind, struct journal *journal, const char *path,
		       char **ret_reason)
{
	for (unsigned int i = 0; i < JOURNAL_STATEMENTS_NR; i++)
		if (is_of(kind, i) && sqlite3_prepare_v3(journal->database, statement_texts[i], -1,
							 SQLITE_PREPARE_PERSISTENT,
							 &journal->statement[i], NULL) != SQLITE_OK)
			return refuse_unreadable(ret_reason, path, journal->database);
	return 0;
}

static int prepare_rows(const struct kind *kind, struct journal *journal)
{
	int result = 0;

	for (unsigned int i = 0; i < JOURNAL_IN_ROWS_NR && result == 0; i++)
		if (is_of(kind, journal_sql_in_rows[i]))
			result = journal_sql_errno(
				rows_new(journal->database, statement_texts[journal_sql_in_rows[i]],
					 &journal->rows[journal_sql_in_rows[i]]));
	return result;
}

/* Ended in order, SQLite leaves no log behind; after a crash all of it is looked through. */
#define CHECKED_BYTES ((off_t)32 << 20)

static bool has_log(const char *path)
{
	char wal[PATH_MAX];
	struct stat file;

	snprintf(wal, sizeof(wal), "%s-wal", path);
	return stat(wal, &file) == 0 && file.st_size > 0;
}

static bool needs_check(const char *path)
{
	struct stat file;

	if (has_log(path))
		return true;
	return stat(path, &file) < 0 || file.st_size <= CHECKED_BYTES;
}

static int set_up(const struct kind *kind, struct journal *journal, const char *path,
		  char **ret_reason)
{
	bool memory = strcmp(path, ":memory:") == 0;
	bool check = !memory && kind == &journal_kind && needs_check(path);
	int result = open_database(path, &journal->database, ret_reason);

	journal->in_memory = memory;
	if (result == 0 && memory)
		result = write_schema(kind, journal->database, path, ret_reason);
	if (result == 0)
		result = check_version(kind, journal->database, path, ret_reason);
	if (result == 0 && check)
		result = check_contents(journal->database, path, ret_reason);
	if (result == 0)
		result = set_modes(kind, journal->database, path, ret_reason);
	if (result == 0 && kind == &journal_kind)
		result = upgrade(journal->database, path, ret_reason);
	if (result == 0 && kind == &audit_kind)
		result = renew_marks(journal->database, path, ret_reason);
	if (result == 0)
		result = prepare_all(kind, journal, path, ret_reason);
	if (result == 0)
		result = prepare_rows(kind, journal);
	if (result == 0 && model_clock_boot_id(journal->boot_id) < 0)
		result = journal_sql_fail(ret_reason, -EIO, "the kernel's boot id cannot be read");
	return result;
}

static int open_kind(const struct kind *kind, const char *path, struct journal **ret_journal,
		     char **ret_reason)
{
	struct journal *journal;
	int result = 0;

	*ret_reason = NULL;
	if (strcmp(path, ":memory:") != 0)
		result = check_files(kind, path, ret_reason);
	if (result < 0)
		return result;
	journal = calloc(1, sizeof(*journal));
	if (!journal)
		return -ENOMEM;
	journal->path = strdup(path);
	result = journal->path ? set_up(kind, journal, path, ret_reason) : -ENOMEM;
	if (result < 0) {
		journal_close(journal);
		return result;
	}
	*ret_journal = journal;
	return 0;
}

int journal_open(const char *path, struct journal **ret_journal, char **ret_reason)
{
	return open_kind(&journal_kind, path, ret_journal, ret_reason);
}

int journal_open_audit(const char *path, struct journal **ret_audit, char **ret_reason)
{
	return open_kind(&audit_kind, path, ret_audit, ret_reason);
}

/* As one that nobody writes to: no lock is taken, and no file is made beside it. */
static int open_unchanged(const char *path, sqlite3 **ret_database, char **ret_reason)
{
	char *uri = sqlite3_mprintf("file:%s?immutable=1", path);
	int result = 0;

	if (!uri)
		return -ENOMEM;
	if (sqlite3_open_v2(uri, ret_database, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) !=
	    SQLITE_OK)
		result = refuse_unreadable(ret_reason, path, *ret_database);
	sqlite3_free(uri);
	return result;
}

int journal_open_try(const char *path, char **ret_reason)
{
	sqlite3 *database = NULL;
	struct stat file;
	int result;

	*ret_reason = NULL;
	if (stat(path, &file) < 0)
		return errno == ENOENT
			       ? refuse_left_log(path, ret_reason)
			       : journal_sql_fail(ret_reason, -errno,
						  "the journal %s cannot be opened: %m", path);
	result = check_sizes(path, &file, ret_reason);
	/* Without what is in its log the file may be unsound. The marks mean something in a URI. */
	if (result < 0 || has_log(path) || strpbrk(path, "?#%"))
		return result;
	result = open_unchanged(path, &database, ret_reason);
	if (result == 0)
		result = check_version(&journal_kind, database, path, ret_reason);
	if (result == 0 && needs_check(path))
		result = check_contents(database, path, ret_reason);
	sqlite3_close(database);
	return result;
}

/* Another connection to its file, on which the statement is prepared anew. Result: 0 or -errno. */
static int open_reader(struct journal *journal, enum journal_statement statement)
{
	sqlite3_stmt *prepared;
	char *reason = NULL;
	int result = open_database(journal->path, &journal->reader, &reason);

	free(reason);
	if (result < 0)
		return result;
	if (sqlite3_exec(journal->reader, "PRAGMA cache_size = -512; PRAGMA query_only = ON", NULL,
			 NULL, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v3(journal->reader, statement_texts[statement], -1,
			       SQLITE_PREPARE_PERSISTENT, &prepared, NULL) != SQLITE_OK) {
		result = journal_sql_errno(sqlite3_errcode(journal->reader));
		sqlite3_close(journal->reader);
		journal->reader = NULL;
		return result;
	}
	sqlite3_finalize(journal->statement[statement]);
	journal->statement[statement] = prepared;
	return 0;
}

int journal_open_thread(struct journal *journal)
{
	int result = journal->in_memory ? -ENOTSUP : open_reader(journal, JOURNAL_GET_EVENTS);

	return result < 0 ? result : journal_thread_start(journal);
}
