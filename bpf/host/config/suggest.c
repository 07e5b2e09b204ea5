/* SPDX-License-Identifier: BSD-3-Clause */
/* The key that was probably meant. Pure. */
#include "host/config_table.h"

#include <stdio.h>
#include <string.h>

#include "host/spell.h"

struct guess {
	unsigned int distance;
	char *key;
};

/* Takes the first length bytes of key if their part after from is closer to name. */
static void consider(struct guess *guess, const char *name, const char *key, size_t from,
		     size_t length)
{
	char part[SPELL_MAX_BYTES + 1];
	unsigned int here;

	if (length - from > SPELL_MAX_BYTES || length >= CONFIG_KEY_SIZE)
		return;
	memcpy(part, key + from, length - from);
	part[length - from] = '\0';
	here = spell_distance(name, part);
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
	struct guess guess = {.distance = spell_limit(name) + 1, .key = ret_key};

	if (strlen(name) > SPELL_MAX_BYTES)
		return NULL;
	ret_key[0] = '\0';
	consider_siblings(&guess, options, prefix, name);
	if (!ret_key[0])
		consider_strays(&guess, options, name);
	return ret_key[0] ? ret_key : NULL;
}
