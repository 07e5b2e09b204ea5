/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The value that was probably meant: what other programs take, or people write, made into what ours
 * does. A guess is one only if the option takes it. Pure.
 */
#include "host/config_table.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/addr.h"
#include "host/spell.h"

#define TEXT_SIZE 64
#define MAPPED	  "::ffff:" /* before an IPv4 address that is written as IPv6 */

/* Each as its longest beginning, so "min" is no "m" of what else may follow. */
static const struct {
	const char *word, *unit;
} units[] = {
	{"days", "d"}, {"day", "d"},	 {"hours", "h"},   {"hour", "h"},   {"hrs", "h"},
	{"hr", "h"},   {"minutes", "m"}, {"minute", "m"},  {"mins", "m"},   {"min", "m"},
	{"sec", "s"},  {"secs", "s"},	 {"seconds", "s"}, {"second", "s"},
};

/* Those of calendars, which a duration has not. */
static const struct {
	const char *word;
	unsigned int days;
} calendar[] = {
	{"w", 7},	{"week", 7}, {"weeks", 7},  {"month", 30},
	{"months", 30}, {"y", 365},  {"year", 365}, {"years", 365},
};

/* For a rate: there is none. */
static const char *const no_limit[] = {"unlimited", "none", "off", "infinite", "infinity", "-1"};

/* In MiB. */
static const struct {
	const char *word;
	uint64_t mib;
} sizes[] = {
	{"", 1},      {"m", 1},	     {"mb", 1},		 {"mib", 1},	      {"g", 1024},
	{"gb", 1024}, {"gib", 1024}, {"t", 1024 * 1024}, {"tb", 1024 * 1024}, {"tib", 1024 * 1024},
};

/* Writes text without spaces and in small letters. Result: whether it fits. */
static bool squeeze(const char *text, char ret_text[TEXT_SIZE])
{
	size_t length = 0;

	for (; *text && length < TEXT_SIZE - 1; text++)
		if (!isspace((unsigned char)*text))
			ret_text[length++] = (char)tolower((unsigned char)*text);
	ret_text[length] = '\0';
	return *text == '\0';
}

/* Writes text with each word of a time as its unit. */
static void shorten_units(const char *text, char ret_text[TEXT_SIZE])
{
	size_t length = 0;

	while (*text) {
		size_t word = strspn(text, "abcdefghijklmnopqrstuvwxyz");
		const char *unit = NULL;

		for (size_t i = 0; word && i < sizeof(units) / sizeof(units[0]); i++)
			if (strlen(units[i].word) == word &&
			    strncmp(units[i].word, text, word) == 0)
				unit = units[i].unit;
		if (unit) {
			ret_text[length++] = *unit;
			text += word;
		} else {
			ret_text[length++] = *text++;
		}
	}
	ret_text[length] = '\0';
}

