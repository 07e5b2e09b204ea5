/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/shape.h"

#include <assert.h>
#include <string.h>

json_t *json_shape_object(const struct json_shape *shape, json_t *const *values, size_t nr_values)
{
	json_t *object = json_object();
	bool whole = object;

	for (size_t i = 0; i < nr_values; i++) {
		assert(shape->members[i].name);
		whole = json_object_set_new(object, shape->members[i].name, values[i]) == 0 &&
			whole;
	}
	assert(!shape->members[nr_values].name);
	if (whole)
		return object;
	json_decref(object);
	return NULL;
}

const struct json_shape_member *json_shape_find(const struct json_shape *shape, const char *name)
{
	for (const struct json_shape_member *member = shape->members; member->name; member++)
		if (strcmp(member->name, name) == 0)
			return member;
	return NULL;
}
