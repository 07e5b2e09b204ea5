/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal/sql.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int journal_sql_errno(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
		return -EDOM;
	default:
		return -EIO;
	}
}

static void note(struct journal_use *use, int code)
{
	if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
		use->journal->damaged = true;
	if (use->error == 0)
		use->error = journal_sql_errno(code);
}

struct journal_use journal_sql_use(struct journal *journal, enum journal_statement statement)
{
	return (struct journal_use){journal, journal->statement[statement], 0, 0};
}

void journal_sql_give(struct journal_use *use, uint64_t value)
{
	note(use, sqlite3_bind_int64(use->statement, ++use->column, (sqlite3_int64)value));
}

void journal_sql_give_text(struct journal_use *use, const char *text)
{
	note(use, sqlite3_bind_text(use->statement, ++use->column, text, -1, SQLITE_STATIC));
}

void journal_sql_give_null(struct journal_use *use)
{
	note(use, sqlite3_bind_null(use->statement, ++use->column));
}

void journal_sql_give_time(struct journal_use *use, uint64_t wall_ns)
{
	if (wall_ns)
		journal_sql_give(use, wall_ns);
	else
		journal_sql_give_null(use);
}

bool journal_sql_row(struct journal_use *use)
{
	int code;

	if (use->error < 0)
		return false;
	code = sqlite3_step(use->statement);
	note(use, code);
	use->column = 0;
	return code == SQLITE_ROW;
}

uint64_t journal_sql_take(struct journal_use *use)
{
	return (uint64_t)sqlite3_column_int64(use->statement, use->column++);
}

const char *journal_sql_take_text(struct journal_use *use)
{
	return (const char *)sqlite3_column_text(use->statement, use->column++);
}

int journal_sql_end(struct journal_use *use)
{
	sqlite3_reset(use->statement);
	sqlite3_clear_bindings(use->statement);
	return use->error;
}

int journal_sql_run(struct journal_use *use)
{
	while (journal_sql_row(use))
		;
	return journal_sql_end(use);
}

int journal_sql_fail(char **ret_reason, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vasprintf(ret_reason, format, args) < 0)
		*ret_reason = NULL;
	va_end(args);
	return error;
}
