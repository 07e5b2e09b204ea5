/* SPDX-License-Identifier: BSD-3-Clause */
/* Text for people: tables with columns that fit, and strings that cannot play with a terminal. */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

#define PRINT_COLUMNS_MAX 12

struct print_table {
	unsigned int nr_columns;
	char **cell; /* row by row, owned */
	size_t nr_cells;
	int error;	       /* -ENOMEM once something could not be kept */
	unsigned int width;    /* of the terminal; 0: rows are as long as they are */
	unsigned int flexible; /* columns that are cut until rows fit, as bits */
};

/* Result: the columns of the terminal that stdout is, or of $COLUMNS; 0 if neither is. */
unsigned int talk_print_width(void);

/* Writes text with control characters shown as '?'. */
void talk_print_text(FILE *out, const char *text);

/* Adds a cell; the next one begins a new row when the row is full. printf-like. */
void talk_print_cell(struct print_table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Writes the table with two blanks between its columns, and frees it. */
void talk_print_table(struct print_table *table, FILE *out);

/*
 * Writes the members PREFIXaddress and PREFIXport of a JSON object as "192.0.2.1:22" or
 * "[2001:db8::1]:22". Result: ret_text.
 */
#define PRINT_ENDPOINT_BYTES 56
const char *talk_print_endpoint(const json_t *object, const char *prefix,
				char ret_text[PRINT_ENDPOINT_BYTES]);

/* Writes a number of seconds as "1h05m", "29m", "40s". */
const char *talk_print_duration(long seconds, char text[24]);

/* Writes a number with an apostrophe between thousands. */
const char *talk_print_number(long long number, char text[40]);
