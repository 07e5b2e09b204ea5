/* SPDX-License-Identifier: BSD-3-Clause */
/* Builds as the API shows them. */
#pragma once

#include <jansson.h>

#include "model/clock.h"

struct build;
struct edge;
struct edge_settings;
struct strings;
struct table_map;

struct api_view {
	const struct edge *edge;
	const struct edge_settings *settings;
	const struct table_map *table; /* NULL: without usage */
	struct instant now;
};

/* Result: the build as JSON, NULL without memory. */
json_t *api_render_build(const struct api_view *view, const struct build *build);

/* Result: an array, NULL without memory. */
json_t *api_render_strings(const struct strings *strings);

/* Result: a wall time as JSON, null for 0; NULL without memory. */
json_t *api_render_time(uint64_t wall_ns);
