/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of the command line, read by the table of verbs. */
#pragma once

#include "cli/talk/talk.h"

/*
 * Reads argv into cli->verb, operands, given and json. Verbs and long options may be cut to what
 * tells them from the others. given and
 * operands have room for as many as there are words.
 * Result: CLI_EXIT_OK, or CLI_EXIT_USAGE and the first that is wrong was told.
 */
enum cli_exit cli_words_read(struct cli *cli, char **argv);

/* Result: the verb of a name, or of one that it begins; NULL, with what is wrong in ret_wrong. */
const struct cli_verb *cli_words_verb(const char *name, char ret_wrong[256]);

/* Tells what is wrong, and where help is. verb may be NULL. Result: CLI_EXIT_USAGE. */
enum cli_exit cli_words_fail(const struct cli_verb *verb, const char *wrong);
