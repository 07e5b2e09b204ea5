/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/wall_time.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "model/clock.h"

static const char *print(uint64_t wall_ns, const char *format, char text[WALL_TIME_BYTES])
{
	time_t seconds = (time_t)(wall_ns / CLOCK_SECOND_NS);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, WALL_TIME_BYTES, format, &tm);
	return text;
}

const char *model_wall_time_print(uint64_t wall_ns, char text[WALL_TIME_BYTES])
{
	return print(wall_ns, "%Y-%m-%dT%H:%M:%SZ", text);
}

const char *model_wall_time_print_minute(uint64_t wall_ns, char text[WALL_TIME_BYTES])
{
	return print(wall_ns, "%Y-%m-%d %H:%M UTC", text);
}

/* Reads exactly digits digits. Result: the value, or -1. */
static int read_number(const char **text, int digits)
{
	int value = 0;

	for (int i = 0; i < digits; i++, (*text)++) {
		if (!isdigit((unsigned char)**text))
			return -1;
		value = value * 10 + (**text - '0');
	}
	return value;
}

static bool read_char(const char **text, const char *allowed)
{
	if (**text == '\0' || !strchr(allowed, **text))
		return false;
	(*text)++;
	return true;
}

static bool read_date(const char **text, struct tm *ret_tm)
{
	int year = read_number(text, 4), month, day;

	if (year < 1970 || !read_char(text, "-"))
		return false;
	month = read_number(text, 2);
	if (month < 1 || month > 12 || !read_char(text, "-"))
		return false;
	day = read_number(text, 2);
	if (day < 1 || day > 31)
		return false;
	*ret_tm = (struct tm){.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
	return true;
}

static bool read_time(const char **text, struct tm *tm)
{
	tm->tm_hour = read_number(text, 2);
	if (tm->tm_hour < 0 || tm->tm_hour > 23 || !read_char(text, ":"))
		return false;
	tm->tm_min = read_number(text, 2);
	if (tm->tm_min < 0 || tm->tm_min > 59 || !read_char(text, ":"))
		return false;
	tm->tm_sec = read_number(text, 2);
	return tm->tm_sec >= 0 && tm->tm_sec <= 60;
}

/* "." and digits, of which nine count. */
static bool read_fraction(const char **text, uint64_t *ret_ns)
{
	uint64_t unit = CLOCK_SECOND_NS / 10;

	*ret_ns = 0;
	if (!read_char(text, "."))
		return true;
	if (!isdigit((unsigned char)**text))
		return false;
	for (; isdigit((unsigned char)**text); (*text)++, unit /= 10)
		*ret_ns += (uint64_t)(**text - '0') * unit;
	return true;
}

static bool read_offset(const char **text, int *ret_seconds)
{
	int sign = **text == '-' ? -1 : 1, hours, minutes;

	*ret_seconds = 0;
	if (read_char(text, "Zz"))
		return true;
	if (!read_char(text, "+-"))
		return false;
	hours = read_number(text, 2);
	if (hours < 0 || hours > 23 || !read_char(text, ":"))
		return false;
	minutes = read_number(text, 2);
	*ret_seconds = sign * (hours * 3600 + minutes * 60);
	return minutes >= 0 && minutes <= 59;
}

int model_wall_time_parse(const char *text, uint64_t *ret_wall_ns)
{
	struct tm tm, back;
	uint64_t fraction_ns;
	int offset_s;
	time_t seconds;

	if (!read_date(&text, &tm) || !read_char(&text, "Tt ") || !read_time(&text, &tm) ||
	    !read_fraction(&text, &fraction_ns) || !read_offset(&text, &offset_s) || *text)
		return -EINVAL;
	back = tm;
	seconds = timegm(&back);
	if (back.tm_mday != tm.tm_mday && tm.tm_sec < 60)
		return -EINVAL; /* 31 April and such */
	seconds -= offset_s;
	if (seconds < 0 || (uint64_t)seconds > UINT64_MAX / CLOCK_SECOND_NS - 1)
		return -EINVAL;
	*ret_wall_ns = (uint64_t)seconds * CLOCK_SECOND_NS + fraction_ns;
	return 0;
}

/* A date with hours and minutes, "2026-11-23T12:00", is so long; what follows may be seconds. */
#define MINUTE_LENGTH 16
#define T_AT	      10

enum wall_time_said model_wall_time_said(const char *text, char ret_text[WALL_TIME_SAID_BYTES])
{
	size_t length = strlen(text);
	bool utc = length > 4 && strcmp(text + length - 4, " UTC") == 0;
	char said[WALL_TIME_SAID_BYTES];
	uint64_t wall_ns;

	length -= utc ? 4 : 0;
	if (length < MINUTE_LENGTH || length + sizeof(":00Z") > sizeof(said))
		return WALL_TIME_SAID_NOT;
	length = (size_t)snprintf(said, sizeof(said), "%.*s%s%.*s%s", MINUTE_LENGTH, text,
				  text[MINUTE_LENGTH] == ':' ? "" : ":00",
				  (int)(length - MINUTE_LENGTH), text + MINUTE_LENGTH,
				  utc ? "Z" : "");
	said[T_AT] = said[T_AT] == ' ' ? 'T' : said[T_AT];
	if (model_wall_time_parse(said, &wall_ns) == 0) {
		strcpy(ret_text, said);
		return WALL_TIME_SAID;
	}
	strcpy(said + length, "Z");
	if (model_wall_time_parse(said, &wall_ns) < 0)
		return WALL_TIME_SAID_NOT;
	strcpy(ret_text, said);
	return WALL_TIME_SAID_NO_ZONE;
}

static const char *plural(uint64_t nr)
{
	return nr == 1 ? "" : "s";
}

const char *model_wall_time_print_duration(uint64_t duration_ns, char text[WALL_TIME_BYTES])
{
	unsigned long seconds = duration_ns / CLOCK_SECOND_NS, minutes = seconds / 60;
	unsigned long hours = minutes / 60;

	if (minutes == 0)
		snprintf(text, WALL_TIME_BYTES, "%lu second%s", seconds, plural(seconds));
	else if (hours == 0)
		snprintf(text, WALL_TIME_BYTES, "%lu minute%s", minutes, plural(minutes));
	else if (minutes % 60 == 0)
		snprintf(text, WALL_TIME_BYTES, "%lu hour%s", hours, plural(hours));
	else
		snprintf(text, WALL_TIME_BYTES, "%lu hour%s %lu minute%s", hours, plural(hours),
			 minutes % 60, plural(minutes % 60));
	return text;
}
