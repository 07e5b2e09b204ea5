/* SPDX-License-Identifier: BSD-3-Clause */
/* Random draws for the property test: the same again from the same seed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct build_spec;
struct simple_spec;

void draw_begin(uint64_t seed);
uint64_t draw_below(uint64_t limit);
bool draw_chance(unsigned int percent);

/* What one PUT says, in the model's terms; and the same in the API's. */
struct simple_spec draw_spec(void);
void draw_fill_spec(const struct simple_spec *simple, struct build_spec *spec);
