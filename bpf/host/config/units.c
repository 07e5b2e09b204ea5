/* SPDX-License-Identifier: BSD-3-Clause */
/* Texts with a small grammar of their own: durations, rates, ports, listeners. Pure. */
#include "host/config_table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/addr.h"
#include "host/boottime.h"

#define RATE_MAX     1000000000u
#define DURATION_MAX (CONFIG_DURATION_DAYS * 86400 * NS_PER_S)

/* Descending: a duration names each at most once, in this order. */
static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {
	{"d", 86400 * NS_PER_S}, {"h", 3600 * NS_PER_S}, {"m", 60 * NS_PER_S},
	{"s", NS_PER_S},	 {"ms", NS_PER_MS},	 {"us", NS_PER_US},
};

#define UNITS_NR (sizeof(units) / sizeof(units[0]))

/* Takes a decimal number of at most max from the front of *text. */
static int take_number(const char **text, uint64_t max, uint64_t *ret_number)
{
	const char *c = *text;
	uint64_t number = 0;

	for (; *c >= '0' && *c <= '9'; c++) {
		number = number * 10 + (uint64_t)(*c - '0');
		if (number > max)
			return -EINVAL;
	}
	if (c == *text)
		return -EINVAL;
	*text = c;
	*ret_number = number;
	return 0;
}

/* Takes letters from the front of *text. Result: the unit among units[first..], or UNITS_NR. */
static size_t take_unit(const char **text, size_t first)
{
	size_t length = strspn(*text, "abcdefghijklmnopqrstuvwxyz");

	for (size_t i = first; i < UNITS_NR; i++) {
		if (strlen(units[i].name) != length || strncmp(*text, units[i].name, length) != 0)
			continue;
		*text += length;
		return i;
	}
	return UNITS_NR;
}

int config_duration_parse(const char *text, uint64_t *ret_ns)
{
	uint64_t total_ns = 0, number;
	size_t next = 0, unit;

	if (strcmp(text, "0") == 0) {
		*ret_ns = 0;
		return 0;
	}
	do {
		if (take_number(&text, DURATION_MAX, &number) < 0)
			return -EINVAL;
		unit = take_unit(&text, next);
		if (unit == UNITS_NR || number > (DURATION_MAX - total_ns) / units[unit].ns)
			return -EINVAL;
		total_ns += number * units[unit].ns;
		next = unit + 1;
	} while (*text);
	*ret_ns = total_ns;
	return 0;
}

const char *config_duration_format(uint64_t ns, char *ret_text, size_t size_bytes)
{
	size_t at = 0;

	snprintf(ret_text, size_bytes, "0");
	for (size_t i = 0; i < UNITS_NR && at < size_bytes; i++) {
		uint64_t number = ns / units[i].ns;

		if (number == 0)
			continue;
		at += (size_t)snprintf(ret_text + at, size_bytes - at, "%" PRIu64 "%s", number,
				       units[i].name);
		ns %= units[i].ns;
	}
	return ret_text;
}

int config_rate_parse(const char *text, struct config_rate *ret_rate)
{
	size_t second = 3, hour = 1, unit;
	uint64_t count;

	if (strcmp(text, "0") == 0) {
		*ret_rate = (struct config_rate){.period_ns = NS_PER_S};
		return 0;
	}
	if (take_number(&text, RATE_MAX, &count) < 0 || count == 0 || *text++ != '/')
		return -EINVAL;
	unit = take_unit(&text, hour);
	if (unit > second || *text)
		return -EINVAL;
	*ret_rate = (struct config_rate){.count = count, .period_ns = units[unit].ns};
	return 0;
}

int config_ports_parse(const char *text, struct config_range *ret_range)
{
	uint64_t first, last;

	if (take_number(&text, UINT16_MAX, &first) < 0)
		return -EINVAL;
	last = first;
	if (*text == '-') {
		text++;
		if (take_number(&text, UINT16_MAX, &last) < 0)
			return -EINVAL;
	}
	if (*text || first == 0 || last < first)
		return -EINVAL;
	*ret_range = (struct config_range){.first = (uint16_t)first, .last = (uint16_t)last};
	return 0;
}

int config_listen_parse(const char *text, struct config_listen *ret_listen)
{
	const char *colon = strrchr(text, ':'), *start = text, *end = colon;
	struct config_listen listen = {.enabled = true};
	char address[ADDR_TEXT_BYTES];
	uint64_t port;
	bool bracket;

	if (text[0] == '\0') {
		*ret_listen = (struct config_listen){0};
		return 0;
	}
	bracket = text[0] == '[';
	if (!colon || (bracket && (colon == text || colon[-1] != ']')))
		return -EINVAL;
	start += bracket;
	end -= bracket;
	if (end < start || (size_t)(end - start) >= sizeof(address))
		return -EINVAL;
	memcpy(address, start, (size_t)(end - start));
	address[end - start] = '\0';
	colon++;
	if (addr_parse(address, &listen.addr) < 0 || (addr_family(&listen.addr) == 6) != bracket ||
	    take_number(&colon, UINT16_MAX, &port) < 0 || port == 0 || *colon)
		return -EINVAL;
	listen.port = (uint16_t)port;
	*ret_listen = listen;
	return 0;
}
