/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/records/rows.h"

#include <assert.h>
#include <errno.h>

#include <sqlite3.h>

#include "journal/journal.h"
#include "json/shape.h"
#include "json/values.h"

struct sqlite3_stmt *records_rows_prepare(struct journal *journal, const char *text)
{
	sqlite3_stmt *statement = NULL;

	return sqlite3_prepare_v2(journal_handle(journal), text, -1, &statement, NULL) == SQLITE_OK
		       ? statement
		       : NULL;
}

static json_t *render_number(enum json_shape_kind kind, sqlite3_int64 value)
{
	switch (kind) {
	case JSON_SHAPE_TIME:
		return json_values_time((uint64_t)value);
	case JSON_SHAPE_BOOLEAN:
		return json_boolean(value);
	default:
		return json_integer(value);
	}
}

static json_t *render_column(sqlite3_stmt *statement, int column, enum json_shape_kind kind)
{
	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_INTEGER:
		return render_number(kind, sqlite3_column_int64(statement, column));
	case SQLITE_TEXT:
		return json_values_string((const char *)sqlite3_column_text(statement, column));
	default:
		return json_null();
	}
}

static json_t *render_row(sqlite3_stmt *statement, const struct json_shape *shape)
{
	json_t *row = json_object();

	for (int i = 0; i < sqlite3_column_count(statement); i++) {
		const char *name = sqlite3_column_name(statement, i);
		const struct json_shape_member *member = json_shape_find(shape, name);

		if (name[0] == '_')
			continue;
		assert(member);
		json_object_set_new(row, name, render_column(statement, i, member->kind));
	}
	return row;
}

int records_rows_add(sqlite3_stmt *statement, const struct json_shape *shape, json_t *rows,
		     records_rows_visitor *complete, void *context)
{
	int code;

	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		json_t *row = render_row(statement, shape);

		if (complete)
			complete(statement, row, context);
		json_array_append_new(rows, row);
	}
	sqlite3_reset(statement);
	return code == SQLITE_DONE ? 0 : -EIO;
}

json_t *records_rows_take(sqlite3_stmt *statement, const struct json_shape *shape)
{
	json_t *rows;
	int result;

	if (!statement)
		return NULL;
	rows = json_array();
	result = records_rows_add(statement, shape, rows, NULL, NULL);
	sqlite3_finalize(statement);
	if (result == 0)
		return rows;
	json_decref(rows);
	return NULL;
}
