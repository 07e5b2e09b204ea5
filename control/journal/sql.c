/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal/sql.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "journal/rows/rows.h"

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

const enum journal_statement journal_sql_in_rows[JOURNAL_IN_ROWS_NR] = {
#define IN_ROWS(name) JOURNAL_##name,
	JOURNAL_IN_ROWS(IN_ROWS)
#undef IN_ROWS
};

static void put_rows_of(struct journal_use *use, enum journal_statement statement)
{
	struct journal *journal = use->journal;

	if (use->error == 0 && rows_waiting(journal->rows[statement]))
		note(use, rows_put(journal->rows[statement], journal->statement[statement]));
}

static void put_rows(struct journal_use *use)
{
	for (unsigned int i = 0; i < JOURNAL_IN_ROWS_NR; i++)
		put_rows_of(use, journal_sql_in_rows[i]);
	if (use->error < 0)
		journal_sql_drop_rows(use->journal);
	use->journal->rows_wait = false;
}

/* They are refused without their build. */
static bool are_of_builds(enum journal_statement statement)
{
	return statement == JOURNAL_ADD_TEXT || statement == JOURNAL_ADD_NODE ||
	       statement == JOURNAL_ADD_FORWARD;
}

void journal_sql_drop_rows(struct journal *journal)
{
	for (unsigned int i = 0; i < JOURNAL_IN_ROWS_NR && journal->rows_wait; i++)
		rows_drop(journal->rows[journal_sql_in_rows[i]]);
	journal->rows_wait = false;
}

struct journal_use journal_sql_use(struct journal *journal, enum journal_statement statement)
{
	struct journal_use use = {
		.journal = journal, .name = statement, .statement = journal->statement[statement]};

	/* Both ask for what was before this transaction: no row that waits has a part in it. */
	if (statement == JOURNAL_GET_EVENTS || statement == JOURNAL_ID_USED)
		return use;
	if (journal->rows[statement] && !sqlite3_get_autocommit(journal->database))
		use.rows = journal->rows[statement];
	else if (journal->rows_wait)
		put_rows(&use);
	return use;
}

static void note_given(struct journal_use *use, int result)
{
	if (use->error == 0)
		use->error = result;
}

void journal_sql_give(struct journal_use *use, uint64_t value)
{
	if (use->rows)
		note_given(use, rows_give(use->rows, value));
	else
		note(use, sqlite3_bind_int64(use->statement, ++use->column, (sqlite3_int64)value));
}

void journal_sql_give_text(struct journal_use *use, const char *text)
{
	if (use->rows)
		note_given(use, rows_give_text(use->rows, text));
	else
		note(use,
		     sqlite3_bind_text(use->statement, ++use->column, text, -1, SQLITE_STATIC));
}

void journal_sql_give_null(struct journal_use *use)
{
	if (use->rows)
		note_given(use, rows_give_null(use->rows));
	else
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

static int end_row(struct journal_use *use)
{
	use->journal->rows_wait = true;
	if (!rows_end_one(use->rows))
		return use->error;
	if (are_of_builds(use->name))
		put_rows_of(use, JOURNAL_SET_BUILD);
	put_rows_of(use, use->name);
	return use->error;
}

int journal_sql_run(struct journal_use *use)
{
	if (use->rows)
		return end_row(use);
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
