/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON Schemas of request bodies and problems, for the OpenAPI document. */
#pragma once

#include <jansson.h>

/* Result: all schemas by name; NULL without memory. */
json_t *api_schemas(void);

/* Result: {"$ref": …} of a schema. */
json_t *api_schemas_reference(const char *name);
