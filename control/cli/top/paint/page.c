/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/top/paint/page.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

int paint_page_reset(struct top_page *page, unsigned int width, unsigned int height)
{
	size_t nr;

	width = width > PAINT_PAGE_MAX ? PAINT_PAGE_MAX : width;
	height = height > PAINT_PAGE_MAX ? PAINT_PAGE_MAX : height;
	nr = (size_t)width * height;
	if (!page->cell || nr != (size_t)page->width * page->height) {
		free(page->cell);
		page->cell = calloc(nr ? nr : 1, sizeof(*page->cell));
	}
	page->width = page->cell ? width : 0;
	page->height = page->cell ? height : 0;
	if (!page->cell)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++)
		page->cell[i] = (struct top_cell){L' ', TOP_PLAIN};
	return 0;
}

void paint_page_free(struct top_page *page)
{
	free(page->cell);
	*page = (struct top_page){0};
}

/* Decodes one character. Result: it, or '?' for a byte that begins none. */
static wchar_t next_char(const unsigned char **text)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = {
		{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
	const unsigned char *at = *text;

	for (unsigned int more = 0; more < 4; more++) {
		uint32_t c = *at & (unsigned char)~forms[more].mask;
		unsigned int i;

		if ((*at & forms[more].mask) != forms[more].lead)
			continue;
		for (i = 1; i <= more && (at[i] & 0xc0) == 0x80; i++)
			c = c << 6 | (at[i] & 0x3f);
		if (i <= more || c < forms[more].least || c > 0x10ffff || (c & ~0x7ffu) == 0xd800)
			break;
		*text += 1 + more;
		return (wchar_t)c;
	}
	(*text)++;
	return L'?';
}

/* Result: the columns of the next character, which is one that a terminal may have. */
static unsigned int take_char(const unsigned char **text, wchar_t *ret_c)
{
	wchar_t c = next_char(text);
	int width = c < 0x20 ? -1 : wcwidth(c);

	*ret_c = width > 0 ? c : L'?';
	return width > 0 ? (unsigned int)width : 1;
}

static unsigned int measure(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	unsigned int columns = 0;
	wchar_t c;

	while (*at && columns < PAINT_PAGE_MAX)
		columns += take_char(&at, &c);
	return columns;
}

static void set(struct top_page *page, unsigned int y, unsigned int x, wchar_t c,
		enum top_style style)
{
	if (y < page->height && x < page->width)
		page->cell[(size_t)y * page->width + x] = (struct top_cell){c, style};
}

unsigned int paint_page_put(struct top_page *page, unsigned int y, unsigned int x, int columns,
			    enum top_style style, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	unsigned int room = (unsigned int)(columns < 0 ? -columns : columns);
	unsigned int whole = measure(text), used = 0;

	if (y >= page->height || x >= page->width)
		return 0;
	if (columns < 0 && whole < room)
		x += room - whole;
	room = room > page->width - x ? page->width - x : room;
	while (*at && used < room) {
		bool last = whole > room;
		wchar_t c;
		unsigned int width = take_char(&at, &c);

		last = last && (used + width >= room);
		set(page, y, x + used, last ? L'+' : c, style);
		for (unsigned int i = 1; i < width && used + i < room; i++)
			set(page, y, x + used + i, last ? L' ' : 0, style);
		used += last ? room - used : width;
	}
	return used;
}

unsigned int paint_page_print(struct top_page *page, unsigned int y, unsigned int x, int columns,
			      enum top_style style, const char *format, ...)
{
	unsigned int used;
	va_list args;
	char *text;
	int r;

	va_start(args, format);
	r = vasprintf(&text, format, args);
	va_end(args);
	if (r < 0)
		return 0;
	used = paint_page_put(page, y, x, columns, style, text);
	free(text);
	return used;
}

void paint_page_style_line(struct top_page *page, unsigned int y, enum top_style style)
{
	for (unsigned int x = 0; y < page->height && x < page->width; x++)
		page->cell[(size_t)y * page->width + x].style = style;
}

void paint_page_write(const struct top_page *page, FILE *out)
{
	char text[MB_LEN_MAX];

	for (unsigned int y = 0; y < page->height; y++) {
		const struct top_cell *line = page->cell + (size_t)y * page->width;
		unsigned int end = page->width;

		while (end > 0 && (line[end - 1].c == L' ' || line[end - 1].c == 0))
			end--;
		for (unsigned int x = 0; x < end; x++) {
			int bytes = line[x].c ? wctomb(text, line[x].c) : 0;

			fwrite(bytes < 0 ? "?" : text, 1, (size_t)(bytes < 0 ? 1 : bytes), out);
		}
		fputc('\n', out);
	}
}
