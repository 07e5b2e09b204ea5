/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The value that was probably meant: what other programs take, or people write, made into what ours
 * does. A guess is one only if the option takes it. Pure.
 */
#include "host/config_table.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "host/addr.h"
#include "host/spell.h"

#define TEXT_SIZE 64

/* Each as its longest beginning, so "min" is no "m" of what else may follow. */
static const struct {
	const char *word, *unit;
} units[] = {
	{"days", "d"}, {"day", "d"},	 {"hours", "h"},   {"hour", "h"},   {"hrs", "h"},
	{"hr", "h"},   {"minutes", "m"}, {"minute", "m"},  {"mins", "m"},   {"min", "m"},
	{"sec", "s"},  {"secs", "s"},	 {"seconds", "s"}, {"second", "s"},
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

static bool mean_duration(const char *text, char ret_text[CONFIG_QUOTE_SIZE])
{
	uint64_t ns;

	snprintf(ret_text, CONFIG_QUOTE_SIZE, "%s%s", text, all_digits(text) ? "s" : "");
	return config_duration_parse(ret_text, &ns) == 0;
}

static bool mean_rate(const char *text, char ret_text[CONFIG_QUOTE_SIZE])
{
	struct config_rate rate;

	snprintf(ret_text, CONFIG_QUOTE_SIZE, "%s%s", text, all_digits(text) ? "/s" : "");
	return config_rate_parse(ret_text, &rate) == 0;
}

/* "1000:2000", "1000 - 2000", "2000-1000" */
static bool mean_ports(const char *text, char ret_text[CONFIG_QUOTE_SIZE])
{
	unsigned int first, last, end = 0;
	struct config_range range;

	if (sscanf(text, "%5u%*1[-:]%5u%n", &first, &last, &end) != 2 || text[end])
		return false;
	snprintf(ret_text, CONFIG_QUOTE_SIZE, "%u-%u", first < last ? first : last,
		 first < last ? last : first);
	return config_ports_parse(ret_text, &range) == 0;
}

/* "192.0.2.1/24", "192.0.2.1:22", "[2001:db8::1]" */
static bool mean_address(const char *text, char ret_text[CONFIG_QUOTE_SIZE])
{
	bool bracket = *text == '[';
	struct sp_addr addr;
	size_t length;

	text += bracket;
	length = strcspn(text, bracket ? "]" : "/");
	if (!bracket && !text[length])
		length = strcspn(text, ":");
	snprintf(ret_text, CONFIG_QUOTE_SIZE, "%.*s", (int)length, text);
	return addr_parse(ret_text, &addr) == 0;
}

/* "9464", ":9464", "*:9464", "localhost:9464" */
static bool mean_listener(const char *text, char ret_text[CONFIG_QUOTE_SIZE])
{
	const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text;
	size_t length = colon ? (size_t)(colon - text) : 0;
	struct config_listen listen;

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
		return mean_duration(shortened, ret_text);
	case CONFIG_RATE:
		return mean_rate(shortened, ret_text);
	case CONFIG_PORTS:
		return mean_ports(plain, ret_text);
	case CONFIG_ADDRESS:
		return mean_address(plain, ret_text);
	case CONFIG_LISTEN:
		return mean_listener(plain, ret_text);
	case CONFIG_PREFIX:
		return mean_prefix(plain, ret_text);
	case CONFIG_CHOICE:
		return mean_choice(option->choices, plain, ret_text);
	default:
		return false;
	}
}
