/* SPDX-License-Identifier: BSD-3-Clause */
/* Help, from the tables. sallyport(1) is made of what is printed here. */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "cli/talk/exit.h"
#include "cli/talk/talk.h"
#include "cli/words.h"

static void print_values(const char *values)
{
	const char *parted = "one of ";

	printf("  %-24s  ", "");
	for (; *values; values += strspn(values, " ")) {
		size_t length = strcspn(values, " ");

		printf("%s%.*s", parted, (int)length, values);
		values += length;
		parted = ", ";
	}
	putchar('\n');
}

static void print_options(const struct cli_option *options)
{
	for (; options && options->name; options++) {
		char left[64], letter[8] = "";

		if (options->letter)
			snprintf(letter, sizeof(letter), "-%c, ", options->letter);
		snprintf(left, sizeof(left), "%s%s%s%s", letter, options->name,
			 options->argument ? " " : "", options->argument ? options->argument : "");
		printf("  %-24s  %s\n", left, options->help);
		if (options->values)
			print_values(options->values);
	}
}

static void print_examples(const struct cli_example *examples)
{
	printf("\nexamples:\n");
	for (; examples && examples->does; examples++)
		printf("  %s\n      %s\n", examples->line, examples->does);
}

void cli_help_print(void)
{
	printf("usage: sallyport [OPTION]... VERB [ARGUMENT] [OPTION]...\n\nverbs:\n");
	for (const struct cli_verb *verb = cli_verbs; verb->name; verb++) {
		char left[64];

		snprintf(left, sizeof(left), "%s %s", verb->name,
			 verb->operand ? verb->operand : "");
		printf("  %-24s  %s\n", left, verb->help);
	}
	printf("\noptions:\n");
	print_options(cli_verbs_common_options);
	printf("\nexit status:\n");
	for (const struct exit_row *row = talk_exit_rows; row->kind; row++)
		printf("  %d %-22s  %s\n", row->code, row->kind, row->help);
	printf("\n'sallyport help VERB' has the options and examples of a verb. Verbs and long "
	       "options may be\ncut to what tells them from others. TIME is like 90, 30m or "
	       "1h30m,\nTIMESTAMP like 2026-12-01T18:00:00Z (RFC 3339).\n");
}

void cli_help_print_verb(const struct cli_verb *verb)
{
	printf("usage: sallyport %s%s%s [OPTION]...\n%s\n\noptions:\n", verb->name,
	       verb->operand ? " " : "", verb->operand ? verb->operand : "", verb->help);
	print_options(verb->options);
	print_options(cli_verbs_common_options);
	print_examples(verb->examples);
}

enum cli_exit cli_help(struct cli *cli)
{
	const struct cli_verb *verb;
	char wrong[256];

	if (!cli->operand) {
		cli_help_print();
		return CLI_EXIT_OK;
	}
	verb = cli_words_verb(cli->operand, wrong);
	if (!verb)
		return cli_words_fail(NULL, wrong);
	cli_help_print_verb(verb);
	return CLI_EXIT_OK;
}
