/* SPDX-License-Identifier: BSD-3-Clause */
#include "draw.h"

#include <stdio.h>
#include <string.h>

#include "simple_model.h"
#include "world.h"

static uint64_t random_state;

void draw_begin(uint64_t seed)
{
	random_state = seed * 0x9e3779b97f4a7c15ULL | 1;
}

uint64_t draw_below(uint64_t limit)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1dULL >> 11) % limit;
}

bool draw_chance(unsigned int percent)
{
	return draw_below(100) < percent;
}

struct simple_spec draw_spec(void)
{
	struct simple_spec spec = {
		.id = (unsigned int)draw_below(SIMPLE_IDS),
		.nr_nodes = 1 + (unsigned int)draw_below(SIMPLE_NODES),
		.supersede = draw_chance(20),
		.max_lifetime_ns = draw_chance(50) ? (1 + draw_below(20)) * HOUR : BUILD_DEFAULT,
		.connect_within_ns =
			draw_chance(20) ? (1 + draw_below(30)) * MINUTE : BUILD_DEFAULT,
		.linger_ns = draw_chance(30) ? draw_below(90) * MINUTE : BUILD_DEFAULT,
	};

	for (unsigned int i = 0; i < spec.nr_nodes; i++) {
		spec.vm[i] = draw_chance(70) ? (int)draw_below(SIMPLE_VMS) : SIMPLE_NO_VM;
		spec.vnc[i] = draw_chance(20);
	}
	if (draw_chance(3))
		spec.vm[0] = SIMPLE_OUTSIDE;
	return spec;
}

void draw_fill_spec(const struct simple_spec *simple, struct build_spec *spec)
{
	char text[SIMPLE_NODES][32];
	const char *addresses[SIMPLE_NODES];
	char id[8];

	for (unsigned int i = 0; i < simple->nr_nodes; i++) {
		snprintf(text[i], sizeof(text[i]), "10.%d.0.%d",
			 simple->vm[i] == SIMPLE_OUTSIDE ? 99 : 0, simple->vm[i] + 10);
		addresses[i] = simple->vm[i] == SIMPLE_NO_VM ? "" : text[i];
	}
	snprintf(id, sizeof(id), "b%u", simple->id);
	world_spec(spec, id, simple->nr_nodes, addresses);
	spec->supersede = simple->supersede;
	spec->max_lifetime_ns = simple->max_lifetime_ns;
	spec->connect_within_ns = simple->connect_within_ns;
	spec->linger_ns = simple->linger_ns;
	for (unsigned int i = 0; i < simple->nr_nodes; i++)
		if (simple->vnc[i]) {
			struct forward_spec *forward =
				model_build_spec_node_spec_add_forward(&spec->nodes[i]);

			strcpy(forward->name, "vnc");
			forward->port = 5901;
			forward->protocol_mask = SP_PROTOCOL_TCP;
		}
}
