/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/spell.h"

#include <string.h>

static unsigned int least(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

unsigned int spell_distance(const char *one, const char *other)
{
	unsigned int rows[3][SPELL_MAX_BYTES + 1];
	size_t length = strlen(one), length_other = strlen(other);

	if (length > SPELL_MAX_BYTES || length_other > SPELL_MAX_BYTES)
		return SPELL_MAX_BYTES + 1;
	for (unsigned int j = 0; j <= length_other; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= length; i++) {
		unsigned int *row = rows[i % 3];
		const unsigned int *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= length_other; j++) {
			row[j] = least(up[j] + 1, row[j - 1] + 1,
				       up[j - 1] + (one[i - 1] != other[j - 1]));
			if (i > 1 && j > 1 && one[i - 1] == other[j - 2] &&
			    one[i - 2] == other[j - 1] && up2[j - 2] + 1 < row[j])
				row[j] = up2[j - 2] + 1;
		}
	}
	return rows[length % 3][length_other];
}

unsigned int spell_limit(const char *word)
{
	size_t length = strlen(word);

	return length < 3 ? 1 : (unsigned int)(length / 3);
}

void spell_consider(struct spell_guess *guess, const char *name)
{
	size_t length = strlen(guess->word);
	unsigned int distance = spell_distance(guess->word, name);

	if (length > 1 && strncmp(guess->word, name, length) == 0)
		distance = 1;
	if (distance > spell_limit(guess->word) || (guess->name && distance >= guess->distance))
		return;
	guess->name = name;
	guess->distance = distance;
}
