/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/values.h"

#include <string.h>

#include "model/build.h"
#include "model/wall_time.h"

#define UTF8_MAX_TAIL 3

json_t *json_values_string(const char *text)
{
	size_t bytes = strlen(text);

	for (size_t cut = 0; cut <= UTF8_MAX_TAIL && cut <= bytes; cut++) {
		json_t *string = json_stringn(text, bytes - cut);

		if (string)
			return string;
	}
	return json_string("(not UTF-8)");
}

json_t *json_values_strings(const struct strings *strings)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < strings->nr; i++)
		json_array_append_new(array, json_values_string(strings->item[i]));
	return array;
}

json_t *json_values_time(uint64_t wall_ns)
{
	char text[WALL_TIME_BYTES];

	return wall_ns ? json_string(model_wall_time_print(wall_ns, text)) : json_null();
}

json_t *json_values_string_or_null(const char *text)
{
	return text ? json_values_string(text) : json_null();
}

json_t *json_values_number(uint64_t number)
{
	return json_integer((json_int_t)number);
}
