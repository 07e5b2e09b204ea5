/* SPDX-License-Identifier: BSD-3-Clause */
/* How far apart two words are, to find the one that was meant. Pure. */
#pragma once

#include <stddef.h>

#define SPELL_MAX_BYTES 40 /* longer words are close to none */

/*
 * Result: how many letters must be changed, put in, left out or swapped with the next to make one
 * of the other; SPELL_MAX_BYTES + 1 if either is longer than SPELL_MAX_BYTES.
 */
unsigned int spell_distance(const char *one, const char *other);

/* Result: how far a word may be from what was meant by it: a third of its letters, at least one. */
unsigned int spell_limit(const char *word);

/* Which of the names that are considered, one by one, a word was likely meant to be. */
struct spell_guess {
	const char *word;
	const char *name; /* NULL: none is near */
	unsigned int distance;
};

/* A name that begins with the word is as near as one with a slip. */
void spell_consider(struct spell_guess *guess, const char *name);
