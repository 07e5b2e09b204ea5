/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "json/problem.h"
#include "json/shape.h"

#define POINTER_BYTES 128

struct place {
	const struct place *above; /* NULL: the whole */
	const char *name;	   /* NULL: an item of a list */
	size_t index;
};

static size_t print_place(const struct place *place, char *text, size_t bytes)
{
	size_t used = place->above ? print_place(place->above, text, bytes) : 0;

	if (!place->above || used >= bytes)
		return used;
	if (place->name)
		used += (size_t)snprintf(text + used, bytes - used, "/%.32s", place->name);
	else
		used += (size_t)snprintf(text + used, bytes - used, "/%zu", place->index);
	return used;
}

static int complain(const struct place *place, const char *what, struct problem *problem)
{
	char pointer[POINTER_BYTES] = "";

	print_place(place, pointer, sizeof(pointer));
	json_problem_add(problem, PROBLEM_INVALID, pointer, "%s", what);
	return -EINVAL;
}

static int check_object(const struct json_shape *shape, const json_t *value,
			const struct place *place, struct problem *problem);

static bool is_one_of(const char *values, const char *text)
{
	size_t bytes = strlen(text);

	for (; values; values = strchr(values, '|')) {
		values += *values == '|';
		if (strncmp(values, text, bytes) == 0 &&
		    (values[bytes] == '|' || values[bytes] == '\0'))
			return true;
	}
	return false;
}

static int check_text(const struct json_shape_member *member, const json_t *value,
		      const struct place *place, struct problem *problem)
{
	const char *text = json_string_value(value);

	if (!text)
		return complain(place, "must be a string", problem);
	if (strlen(text) != json_string_length(value) || strlen(text) > CHECK_TEXT_MAX)
		return complain(place, "is too long, or has a NUL", problem);
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (*c < ' ' || *c == 0x7f)
			return complain(place, "has a control character", problem);
	if (member->values && !is_one_of(member->values, text))
		return complain(place, "is none of the values that there are", problem);
	return 0;
}

static int check_one(const struct json_shape_member *member, const json_t *value,
		     const struct place *place, struct problem *problem)
{
	switch (member->kind) {
	case JSON_SHAPE_STRING:
	case JSON_SHAPE_TIME:
		return check_text(member, value, place, problem);
	case JSON_SHAPE_INTEGER:
		return json_is_integer(value) ? 0 : complain(place, "must be an integer", problem);
	case JSON_SHAPE_BOOLEAN:
		return json_is_boolean(value) ? 0
					      : complain(place, "must be true or false", problem);
	case JSON_SHAPE_OBJECT:
		return check_object(member->shape, value, place, problem);
	}
	return 0;
}

static int check_list(const struct json_shape_member *member, const json_t *value,
		      const struct place *place, struct problem *problem)
{
	struct place inside = {.above = place};
	const json_t *item;
	int error = 0;

	if (!json_is_array(value))
		return complain(place, "must be a list", problem);
	json_array_foreach ((json_t *)value, inside.index, item)
		if (check_one(member, item, &inside, problem))
			error = -EINVAL;
	return error;
}

static int check_names(const struct json_shape_member *member, const json_t *value,
		       const struct place *place, struct problem *problem)
{
	struct place inside = {.above = place};
	const json_t *item;
	int error = 0;

	if (!json_is_object(value))
		return complain(place, "must be an object", problem);
	json_object_foreach ((json_t *)value, inside.name, item)
		if (check_one(member, item, &inside, problem))
			error = -EINVAL;
	return error;
}

static int check_member(const struct json_shape_member *member, const json_t *value,
			const struct place *place, struct problem *problem)
{
	switch (member->many) {
	case JSON_SHAPE_ONE:
		return check_one(member, value, place, problem);
	case JSON_SHAPE_OR_NULL:
		return json_is_null(value) ? 0 : check_one(member, value, place, problem);
	case JSON_SHAPE_LIST:
		return check_list(member, value, place, problem);
	case JSON_SHAPE_LIST_OR_NULL:
		return json_is_null(value) ? 0 : check_list(member, value, place, problem);
	case JSON_SHAPE_BY_NAME:
		return check_names(member, value, place, problem);
	}
	return 0;
}

static int check_object(const struct json_shape *shape, const json_t *value,
			const struct place *place, struct problem *problem)
{
	struct place inside = {.above = place};
	const json_t *item;
	int error = 0;

	if (!json_is_object(value))
		return complain(place, "must be an object", problem);
	json_object_foreach ((json_t *)value, inside.name, item)
		if (!json_shape_find(shape, inside.name))
			error = complain(&inside, "is not known here", problem);
	for (const struct json_shape_member *member = shape->members; member->name; member++) {
		inside.name = member->name;
		item = json_object_get(value, member->name);
		if (!item && !member->optional)
			error = complain(&inside, "is missing", problem);
		else if (item && check_member(member, item, &inside, problem))
			error = -EINVAL;
	}
	return error;
}

int json_check_shape(const struct json_shape *shape, const json_t *value, struct problem *problem)
{
	return check_object(shape, value, &(struct place){0}, problem);
}
