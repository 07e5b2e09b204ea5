/* SPDX-License-Identifier: BSD-3-Clause */
#include "chance.h"

#include <stdlib.h>

static uint64_t state;

void sim_chance_begin(uint64_t seed)
{
	state = seed * 0x9e3779b97f4a7c15ull | 1;
	srandom((unsigned int)seed); /* which the code under test draws from */
}

uint64_t sim_chance_below(uint64_t limit)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1dull >> 11) % limit;
}

uint64_t sim_chance_between(uint64_t least, uint64_t most)
{
	return least + sim_chance_below(most - least + 1);
}

bool sim_chance_percent(unsigned int percent)
{
	return sim_chance_below(100) < percent;
}
