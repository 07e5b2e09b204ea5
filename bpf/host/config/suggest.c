/* SPDX-License-Identifier: BSD-3-Clause */
/* The key that was probably meant. Pure. */
#include "host/config_table.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 40 /* longer names than any key: no suggestion */

static unsigned int least(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Result: how many letters must be changed, put in, left out or swapped with the next. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int rows[3][NAME_MAX_BYTES + 1];
	size_t length_a = strlen(a), length_b = strlen(b);

	for (unsigned int j = 0; j <= length_b; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= length_a; i++) {
		unsigned int *row = rows[i % 3];
		const unsigned int *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= length_b; j++) {
			row[j] = least(up[j] + 1, row[j - 1] + 1,
				       up[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    up2[j - 2] + 1 < row[j])
				row[j] = up2[j - 2] + 1;
		}
	}
	return rows[length_a % 3][length_b];
}

struct guess {
	unsigned int distance;
	char *key;
};

/* Takes the first length bytes of key if their part after from is closer to name. */
static void consider(struct guess *guess, const char *name, const char *key, size_t from,
		     size_t length)
{
	char part[NAME_MAX_BYTES + 1];
	unsigned int here;

	if (length - from > NAME_MAX_BYTES || length >= CONFIG_KEY_SIZE)
		return;
	memcpy(part, key + from, length - from);
	part[length - from] = '\0';
	here = distance(name, part);
	if (here >= guess->distance)
		return;
	guess->distance = here;
	memcpy(guess->key, key, length);
	guess->key[length] = '\0';
}

/* Options and groups that stand in the same group as the unknown one. */
static void consider_siblings(struct guess *guess, const struct config_option *options,
			      const char *prefix, const char *name)
{
	size_t from = strlen(prefix);

	for (; options->key; options++)
		if (strncmp(options->key, prefix, from) == 0)
			consider(guess, name, options->key, from,
				 from + strcspn(options->key + from, "."));
}

/* Options of any group, if the name is theirs to the letter. */
static void consider_strays(struct guess *guess, const struct config_option *options,
			    const char *name)
{
	for (; options->key; options++) {
		const char *dot = strrchr(options->key, '.');

		if (dot && strcmp(dot + 1, name) == 0)
			consider(guess, name, options->key, (size_t)(dot + 1 - options->key),
				 strlen(options->key));
	}
}

const char *config_suggest(const struct config_option *options, const char *prefix,
			   const char *name, char ret_key[CONFIG_KEY_SIZE])
{
	size_t length = strlen(name);
	/* A third of the letters may be wrong, and one of a short name. */
	struct guess guess = {.distance = (unsigned int)(length < 3 ? 2 : length / 3 + 1),
			      .key = ret_key};

	if (length > NAME_MAX_BYTES)
		return NULL;
	ret_key[0] = '\0';
	consider_siblings(&guess, options, prefix, name);
	if (!ret_key[0])
		consider_strays(&guess, options, name);
	return ret_key[0] ? ret_key : NULL;
}
