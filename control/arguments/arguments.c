/* SPDX-License-Identifier: BSD-3-Clause */
#include "arguments/arguments.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/config_table.h"

static void print_help(const struct arguments_program *program)
{
	printf("usage: %s %s\n\noptions:\n", program->name, program->usage);
	for (size_t i = 0; i < program->nr_rows; i++) {
		const struct arguments_row *row = &program->rows[i];
		char left[64];

		snprintf(left, sizeof(left), "%s%s%s%s%s", row->letter ? row->letter : "",
			 row->letter ? ", " : "", row->name, row->argument ? " " : "",
			 row->argument ? row->argument : "");
		printf("  %-28s  %s%s%s\n", left, row->help, row->standard ? ", else " : "",
		       row->standard ? row->standard : "");
	}
	printf("\nTIME is like 90s, 30m or 1h30m.\n");
}

static bool is_choice(const char *words, const char *value)
{
	size_t length = strlen(value);

	for (; *words; words += *words == '|') {
		size_t word = strcspn(words, "|");

		if (word == length && memcmp(words, value, length) == 0)
			return true;
		words += word;
	}
	return false;
}

static bool parse_number(const struct arguments_program *program, const char *value,
			 uint64_t *ret_number)
{
	char *end;

	*ret_number = strtoul(value, &end, 10);
	return *value >= '0' && *value <= '9' && !*end && *ret_number >= program->number_min &&
	       *ret_number <= program->number_max;
}

/* Result: whether the value makes sense. */
static bool set(const struct arguments_program *program, const struct arguments_row *row,
		const char *value, void *options)
{
	char *member = (char *)options + row->offset;
	uint64_t number;

	if (row->kind == ARGUMENTS_TEXT || row->kind == ARGUMENTS_CHOICE) {
		memcpy(member, &value, sizeof(value));
		return row->kind == ARGUMENTS_TEXT ? *value : is_choice(row->argument, value);
	}
	if (row->kind == ARGUMENTS_NUMBER ? !parse_number(program, value, &number)
					  : config_duration_parse(value, &number) || number == 0)
		return false;
	memcpy(member, &number, sizeof(number));
	return true;
}

static const struct arguments_row *find(const struct arguments_program *program, const char *word)
{
	size_t len = strcspn(word, "=");

	for (size_t i = 0; i < program->nr_rows; i++) {
		const struct arguments_row *row = &program->rows[i];

		if ((row->letter && strcmp(word, row->letter) == 0) ||
		    (strlen(row->name) == len && memcmp(word, row->name, len) == 0))
			return row;
	}
	return NULL;
}

enum arguments_action arguments_wrong(const struct arguments_program *program, const char *what,
				      const char *word)
{
	fprintf(stderr, "%s: %s%s\n'%s --help' says how it is used.\n", program->name, what, word,
		program->name);
	return ARGUMENTS_WRONG;
}

static enum arguments_action take(const struct arguments_program *program, char ***argv,
				  void *options)
{
	const char *word = **argv, *equals = strchr(word, '=');
	const struct arguments_row *row = find(program, word);
	const char *value;

	if (!row)
		return arguments_wrong(
			program, *word == '-' ? "unknown option " : "it takes options only, not ",
			word);
	if (!row->argument && equals)
		return arguments_wrong(program, "no value belongs to ", row->name);
	if (row->kind == ARGUMENTS_HELP)
		print_help(program);
	if (row->kind == ARGUMENTS_VERSION)
		printf("%s %s\n", program->name, SALLYPORT_VERSION);
	if (row->kind == ARGUMENTS_FLAG) {
		*(bool *)((char *)options + row->offset) = true;
		return ARGUMENTS_RUN;
	}
	if (!row->argument)
		return ARGUMENTS_DONE;
	value = equals ? equals + 1 : *++*argv;
	if (!value)
		return arguments_wrong(program, "a value is missing after ", word);
	if (!set(program, row, value, options))
		return arguments_wrong(program, "this is not a value for it: ", word);
	return ARGUMENTS_RUN;
}

enum arguments_action arguments_parse(const struct arguments_program *program, char **argv,
				      void *options)
{
	for (size_t i = 0; i < program->nr_rows; i++)
		if (program->rows[i].standard)
			set(program, &program->rows[i], program->rows[i].standard, options);
	while (*++argv) {
		enum arguments_action action = take(program, &argv, options);

		if (action != ARGUMENTS_RUN)
			return action;
	}
	return ARGUMENTS_RUN;
}
