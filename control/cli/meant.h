/* SPDX-License-Identifier: BSD-3-Clause */
/* Which option of a verb a word may be the value of that stands alone. */
#pragma once

#include "cli/talk/talk.h"

#define MEANT_BYTES 160

/* Writes "; did you mean --by 10m?", or "" if no option takes such a word. Result: ret_text. */
const char *cli_meant(const struct cli_verb *verb, const char *word, char ret_text[MEANT_BYTES]);

/* Result: whether a word is among values, which are parted by blanks. */
bool cli_meant_is_one_of(const char *values, const char *word);
