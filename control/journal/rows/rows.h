/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rows on their way into the journal's tables. Those of a transaction that there are many of go in
 * several by one statement, since each statement has its price: they wait here until there are
 * enough, or until something else is asked of the journal, its commit at the latest.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#define ROWS_AT_ONCE 16

struct rows;

/*
 * Makes those of a statement that inserts one row, "... VALUES (?, ...) ...". Result: SQLite's
 * result code.
 */
int rows_new(sqlite3 *database, const char *text, struct rows **ret_rows);
void rows_free(struct rows *rows);

/* The next value of the row that is being given; texts are copied. Result: 0 or -ENOMEM. */
int rows_give(struct rows *rows, uint64_t value);
int rows_give_text(struct rows *rows, const char *text); /* NULL: as the next */
int rows_give_null(struct rows *rows);

/* The row is given. Result: whether there are so many that they are to go in. */
bool rows_end_one(struct rows *rows);

/* Result: how many wait. */
unsigned int rows_waiting(const struct rows *rows);

/* Puts them in; one is the statement for a single row. Result: SQLite's result code. */
int rows_put(struct rows *rows, sqlite3_stmt *one);

/* Forgets them. */
void rows_drop(struct rows *rows);
