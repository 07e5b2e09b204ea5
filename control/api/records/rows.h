/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of a database as JSON: a column is called like its row of the shape, which says what it is.
 */
#pragma once

#include <jansson.h>

struct journal;
struct json_shape;
struct sqlite3_stmt;

/* Result: the statement of text, to be ended by its user; NULL for an error. */
struct sqlite3_stmt *records_rows_prepare(struct journal *journal, const char *text);

/* Completes the object that was made of a row. Columns whose names begin with _ are for this. */
typedef void records_rows_visitor(struct sqlite3_stmt *row, json_t *object, void *context);

/*
 * Appends an object for each row, and resets the statement; complete may be NULL. Result: 0 or
 * -EIO.
 */
int records_rows_add(struct sqlite3_stmt *statement, const struct json_shape *shape, json_t *rows,
		     records_rows_visitor *complete, void *context);

/*
 * Takes all rows and ends the statement. Result: an array of objects; NULL after an error, or
 * without a statement.
 */
json_t *records_rows_take(struct sqlite3_stmt *statement, const struct json_shape *shape);
