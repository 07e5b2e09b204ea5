/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/top/list/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "host/boottime.h"

#define END_COLUMNS 16 /* of an id that is cut */

const char *list_text_number(double number, char text[TOP_TEXT_SIZE])
{
	static const char units[] = " kMGTPE";
	bool small = number > 0 && number < 9.95;
	unsigned int unit = 0;

	while (number >= 999.5 && unit + 2 < sizeof(units)) {
		number /= 1000;
		unit++;
	}
	if (unit == 0 && !(small && number != (double)(long)number))
		snprintf(text, TOP_TEXT_SIZE, "%.0f", number);
	else if (unit == 0)
		snprintf(text, TOP_TEXT_SIZE, "%.1f", number);
	else
		snprintf(text, TOP_TEXT_SIZE, "%.*f%c", number < 99.95 ? 1 : 0, number,
			 units[unit]);
	return text;
}

const char *list_text_time(uint64_t ns, char text[TOP_TEXT_SIZE])
{
	unsigned long long s = ns / NS_PER_S;

	if (s < 60)
		snprintf(text, TOP_TEXT_SIZE, "%llus", s);
	else if (s < 3600)
		snprintf(text, TOP_TEXT_SIZE, "%llum%02llus", s / 60, s % 60);
	else if (s < 100 * 3600)
		snprintf(text, TOP_TEXT_SIZE, "%lluh%02llum", s / 3600, s / 60 % 60);
	else if (s < 100 * 86400)
		snprintf(text, TOP_TEXT_SIZE, "%llud%02lluh", s / 86400, s / 3600 % 24);
	else if (s < 1000 * 86400ull)
		snprintf(text, TOP_TEXT_SIZE, "%llud", s / 86400);
	else
		snprintf(text, TOP_TEXT_SIZE, ">999d");
	return text;
}

const char *list_text_bar(uint64_t left, uint64_t whole, unsigned int columns,
			  char text[TOP_TEXT_SIZE])
{
	unsigned int room = columns - 2, full;

	left = left > whole ? whole : left;
	full = whole ? (unsigned int)((double)left / (double)whole * room + 0.5) : 0;
	if (full == 0 && left > 0)
		full = 1;
	text[0] = '[';
	memset(text + 1, '|', full);
	memset(text + 1 + full, ' ', room - full);
	text[1 + room] = ']';
	text[2 + room] = '\0';
	return text;
}

const char *list_text_id(const char *id, unsigned int columns, char text[TOP_ID_SIZE])
{
	size_t bytes = strlen(id), end = columns / 2 < END_COLUMNS ? columns / 2 : END_COLUMNS;

	if (bytes <= columns || columns == 0 || columns >= TOP_ID_SIZE)
		snprintf(text, TOP_ID_SIZE, "%s", id);
	else
		snprintf(text, TOP_ID_SIZE, "%.*s+%s", (int)(columns - 1 - end), id,
			 id + bytes - end);
	return text;
}
