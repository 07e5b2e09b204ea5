/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/describe/answers.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "api/describe/schemas.h"
#include "json/shape.h"

#define EXAMPLE_TIME "2026-11-23T12:34:56Z"

static json_t *example_of(const struct json_shape *shape);

static json_t *make_values(const char *text)
{
	json_t *values = json_array();

	while (*text) {
		size_t len = strcspn(text, "|");

		json_array_append_new(values, json_stringn(text, len));
		text += len + (text[len] == '|');
	}
	return values;
}

static json_t *make_string(const struct json_shape_member *member)
{
	json_t *schema = json_pack("{s:s}", "type", "string"), *values;

	if (!member->values)
		return schema;
	values = make_values(member->values);
	if (json_array_size(values) == 1)
		json_object_set(schema, "const", json_array_get(values, 0));
	else
		json_object_set(schema, "enum", values);
	json_decref(values);
	return schema;
}

static json_t *make_one(json_t *schemas, const struct json_shape_member *member)
{
	switch (member->kind) {
	case JSON_SHAPE_STRING:
		return make_string(member);
	case JSON_SHAPE_TIME:
		return json_pack("{s:s, s:s}", "type", "string", "format", "date-time");
	case JSON_SHAPE_INTEGER:
		return member->values ? json_pack("{s:s, s:o}", "type", "integer", "const",
						  json_loads(member->values, JSON_DECODE_ANY, NULL))
				      : json_pack("{s:s}", "type", "integer");
	case JSON_SHAPE_BOOLEAN:
		return json_pack("{s:s}", "type", "boolean");
	case JSON_SHAPE_OBJECT:
		describe_answers_add(schemas, member->shape);
		return describe_schemas_reference(member->shape->name);
	}
	return NULL;
}

static json_t *make_nullable(json_t *schema)
{
	return json_pack("{s:[o, {s:s}]}", "anyOf", schema, "type", "null");
}

static json_t *make_list(json_t *schema)
{
	return json_pack("{s:s, s:o}", "type", "array", "items", schema);
}

static json_t *make_member(json_t *schemas, const struct json_shape_member *member)
{
	json_t *schema = make_one(schemas, member);

	switch (member->many) {
	case JSON_SHAPE_ONE:
		break;
	case JSON_SHAPE_OR_NULL:
		schema = make_nullable(schema);
		break;
	case JSON_SHAPE_LIST:
		schema = make_list(schema);
		break;
	case JSON_SHAPE_LIST_OR_NULL:
		schema = make_nullable(make_list(schema));
		break;
	case JSON_SHAPE_BY_NAME:
		schema = json_pack("{s:s, s:o}", "type", "object", "additionalProperties", schema);
		break;
	}
	if (member->help)
		json_object_set_new(schema, "description", json_string(member->help));
	return schema;
}

static json_t *example_of_string(const struct json_shape_member *member)
{
	if (member->example)
		return json_string(member->example);
	return json_stringn(member->values ? member->values : "",
			    member->values ? strcspn(member->values, "|") : 0);
}

static json_t *example_of_one(const struct json_shape_member *member)
{
	switch (member->kind) {
	case JSON_SHAPE_STRING:
		return example_of_string(member);
	case JSON_SHAPE_TIME:
		return json_string(member->example ? member->example : EXAMPLE_TIME);
	case JSON_SHAPE_OBJECT:
		return example_of(member->shape);
	default:
		return json_loads(member->example ? member->example : member->values,
				  JSON_DECODE_ANY, NULL);
	}
}

static json_t *example_of_member(const struct json_shape_member *member)
{
	switch (member->many) {
	case JSON_SHAPE_LIST:
	case JSON_SHAPE_LIST_OR_NULL:
		return json_pack("[o]", example_of_one(member));
	case JSON_SHAPE_BY_NAME:
		return json_object();
	default:
		return example_of_one(member);
	}
}

static json_t *example_of(const struct json_shape *shape)
{
	json_t *example = json_object();

	for (const struct json_shape_member *member = shape->members; member->name; member++)
		json_object_set_new(example, member->name, example_of_member(member));
	return example;
}

void describe_answers_add(json_t *schemas, const struct json_shape *shape)
{
	json_t *properties, *required, *schema;

	if (json_object_get(schemas, shape->name))
		return;
	properties = json_object();
	required = json_array();
	for (const struct json_shape_member *member = shape->members; member->name; member++) {
		json_object_set_new(properties, member->name, make_member(schemas, member));
		if (!member->optional)
			json_array_append_new(required, json_string(member->name));
	}
	schema = json_pack("{s:s, s:o, s:o, s:[o]}", "type", "object", "properties", properties,
			   "required", required, "examples", example_of(shape));
	if (shape->help)
		json_object_set_new(schema, "description", json_string(shape->help));
	json_object_set_new(schemas, shape->name, schema);
}

const char *describe_answers_name(const char *words, const char *kind,
				  char text[DESCRIBE_NAME_BYTES])
{
	size_t len = 0;
	bool begins = true;

	for (; *words && len + 1 < DESCRIBE_NAME_BYTES; words++) {
		bool part = isalnum((unsigned char)*words);

		if (part)
			text[len++] = (char)(begins ? toupper((unsigned char)*words) : *words);
		begins = !part;
	}
	snprintf(text + len, DESCRIBE_NAME_BYTES - len, "%s", kind);
	return text;
}

json_t *describe_answers_choice(void)
{
	return json_pack("{s:[], s:{s:s, s:{}}}", "oneOf", "discriminator", "propertyName", "type",
			 "mapping");
}

void describe_answers_choose(json_t *choice, const char *value, const char *name)
{
	json_t *reference = describe_schemas_reference(name);
	json_t *mapping = json_object_get(json_object_get(choice, "discriminator"), "mapping");

	json_object_set(mapping, value, json_object_get(reference, "$ref"));
	json_array_append_new(json_object_get(choice, "oneOf"), reference);
}
