/* SPDX-License-Identifier: BSD-3-Clause */
/* What completes a word of the command line, by the table of verbs. */
#pragma once

#include <stdio.h>

#include "cli/talk/talk.h"

/* What completes a word. */
enum complete_kind {
	COMPLETE_NOTHING,
	COMPLETE_FILES,
	COMPLETE_IDS,	/* of builds, as the daemon has them now */
	COMPLETE_POOLS, /* likewise */
	COMPLETE_VERBS,
	COMPLETE_VALUES, /* those of the table */
};

/* Result: what completes an option's value; COMPLETE_NOTHING for a flag. */
enum complete_kind cli_complete_kind_of_option(const struct cli_option *option);

/* Result: what completes a verb's operand. */
enum complete_kind cli_complete_kind_of_operand(const struct cli_verb *verb);

/* Result: whether the operand may come more than once. */
bool cli_complete_kind_is_several(const struct cli_verb *verb);

/* Calls print for each common option, with verb NULL, and for each of all verbs. */
typedef void complete_print(FILE *out, const struct cli_verb *verb,
			    const struct cli_option *option);
void cli_complete_kind_each_option(FILE *out, complete_print *print);

/* Shells that there is code for, parted by blanks. */
#define COMPLETE_SHELLS "bash zsh fish"