static bool all_digits(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

/* "2w", "1year". Result: the days, 0 if it is not such a text. */
static unsigned int count_days(const char *text)
{
	unsigned int number;
	int end = 0;

	if (sscanf(text, "%4u%n", &number, &end) != 1)
		return 0;
	for (size_t i = 0; i < sizeof(calendar) / sizeof(calendar[0]); i++)
		if (strcmp(calendar[i].word, text + end) == 0)
			return number * calendar[i].days;
	return 0;
}

static bool mean_duration(const struct config_option *option, const char *text,
			  char ret_text[CONFIG_QUOTE_SIZE])
{
	unsigned int days = count_days(text);
	uint64_t ns;

	if (days)
		snprintf(ret_text, CONFIG_QUOTE_SIZE, "%ud", days);
	else
		snprintf(ret_text, CONFIG_QUOTE_SIZE, "%s%s", text, all_digits(text) ? "s" : "");
	return config_duration_parse(ret_text, &ns) == 0 && ns >= option->min && ns <= option->max;
}

static bool mean_rate(const char *text, char ret_text[CONFIG_QUOTE_SIZE])
{
	struct config_rate rate;

	for (size_t i = 0; i < sizeof(no_limit) / sizeof(no_limit[0]); i++)
		if (strcmp(no_limit[i], text) == 0)
			text = "0";
	snprintf(ret_text, CONFIG_QUOTE_SIZE, "%s%s", text,
		 all_digits(text) && strcmp(text, "0") != 0 ? "/s" : "");
	return config_rate_parse(ret_text, &rate) == 0;
}

/* "1000:2000", "1000 - 2000", "2000-1000" */
static bool mean_range(const char *text, char ret_text[CONFIG_QUOTE_SIZE])
{
	unsigned int first, last, end = 0;
	struct config_range range;

	if (all_digits(text)) {
		strcpy(ret_text, text);
		return config_ports_parse(ret_text, &range) == 0;
	}
	if (sscanf(text, "%5u%*1[-:]%5u%n", &first, &last, &end) != 2 || text[end])
		return false;
	snprintf(ret_text, CONFIG_QUOTE_SIZE, "%u-%u", first < last ? first : last,
		 first < last ? last : first);
	return config_ports_parse(ret_text, &range) == 0;
}

/* "1000-2000,3000": items of a list, with the quotes between them. */
static bool mean_ports(const char *text, char ret_text[CONFIG_QUOTE_SIZE])
{
	char copy[TEXT_SIZE], one[CONFIG_QUOTE_SIZE], *rest = copy, *word;
	size_t at = 0;

	strcpy(copy, text);
	while ((word = strsep(&rest, ","))) {
		if (!mean_range(word, one))
			return false;
		at += (size_t)snprintf(ret_text + at, CONFIG_QUOTE_SIZE - at, "%s%s",
				       at ? "\", \"" : "", one);
		if (at >= CONFIG_QUOTE_SIZE)
			return false;
	}
	return true;
}

/* "192.0.2.1/24", "192.0.2.1:22", "[2001:db8::1]", "::ffff:192.0.2.1" */
static bool mean_address(const char *text, char ret_text[CONFIG_QUOTE_SIZE])
{
	bool bracket = *text == '[';
	struct sp_addr addr;
	size_t length;

	text += bracket;
	if (strncmp(text, MAPPED, strlen(MAPPED)) == 0)
		text += strlen(MAPPED);
	length = strcspn(text, bracket ? "]" : "/");
	if (!bracket && !text[length])
		length = strcspn(text, ":");
	snprintf(ret_text, CONFIG_QUOTE_SIZE, "%.*s", (int)length, text);
	return addr_parse(ret_text, &addr) == 0;
}

/*
 * "127.0.0.1", "[::1]", "localhost": the port is that of the default. "::1:9464" is an address
 * too, and nobody knows which.
 */
static bool mean_host(const struct config_option *option, const char *text,
		      char ret_text[CONFIG_QUOTE_SIZE])
{
	const char *port = option->fallback ? strrchr(option->fallback, ':') : NULL;
	bool bracket = *text == '[' && text[strlen(text) - 1] == ']';
	char address[ADDR_TEXT_BYTES + 2];
	struct sp_addr addr;

	if (strcmp(text, "localhost") == 0)
		text = "127.0.0.1";
	snprintf(address, sizeof(address), "%.*s", (int)strlen(text) - 2 * bracket, text + bracket);
	if (!port || addr_parse(address, &addr) < 0 || (addr_family(&addr) == 6) != bracket)
		return false;
	snprintf(ret_text, CONFIG_QUOTE_SIZE, bracket ? "[%s]%s" : "%s%s", address, port);
	return true;
}

/* "9464", ":9464", "*:9464", "localhost:9464" */
static bool mean_listener(const struct config_option *option, const char *text,
			  char ret_text[CONFIG_QUOTE_SIZE])
{
	const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text;
	size_t length = colon ? (size_t)(colon - text) : 0;
	struct config_listen listen;

	if (mean_host(option, text, ret_text))
		return true;
	if (!all_digits(port) ||
	    (length && strncmp(text, "localhost", length) != 0 && strncmp(text, "*", length) != 0))
		return false;
	snprintf(ret_text, CONFIG_QUOTE_SIZE, "%s:%s",
		 length == 1 && *text == '*' ? "0.0.0.0" : "127.0.0.1", port);
	return config_listen_parse(ret_text, &listen) == 0;
}

/* Result: the length of a mask such as 255.255.0.0, or -1. */
static int mask_length(const char *text)
{
	unsigned int byte[4], end = 0;
	uint32_t mask;

	if (sscanf(text, "%3u.%3u.%3u.%3u%n", &byte[0], &byte[1], &byte[2], &byte[3], &end) != 4 ||
	    text[end])
		return -1;
	mask = byte[0] << 24 | byte[1] << 16 | byte[2] << 8 | byte[3];
	return ~mask & (~mask + 1) ? -1 : __builtin_popcount(mask);
}

/* "10.0.0.0 /16", "10.0.0.0/255.255.0.0" */
static bool mean_prefix(const char *text, char ret_text[CONFIG_QUOTE_SIZE])
{
	const char *slash = strchr(text, '/');
	int length = slash ? mask_length(slash + 1) : -1;
	struct sp_prefix prefix;

	if (length < 0)
		snprintf(ret_text, CONFIG_QUOTE_SIZE, "%s", text);
	else
		snprintf(ret_text, CONFIG_QUOTE_SIZE, "%.*s/%d", (int)(slash - text), text, length);
	return slash && addr_prefix_parse(ret_text, &prefix) == 0;
}

/* "64"; where the number is of MiB, "1G" too. */
static bool mean_number(const struct config_option *option, const char *text,
			char ret_text[CONFIG_QUOTE_SIZE])
{
	size_t nr = option->unit ? sizeof(sizes) / sizeof(sizes[0]) : 1;
	uint64_t number;
	int end = 0;

	if (!isdigit((unsigned char)*text) || sscanf(text, "%9" SCNu64 "%n", &number, &end) != 1)
		return false;
	for (size_t i = 0; i < nr; i++) {
		if (strcmp(sizes[i].word, text + end) != 0)
			continue;
		number *= sizes[i].mib;
		snprintf(ret_text, CONFIG_QUOTE_SIZE, "%" PRIu64, number);
		return number >= option->min && number <= option->max;
	}
	return false;
}

static bool mean_choice(const struct config_choice *choices, const char *text,
			char ret_text[CONFIG_QUOTE_SIZE])
{
	unsigned int least = spell_limit(text) + 1, here;

	for (; choices->name; choices++) {
		here = spell_distance(text, choices->name);
		if (here >= least)
			continue;
		least = here;
		snprintf(ret_text, CONFIG_QUOTE_SIZE, "%s", choices->name);
	}
	return least <= spell_limit(text);
}

bool config_meant(const struct config_option *option, const char *text,
		  char ret_text[CONFIG_QUOTE_SIZE])
{
	char plain[TEXT_SIZE], shortened[TEXT_SIZE];

	if (!squeeze(text, plain))
		return false;
	shorten_units(plain, shortened);
	switch (option->type) {
	case CONFIG_DURATION:
		return mean_duration(option, shortened, ret_text);
	case CONFIG_RATE:
		return mean_rate(shortened, ret_text);
	case CONFIG_PORTS:
		return mean_ports(plain, ret_text);
	case CONFIG_ADDRESS:
		return mean_address(plain, ret_text);
	case CONFIG_LISTEN:
		return mean_listener(option, plain, ret_text);
	case CONFIG_INTEGER:
		return mean_number(option, plain, ret_text);
	case CONFIG_PREFIX:
		return mean_prefix(plain, ret_text);
	case CONFIG_CHOICE:
		return mean_choice(option->choices, plain, ret_text);
	default:
		return false;
	}
}
