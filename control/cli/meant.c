/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/meant.h"

#include <stdio.h>
#include <string.h>

#include "host/addr.h"
#include "model/wall_time.h"

static bool is_duration(const char *word)
{
	unsigned long seconds;

	return talk_parse_duration(word, &seconds) == 0;
}

static bool is_timestamp(const char *word)
{
	char text[WALL_TIME_SAID_BYTES];

	return model_wall_time_said(word, text) != WALL_TIME_SAID_NOT;
}

static bool is_address(const char *word)
{
	struct sp_addr addr;

	return addr_parse(word, &addr) == 0;
}

static bool is_endpoint(const char *word)
{
	struct sp_addr addr;
	uint16_t port;

	return addr_endpoint_parse(word, &addr, &port) == 0;
}

static bool is_node(const char *word)
{
	return is_address(word) || is_endpoint(word);
}

static bool is_prefix(const char *word)
{
	struct sp_prefix prefix;

	return strchr(word, '/') && addr_prefix_parse(word, &prefix) == 0;
}

static bool is_anything(const char *word)
{
	return word[0] != '\0';
}

/* What may stand where the table says so. */
static const struct {
	const char *argument;
	bool (*takes)(const char *word);
	bool alone; /* only of a verb without an argument of its own */
} kinds[] = {
	{"TIME", is_duration, false},	 {"TIMESTAMP", is_timestamp, false},
	{"ADDR", is_address, false},	 {"ADDR:PORT", is_endpoint, false},
	{"ADDR[:PORT]", is_node, false}, {"PREFIX", is_prefix, false},
	{"ID", is_anything, true},
};

bool cli_meant_is_one_of(const char *values, const char *word)
{
	size_t length = strlen(word);

	for (; *values; values += strspn(values, " ")) {
		size_t here = strcspn(values, " ");

		if (here == length && strncmp(values, word, here) == 0)
			return true;
		values += here;
	}
	return false;
}

static bool takes(const struct cli_verb *verb, const struct cli_option *option, const char *word)
{
	if (option->values)
		return cli_meant_is_one_of(option->values, word);
	for (size_t i = 0; option->argument && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].argument, option->argument) == 0)
			return kinds[i].takes(word) && !(kinds[i].alone && verb->operand);
	return false;
}

const char *cli_meant(const struct cli_verb *verb, const char *word, char ret_text[MEANT_BYTES])
{
	char names[80] = "";
	size_t used = 0;

	ret_text[0] = '\0';
	for (const struct cli_option *option = verb->options; option && option->name; option++)
		if (takes(verb, option, word) && used < sizeof(names))
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
						 used ? " or " : "", option->name);
	if (used)
		snprintf(ret_text, MEANT_BYTES, "; did you mean %s %.60s?", names, word);
	return ret_text;
}
