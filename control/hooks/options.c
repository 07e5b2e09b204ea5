/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/options.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/config_table.h"

#define NUMBER_MAX 1000000

enum kind {
	KIND_TEXT,
	KIND_DURATION,
	KIND_NUMBER,
	KIND_FROM,
	KIND_HELP,
	KIND_VERSION,
};

struct option_row {
	const char *letter;
	const char *name;
	const char *argument;
	enum kind kind;
	size_t offset; /* into struct options */
	const char *standard;
	const char *help;
};

#define MEMBER(member) offsetof(struct options, member)

static const struct option_row rows[] = {
	{"-s", "--socket", "PATH", KIND_TEXT, MEMBER(socket), "/run/sallyport/api.sock",
	 "the API's socket"},
	{"-S", "--state", "FILE", KIND_TEXT, MEMBER(cursor), "/var/lib/sallyport/hooks.cursor",
	 "where the last acknowledged event is kept"},
	{"-d", "--directory", "DIR", KIND_TEXT, MEMBER(directory), "/etc/sallyport/hooks.d",
	 "executables to run for each event"},
	{"-w", "--webhook", "URL", KIND_TEXT, MEMBER(webhook), NULL, "where to post each event"},
	{"-H", "--webhook-headers", "FILE", KIND_TEXT, MEMBER(headers), NULL,
	 "headers for it, one a line, such as a token"},
	{"-f", "--from", "oldest|now", KIND_FROM, MEMBER(from), "oldest",
	 "where to begin the first time"},
	{"-t", "--tries", "N", KIND_NUMBER, MEMBER(tries), "0",
	 "give an event up after so many; 0 is never"},
	{"-D", "--dead-letters", "FILE", KIND_TEXT, MEMBER(dead_letters),
	 "/var/lib/sallyport/hooks.dead", "where events that were given up are kept"},
	{"-l", "--time-limit", "TIME", KIND_DURATION, MEMBER(time_limit_ns), "30s",
	 "how long a hook or a post may take"},
	{"-r", "--retry", "TIME", KIND_DURATION, MEMBER(retry_min_ns), "1s",
	 "the first pause after a failure; it doubles"},
	{"-R", "--retry-max", "TIME", KIND_DURATION, MEMBER(retry_max_ns), "1m",
	 "the longest pause after a failure"},
	{NULL, "--version", NULL, KIND_VERSION, 0, NULL, "print the version"},
	{"-h", "--help", NULL, KIND_HELP, 0, NULL, "print this help"},
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

static void print_help(FILE *out)
{
	fprintf(out,
		"usage: sallyport-hooks [OPTION]...\n\n"
		"Runs hooks and posts to a webhook for each event of a sallyport edge, in order,\n"
		"each again until it is acknowledged.\n\noptions:\n");
	for (size_t i = 0; i < NR_ROWS; i++) {
		const struct option_row *row = &rows[i];
		char left[64];

		snprintf(left, sizeof(left), "%s%s%s%s%s", row->letter ? row->letter : "",
			 row->letter ? ", " : "", row->name, row->argument ? " " : "",
			 row->argument ? row->argument : "");
		fprintf(out, "  %-24s  %s%s%s\n", left, row->help, row->standard ? ", else " : "",
			row->standard ? row->standard : "");
	}
	fprintf(out, "\nTIME is like 90s, 30m or 1h30m.\n");
}

static bool set_number(const char *value, char *member)
{
	char *end;
	unsigned long number = strtoul(value, &end, 10);
	uint64_t member_value = number;

	if (!isdigit((unsigned char)*value) || *end || number > NUMBER_MAX)
		return false;
	memcpy(member, &member_value, sizeof(member_value));
	return true;
}

/* Result: whether the value makes sense. */
static bool set(const struct option_row *row, const char *value, struct options *options)
{
	char *member = (char *)options + row->offset;
	uint64_t ns;

	if (row->kind == KIND_TEXT || row->kind == KIND_FROM) {
		memcpy(member, &value, sizeof(value));
		return row->kind == KIND_TEXT ? *value
					      : !strcmp(value, "oldest") || !strcmp(value, "now");
	}
	if (row->kind == KIND_NUMBER)
		return set_number(value, member);
	if (config_duration_parse(value, &ns) || ns == 0)
		return false;
	memcpy(member, &ns, sizeof(ns));
	return true;
}

static const struct option_row *find(const char *word)
{
	size_t len = strcspn(word, "=");

	for (size_t i = 0; i < NR_ROWS; i++)
		if ((rows[i].letter && strcmp(word, rows[i].letter) == 0) ||
		    (strlen(rows[i].name) == len && memcmp(word, rows[i].name, len) == 0))
			return &rows[i];
	return NULL;
}

static enum options_action wrong(const char *what, const char *word)
{
	fprintf(stderr, "sallyport-hooks: %s%s\n'sallyport-hooks --help' says how it is used.\n",
		what, word);
	return OPTIONS_WRONG;
}

static enum options_action take(char ***argv, struct options *options)
{
	const char *word = **argv, *equals = strchr(word, '=');
	const struct option_row *row = find(word);
	const char *value;

	if (!row)
		return wrong("unknown option ", word);
	if (!row->argument && equals)
		return wrong("no value belongs to ", row->name);
	if (row->kind == KIND_HELP)
		print_help(stdout);
	if (row->kind == KIND_VERSION)
		printf("sallyport-hooks %s\n", SALLYPORT_VERSION);
	if (!row->argument)
		return OPTIONS_DONE;
	value = equals ? equals + 1 : *++*argv;
	if (!value)
		return wrong("a value is missing after ", word);
	if (!set(row, value, options))
		return wrong("this is not a value for it: ", word);
	return OPTIONS_RUN;
}

enum options_action hooks_options_parse(char **argv, struct options *ret_options)
{
	struct options options = {0};

	for (size_t i = 0; i < NR_ROWS; i++)
		if (rows[i].standard)
			set(&rows[i], rows[i].standard, &options);
	while (*++argv) {
		enum options_action action = take(&argv, &options);

		if (action != OPTIONS_RUN)
			return action;
	}
	if (options.retry_max_ns < options.retry_min_ns)
		options.retry_max_ns = options.retry_min_ns;
	*ret_options = options;
	return OPTIONS_RUN;
}
