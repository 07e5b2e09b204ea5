/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "cli/talk/talk.h"

/* Prints what there is, or all about one verb. */
void cli_help_print(void);
void cli_help_print_verb(const struct cli_verb *verb);
