/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal/rows/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXTS_MIN 4096
#define BEHIND	  " VALUES "

enum kind {
	KIND_NULL,
	KIND_NUMBER,
	KIND_TEXT,
};

struct value {
	enum kind kind;
	uint32_t bytes;	 /* of a text */
	uint64_t number; /* or where in texts the text is */
};

struct rows {
	sqlite3_stmt *many;
	unsigned int nr_columns;
	unsigned int nr_rows;	/* that wait */
	unsigned int nr_values; /* theirs, and of the row that is being given */
	struct value *value;
	char *texts;
	size_t texts_bytes, texts_room;
};

/* Result: the statement with its row as often as it goes at once, or NULL without memory. */
static char *repeat_row(const char *text, unsigned int *ret_nr_columns)
{
	const char *row = strstr(text, BEHIND) + strlen(BEHIND), *end = strchr(row, ')') + 1;
	size_t row_bytes = (size_t)(end - row), head_bytes = (size_t)(row - text);
	char *many = malloc(strlen(text) + ROWS_AT_ONCE * (row_bytes + 1) + 1), *at = many;

	if (!many)
		return NULL;
	*ret_nr_columns = 0;
	for (const char *c = row; c < end; c++)
		*ret_nr_columns += *c == '?';
	at = mempcpy(at, text, head_bytes);
	for (unsigned int i = 0; i < ROWS_AT_ONCE; i++) {
		if (i > 0)
			*at++ = ',';
		at = mempcpy(at, row, row_bytes);
	}
	strcpy(at, end);
	return many;
}

int rows_new(sqlite3 *database, const char *text, struct rows **ret_rows)
{
	struct rows *rows = calloc(1, sizeof(*rows));
	char *many = rows ? repeat_row(text, &rows->nr_columns) : NULL;
	int code = SQLITE_NOMEM;

	if (many)
		rows->value = calloc(ROWS_AT_ONCE * rows->nr_columns, sizeof(*rows->value));
	if (many && rows->value)
		code = sqlite3_prepare_v3(database, many, -1, SQLITE_PREPARE_PERSISTENT,
					  &rows->many, NULL);
	free(many);
	if (code != SQLITE_OK) {
		rows_free(rows);
		return code;
	}
	*ret_rows = rows;
	return 0;
}

void rows_free(struct rows *rows)
{
	if (!rows)
		return;
	sqlite3_finalize(rows->many);
	free(rows->value);
	free(rows->texts);
	free(rows);
}

int rows_give(struct rows *rows, uint64_t value)
{
	rows->value[rows->nr_values++] = (struct value){KIND_NUMBER, 0, value};
	return 0;
}

int rows_give_null(struct rows *rows)
{
	rows->value[rows->nr_values++] = (struct value){KIND_NULL, 0, 0};
	return 0;
}

static int make_room(struct rows *rows, size_t bytes)
{
	size_t room = rows->texts_room ? rows->texts_room : TEXTS_MIN;
	char *grown;

	while (room < rows->texts_bytes + bytes)
		room *= 2;
	if (room == rows->texts_room)
		return 0;
	grown = realloc(rows->texts, room);
	if (!grown)
		return -ENOMEM;
	rows->texts = grown;
	rows->texts_room = room;
	return 0;
}

int rows_give_text(struct rows *rows, const char *text)
{
	size_t bytes = text ? strlen(text) : 0;
	int result = text ? make_room(rows, bytes) : 0;

	if (!text || result < 0) {
		rows_give_null(rows);
		return result;
	}
	memcpy(rows->texts + rows->texts_bytes, text, bytes);
	rows->value[rows->nr_values++] =
		(struct value){KIND_TEXT, (uint32_t)bytes, rows->texts_bytes};
	rows->texts_bytes += bytes;
	return 0;
}

bool rows_end_one(struct rows *rows)
{
	return ++rows->nr_rows == ROWS_AT_ONCE;
}

unsigned int rows_waiting(const struct rows *rows)
{
	return rows->nr_rows;
}

static int bind(const struct rows *rows, sqlite3_stmt *statement, int column,
		const struct value *value)
{
	switch (value->kind) {
	case KIND_NULL:
		return sqlite3_bind_null(statement, column);
	case KIND_NUMBER:
		return sqlite3_bind_int64(statement, column, (sqlite3_int64)value->number);
	case KIND_TEXT:
		break;
	}
	return sqlite3_bind_text(statement, column, rows->texts + value->number, (int)value->bytes,
				 SQLITE_STATIC);
}

/* So many values, all that the statement takes. */
static int run(const struct rows *rows, sqlite3_stmt *statement, const struct value *value,
	       unsigned int nr_values)
{
	int code = SQLITE_OK;

	for (unsigned int i = 0; i < nr_values && code == SQLITE_OK; i++)
		code = bind(rows, statement, (int)i + 1, &value[i]);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

int rows_put(struct rows *rows, sqlite3_stmt *one)
{
	unsigned int nr_rows = rows->nr_rows, nr_columns = rows->nr_columns;
	int code = SQLITE_OK;

	if (nr_rows == ROWS_AT_ONCE)
		code = run(rows, rows->many, rows->value, nr_rows * nr_columns);
	else
		for (unsigned int i = 0; i < nr_rows && code == SQLITE_OK; i++)
			code = run(rows, one, rows->value + i * nr_columns, nr_columns);
	rows_drop(rows);
	return code;
}

void rows_drop(struct rows *rows)
{
	rows->nr_rows = rows->nr_values = 0;
	rows->texts_bytes = 0;
}
