/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON Schemas of what is answered, with examples, for the OpenAPI document. */
#pragma once

#include <stddef.h>

#include <jansson.h>

struct json_shape;

#define DESCRIBE_NAME_BYTES 64

/* Adds a shape, and those that it names, to schemas by their names. */
void describe_answers_add(json_t *schemas, const struct json_shape *shape);

/* Result: "build.enabled" and "Event" as BuildEnabledEvent, in text. */
const char *describe_answers_name(const char *words, const char *kind,
				  char text[DESCRIBE_NAME_BYTES]);

/*
 * A choice of schemas that are told apart by their member type: begun without any, and each added
 * with the value it has there.
 */
json_t *describe_answers_choice(void);
void describe_answers_choose(json_t *choice, const char *value, const char *name);
