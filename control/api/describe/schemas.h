/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON Schemas of request bodies, for the OpenAPI document. */
#pragma once

#include <jansson.h>

struct json_table;

/* Adds a table, and those that it names, to schemas by their names. */
void describe_schemas_add(json_t *schemas, const struct json_table *table);

/* Result: {"$ref": …} of a schema. */
json_t *describe_schemas_reference(const char *name);
