/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/complete_kind.h"

#include <string.h>

static enum complete_kind kind_of(const char *argument)
{
	static const struct {
		const char *argument;
		enum complete_kind kind;
	} kinds[] = {
		{"ID", COMPLETE_IDS},	      {"[ID]", COMPLETE_IDS},
		{"ID...", COMPLETE_IDS},      {"POOL", COMPLETE_POOLS},
		{"FILE", COMPLETE_FILES},     {"[FILE]", COMPLETE_FILES},
		{"[CONFIG]", COMPLETE_FILES}, {"CONFIG", COMPLETE_FILES},
		{"SOCKET", COMPLETE_FILES},   {"[CAPTURE]", COMPLETE_FILES},
		{"DIR", COMPLETE_FILES},      {"[VERB]", COMPLETE_VERBS},
		{"SHELL", COMPLETE_VALUES},
	};

	for (size_t i = 0; argument && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(argument, kinds[i].argument) == 0)
			return kinds[i].kind;
	return COMPLETE_NOTHING;
}

enum complete_kind cli_complete_kind_of_option(const struct cli_option *option)
{
	return option->values ? COMPLETE_VALUES : kind_of(option->argument);
}

enum complete_kind cli_complete_kind_of_operand(const struct cli_verb *verb)
{
	return kind_of(verb->operand);
}

bool cli_complete_kind_is_several(const struct cli_verb *verb)
{
	return verb->operand && strstr(verb->operand, "...");
}

void cli_complete_kind_each_option(FILE *out, complete_print *print)
{
	const struct cli_option *option;

	for (option = cli_verbs_common_options; option->name; option++)
		print(out, NULL, option);
	for (const struct cli_verb *verb = cli_verbs; verb->name; verb++)
		for (option = verb->options; option && option->name; option++)
			print(out, verb, option);
}
