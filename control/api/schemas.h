/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON Schemas of request bodies and problems, for the OpenAPI document. */
#pragma once

#include <jansson.h>

struct api_route;

/* Result: all schemas by name; NULL without memory. */
json_t *api_schemas(const struct api_route *routes);

/* Result: {"$ref": …} of a schema. */
json_t *api_schemas_reference(const char *name);
