/* SPDX-License-Identifier: BSD-3-Clause */
/* Chance of a draw: the same again from the same seed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

void sim_chance_begin(uint64_t seed);
uint64_t sim_chance_below(uint64_t limit);
uint64_t sim_chance_between(uint64_t least, uint64_t most);
bool sim_chance_percent(unsigned int percent);
