/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/talk/print.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CELL_SIZE     1024 /* titles are shorter */
#define LEAST_COLUMNS 6

void talk_print_text(FILE *out, const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		fputc(*c < 0x20 || *c == 0x7f ? '?' : *c, out);
}

void talk_print_cell(struct print_table *table, const char *format, ...)
{
	char **grown = realloc(table->cell, (table->nr_cells + 1) * sizeof(*grown));
	va_list args;
	char *text;
	int written;

	if (!grown) {
		table->error = -ENOMEM;
		return;
	}
	table->cell = grown;
	va_start(args, format);
	written = vasprintf(&text, format, args);
	va_end(args);
	if (written < 0)
		table->error = -ENOMEM;
	else
		table->cell[table->nr_cells++] = text;
}

/* Characters, not bytes: those that go on with a UTF-8 sequence do not count. */
static size_t width(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

unsigned int talk_print_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;

	if (columns && atoi(columns) > 0)
		return (unsigned int)atoi(columns);
	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		return size.ws_col;
	return 0;
}

/* Writes a cell; what is longer than its column ends with three dots in one. */
static void print_cut(const char *text, size_t columns, FILE *out)
{
	const char *end = text;
	char part[CELL_SIZE];

	if (width(text) <= columns) {
		talk_print_text(out, text);
		return;
	}
	for (size_t left = columns; *end; end++) {
		if (((unsigned char)*end & 0xc0) != 0x80 && left-- <= 1)
			break;
	}
	snprintf(part, sizeof(part), "%.*s", (int)(end - text), text);
	talk_print_text(out, part);
	fputs("…", out);
}

/* Takes a character at a time from the widest column that may be cut, until rows fit. */
static void fit(const struct print_table *table, size_t *widths)
{
	size_t total = 2 * (table->nr_columns - 1);

	for (unsigned int i = 0; i < table->nr_columns; i++)
		total += widths[i];
	while (table->width && total > table->width) {
		size_t *widest = NULL;

		for (unsigned int i = 0; i < table->nr_columns; i++)
			if (table->flexible >> i & 1 && widths[i] > LEAST_COLUMNS &&
			    (!widest || widths[i] > *widest))
				widest = &widths[i];
		if (!widest)
			return;
		(*widest)--;
		total--;
	}
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void print_row(const struct print_table *table, size_t first, const size_t *widths,
		      FILE *out)
{
	for (unsigned int i = 0; i < table->nr_columns; i++) {
		const char *text = table->cell[first + i];

		print_cut(text, widths[i], out);
		if (i + 1 < table->nr_columns)
			fprintf(out, "%*s", (int)(widths[i] - least(width(text), widths[i])) + 2,
				"");
	}
	fputc('\n', out);
}

void talk_print_table(struct print_table *table, FILE *out)
{
	size_t widths[PRINT_COLUMNS_MAX] = {0};

	for (size_t i = 0; i < table->nr_cells; i++) {
		size_t *widest = &widths[i % table->nr_columns];
		size_t cell = width(table->cell[i]);

		if (cell > *widest)
			*widest = cell;
	}
	fit(table, widths);
	for (size_t i = 0; i + table->nr_columns <= table->nr_cells; i += table->nr_columns)
		print_row(table, i, widths, out);
	for (size_t i = 0; i < table->nr_cells; i++)
		free(table->cell[i]);
	free(table->cell);
	*table = (struct print_table){.nr_columns = table->nr_columns, .error = table->error};
}

const char *talk_print_endpoint(const json_t *object, const char *prefix,
				char ret_text[PRINT_ENDPOINT_BYTES])
{
	char name[24];
	const char *address;

	snprintf(name, sizeof(name), "%saddress", prefix);
	address = json_string_value(json_object_get(object, name));
	snprintf(name, sizeof(name), "%sport", prefix);
	snprintf(ret_text, PRINT_ENDPOINT_BYTES,
		 address && strchr(address, ':') ? "[%s]:%" JSON_INTEGER_FORMAT
						 : "%s:%" JSON_INTEGER_FORMAT,
		 address ? address : "-", json_integer_value(json_object_get(object, name)));
	return ret_text;
}

const char *talk_print_duration(long seconds, char text[24])
{
	if (seconds < 60)
		snprintf(text, 24, "%lds", seconds);
	else if (seconds < 3600)
		snprintf(text, 24, "%ldm", seconds / 60);
	else
		snprintf(text, 24, "%ldh%02ldm", seconds / 3600, seconds / 60 % 60);
	return text;
}

const char *talk_print_number(long long number, char text[40])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%lld", number), used = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-')
			text[used++] = '\'';
		text[used++] = digits[i];
	}
	text[used] = '\0';
	return text;
}
