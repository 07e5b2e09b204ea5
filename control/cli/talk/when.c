/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/talk/when.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Result: whether text is a time in UTC; its fraction of a second is left out. */
static bool read_time(const char *text, time_t *ret_time)
{
	struct tm tm = {0};
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	if (rest && *rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	if (!rest || strcmp(rest, "Z") != 0)
		return false;
	*ret_time = timegm(&tm);
	return true;
}

static void break_down(const struct cli *cli, time_t time, struct tm *ret_tm)
{
	if (talk_option(cli, "--utc"))
		gmtime_r(&time, ret_tm);
	else
		localtime_r(&time, ret_tm);
}

const char *talk_when(const struct cli *cli, const json_t *object, const char *name,
		      char ret_text[WHEN_SIZE])
{
	const char *text = talk_text(object, name);
	struct tm tm;
	time_t time;
	size_t length;

	snprintf(ret_text, WHEN_SIZE, "%s", text);
	if (!read_time(text, &time))
		return ret_text;
	break_down(cli, time, &tm);
	if (tm.tm_gmtoff == 0)
		return ret_text;
	length = strftime(ret_text, WHEN_SIZE - 1, "%Y-%m-%dT%H:%M:%S%z", &tm);
	memmove(ret_text + length - 1, ret_text + length - 2, sizeof("00"));
	ret_text[length - 2] = ':';
	return ret_text;
}

const char *talk_when_short(const struct cli *cli, const json_t *object, const char *name,
			    char ret_text[WHEN_SIZE])
{
	struct tm tm, today;
	time_t at;

	snprintf(ret_text, WHEN_SIZE, "%s", talk_text(object, name));
	if (!read_time(ret_text, &at))
		return ret_text;
	break_down(cli, at, &tm);
	break_down(cli, time(NULL), &today);
	strftime(ret_text, WHEN_SIZE,
		 tm.tm_year == today.tm_year && tm.tm_yday == today.tm_yday ? "%H:%M"
									    : "%m-%d %H:%M",
		 &tm);
	return ret_text;
}
