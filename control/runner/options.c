/* SPDX-License-Identifier: BSD-3-Clause */
#include "runner/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/config_table.h"

#define NUMBER_MAX 65536

enum kind {
	KIND_TEXT,
	KIND_DURATION,
	KIND_NUMBER,
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
	{"-c", "--config", "FILE", KIND_TEXT, MEMBER(config), "/etc/sallyport/sallyport.conf",
	 "the edge's configuration"},
	{"-l", "--listen", "ADDRESS:PORT", KIND_TEXT, MEMBER(listen), NULL,
	 "an address of this host that VMs reach"},
	{"-u", "--user", "NAME", KIND_TEXT, MEMBER(user), NULL,
	 "whom people log in as, unless a job says"},
	{"-a", "--allow", "PREFIX,...", KIND_TEXT, MEMBER(allow), NULL,
	 "who may connect, everybody if not given"},
	{"-m", "--max-lifetime", "TIME", KIND_DURATION, MEMBER(max_lifetime_ns), NULL,
	 "how long a session may last, finished or not"},
	{"-L", "--linger", "TIME", KIND_DURATION, MEMBER(linger_ns), NULL,
	 "how long it lasts once the job is over"},
	{"-g", "--gone", "TIME", KIND_DURATION, MEMBER(gone_ns), "5m",
	 "a VM whose port stops answering so long has gone"},
	{"-e", "--every", "TIME", KIND_DURATION, MEMBER(look_ns), "15s",
	 "how often to look for such VMs"},
	{"-n", "--sessions", "NUMBER", KIND_NUMBER, MEMBER(max_sessions), "1000",
	 "at most so many at a time, of all VMs"},
	{"-p", "--sessions-per-vm", "NUMBER", KIND_NUMBER, MEMBER(max_sessions_per_vm), "6",
	 "new ones of one VM in ten minutes"},
	{NULL, "--version", NULL, KIND_VERSION, 0, NULL, "print the version"},
	{"-h", "--help", NULL, KIND_HELP, 0, NULL, "print this help"},
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

static void print_help(FILE *out)
{
	fprintf(out, "usage: sallyport-runner --listen ADDRESS:PORT [OPTION]...\n\n"
		     "Declares builds for the VMs that ask for it, each for itself alone.\n\n"
		     "options:\n");
	for (size_t i = 0; i < NR_ROWS; i++) {
		const struct option_row *row = &rows[i];
		char left[64];

		snprintf(left, sizeof(left), "%s%s%s%s%s", row->letter ? row->letter : "",
			 row->letter ? ", " : "", row->name, row->argument ? " " : "",
			 row->argument ? row->argument : "");
		fprintf(out, "  %-28s  %s%s%s\n", left, row->help, row->standard ? ", else " : "",
			row->standard ? row->standard : "");
	}
	fprintf(out, "\nTIME is like 90s, 30m or 1h30m.\n");
}

static bool parse_number(const char *value, uint64_t *ret_number)
{
	char *end;
	unsigned long number = strtoul(value, &end, 10);

	if (*value < '0' || *value > '9' || *end || number == 0 || number > NUMBER_MAX)
		return false;
	*ret_number = number;
	return true;
}

/* Result: whether the value makes sense. */
static bool set(const struct option_row *row, const char *value, struct options *options)
{
	char *member = (char *)options + row->offset;
	uint64_t number;

	if (row->kind == KIND_TEXT) {
		memcpy(member, &value, sizeof(value));
		return *value;
	}
	if (row->kind == KIND_NUMBER ? !parse_number(value, &number)
				     : config_duration_parse(value, &number) || number == 0)
		return false;
	memcpy(member, &number, sizeof(number));
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
	fprintf(stderr, "sallyport-runner: %s%s\n'sallyport-runner --help' says how it is used.\n",
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
		printf("sallyport-runner %s\n", SALLYPORT_VERSION);
	if (!row->argument)
		return OPTIONS_DONE;
	value = equals ? equals + 1 : *++*argv;
	if (!value)
		return wrong("a value is missing after ", word);
	if (!set(row, value, options))
		return wrong("this is not a value for it: ", word);
	return OPTIONS_RUN;
}

enum options_action runner_options_parse(char **argv, struct options *ret_options)
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
	if (!options.listen)
		return wrong("where to listen is not said: ", "--listen");
	*ret_options = options;
	return OPTIONS_RUN;
}
