/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the screen shows, as cells. All text goes through paint_page_put(), and nothing that could
 * play with a terminal gets past it: control characters, bytes that are no UTF-8, and characters
 * without a width of their own (marks that join, that turn the direction) become '?'.
 */
#pragma once

#include <stdio.h>
#include <wchar.h>

enum top_style {
	TOP_PLAIN,
	TOP_TITLE, /* heads of columns */
	TOP_STRONG,
	TOP_FAINT,
	TOP_GOOD,
	TOP_WARN,
	TOP_BAD,
	TOP_CURSOR, /* the line that keys act on */
	TOP_ASK,    /* a question, or what went wrong */
	TOP_STYLES_NR
};

struct top_cell {
	wchar_t c; /* 0 behind a character of two columns */
	enum top_style style;
};

struct top_page {
	unsigned int width;
	unsigned int height;
	struct top_cell *cell; /* line by line */
};

#define PAINT_PAGE_MAX 65535u /* columns, and lines */

/* Makes it blank, of that size. Result: 0; or -ENOMEM, and it has no cell. */
int paint_page_reset(struct top_page *page, unsigned int width, unsigned int height);

void paint_page_free(struct top_page *page);

/*
 * Writes UTF-8 text from column x of line y on, on columns columns at most; what lies outside of
 * the page is left out, and '+' is where text was cut. Negative columns: text ends at x + -columns.
 * Which characters there are is the locale's matter. Result: columns that it took.
 */
unsigned int paint_page_put(struct top_page *page, unsigned int y, unsigned int x, int columns,
			    enum top_style style, const char *text);

/* The same, printf-like. */
unsigned int paint_page_print(struct top_page *page, unsigned int y, unsigned int x, int columns,
			      enum top_style style, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/* Gives a whole line a style. */
void paint_page_style_line(struct top_page *page, unsigned int y, enum top_style style);

/* Writes all lines as plain text, without blanks at their ends. */
void paint_page_write(const struct top_page *page, FILE *out);
