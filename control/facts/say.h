/* SPDX-License-Identifier: BSD-3-Clause */
/* How a look-up says what it found. */
#pragma once

#include <stddef.h>

#define SAY_COMMAND_SIZE 160 /* of one that goes before others */

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

/* A cure that is written into the configuration: it stays. */
void facts_say_cure_config(struct fact_look *look);

/*
 * A cure that takes the programs off and has sallyportd attach them anew; between is what is done
 * meanwhile, "" or with " && " behind it. Sentences that it follows have to say FACTS_ANEW_ENDS.
 */
#define FACTS_ANEW_ENDS "The cure may end open sessions."
void facts_say_cure_anew(struct fact_look *look, const char *between);

/*
 * What a cure has to begin with that gives an interface an address or a route of IPv6. Result:
 * ret_command, "" if IPv6 is on there.
 */
const char *facts_say_with_v6(const struct fact_look *look, const char *name, const char *shell,
			      char ret_command[SAY_COMMAND_SIZE]);
