/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tables that say what an object of an answer holds. It is put together by the rows, so that the
 * OpenAPI document, which is made from the same rows, cannot name another member than is there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

enum json_shape_kind {
	JSON_SHAPE_STRING,
	JSON_SHAPE_TIME, /* RFC 3339, in UTC */
	JSON_SHAPE_INTEGER,
	JSON_SHAPE_BOOLEAN,
	JSON_SHAPE_OBJECT, /* of shape */
};

/* How many there are of that kind. */
enum json_shape_many {
	JSON_SHAPE_ONE,
	JSON_SHAPE_OR_NULL, /* or null: there is none, or it is not known */
	JSON_SHAPE_LIST,
	JSON_SHAPE_LIST_OR_NULL,
	JSON_SHAPE_BY_NAME, /* an object whose members, of any name, are of the kind */
};

struct json_shape;

struct json_shape_member {
	const char *name;
	enum json_shape_kind kind;
	enum json_shape_many many;
	bool optional; /* it may be absent: then the object is not made by json_shape_object() */
	const struct json_shape *shape;
	const char *values;  /* "a|b": there are no others */
	const char *example; /* as JSON writes it, a string without its quotes */
	const char *help;
};

struct json_shape {
	const char *name; /* of the schema */
	const char *help;
	const struct json_shape_member *members; /* up to the first without a name */
};

/*
 * Puts an object together from as many values as shape has rows, in their order. The values are
 * taken over, also on failure. Result: NULL without memory, or if one of the values is NULL.
 */
json_t *json_shape_object(const struct json_shape *shape, json_t *const *values, size_t nr_values);

#define JSON_SHAPE_OBJECT_OF(shape, ...)                                                           \
	json_shape_object(shape, (json_t *[]){__VA_ARGS__},                                        \
			  sizeof((json_t *[]){__VA_ARGS__}) / sizeof(json_t *))

/* Result: the row of that name, NULL if there is none. */
const struct json_shape_member *json_shape_find(const struct json_shape *shape, const char *name);
