/* SPDX-License-Identifier: BSD-3-Clause */
/* How a look-up says what it found. */
#pragma once

#include <stddef.h>

#define SAY_PATH_SIZE 512

struct fact_look;

/*
 * Says what is wrong with the row whose turn it is: sentences with the real names and numbers.
 * facts_say_cure() then gives the command that mends it, for the shell of root.
 */
void facts_say(struct fact_look *look, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void facts_say_cure(struct fact_look *look, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Writes a text as one word of the shell: as it is, or in quotes. Result: ret_word, "" if it does
 * not fit.
 */
const char *facts_say_quote(const char *text, char *ret_word, size_t size);

/* The configuration's path as one word of the shell. Result: ret_word. */
const char *facts_say_config_path(const struct fact_look *look, char ret_word[SAY_PATH_SIZE]);

/*
 * A cure that takes the programs off and has sallyportd attach them anew; between is what is done
 * meanwhile, "" or with " && " behind it. Sentences that it follows have to say FACTS_ANEW_ENDS.
 */
#define FACTS_ANEW_ENDS "The cure may end open sessions."
void facts_say_cure_anew(struct fact_look *look, const char *between);
