/* SPDX-License-Identifier: BSD-3-Clause */
/* Completion code for shells, made from the table of verbs: one file a shell. */
#pragma once

#include <stdio.h>

/* Print the code for one shell. */
void cli_complete_bash_print(FILE *out);
void cli_complete_zsh_print(FILE *out);
void cli_complete_fish_print(FILE *out);
