/* SPDX-License-Identifier: BSD-3-Clause */
/* Builds as the API shows them. */
#pragma once

#include <jansson.h>

#include "model/clock.h"

struct build;
struct edge;
struct json_shape;
struct model_settings;
struct table_map;

struct api_view {
	const struct edge *edge;
	const struct model_settings *settings;
	const struct table_map *table;
	struct instant now;
};

/* Result: the build as JSON, NULL without memory; and what that is made of. */
json_t *api_render_build(const struct api_view *view, const struct build *build);
extern const struct json_shape api_render_build_shape;
