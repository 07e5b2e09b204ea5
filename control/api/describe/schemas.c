/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/describe/schemas.h"

#include "json/table.h"

static void add_table(json_t *schemas, const struct json_table *table);
static json_t *make_field(json_t *schemas, const struct json_field *field);

json_t *describe_schemas_reference(const char *name)
{
	return json_pack("{s:o}", "$ref", json_sprintf("#/components/schemas/%s", name));
}

static void set_limit(json_t *schema, const char *name, uint64_t limit)
{
	if (limit)
		json_object_set_new(schema, name, json_integer((json_int_t)limit));
}

static void set_format(json_t *schema, const struct json_field *field)
{
	if (field->format)
		json_object_set_new(schema, field->format[0] == '^' ? "pattern" : "format",
				    json_string(field->format));
}

static json_t *make_text(const struct json_field *field)
{
	json_t *schema = json_pack("{s:s}", "type", "string");

	set_limit(schema, "minLength", field->min);
	set_limit(schema, "maxLength", field->max);
	set_format(schema, field);
	return schema;
}

static json_t *make_integer(const struct json_field *field)
{
	json_t *schema =
		json_pack("{s:s, s:I}", "type", "integer", "minimum", (json_int_t)field->min);

	set_limit(schema, "maximum", field->max);
	return schema;
}

static json_t *make_list(json_t *schemas, const struct json_field *field)
{
	json_t *schema =
		json_pack("{s:s, s:o}", "type", "array", "items", make_field(schemas, field->item));

	set_limit(schema, "minItems", field->min);
	set_limit(schema, "maxItems", field->max);
	return schema;
}

static json_t *make_object(json_t *schemas, const struct json_field *field)
{
	add_table(schemas, field->table);
	return describe_schemas_reference(field->table->name);
}

static json_t *make_kind(json_t *schemas, const struct json_field *field)
{
	switch (field->kind) {
	case JSON_KIND_STRING:
	case JSON_KIND_PARSED:
		return make_text(field);
	case JSON_KIND_INTEGER:
		return make_integer(field);
	case JSON_KIND_BOOLEAN:
		return json_pack("{s:s}", "type", "boolean");
	case JSON_KIND_OBJECT:
		return make_object(schemas, field);
	case JSON_KIND_LIST:
		return make_list(schemas, field);
	}
	return NULL;
}

static json_t *make_field(json_t *schemas, const struct json_field *field)
{
	json_t *schema = make_kind(schemas, field);

	if (field->help)
		json_object_set_new(schema, "description", json_string(field->help));
	return schema;
}

/* What may be absent may be null as well. */
static json_t *make_member(json_t *schemas, const struct json_field *field)
{
	json_t *schema = make_field(schemas, field);

	if (field->required)
		return schema;
	return json_pack("{s:[o, {s:s}]}", "anyOf", schema, "type", "null");
}

static void add_table(json_t *schemas, const struct json_table *table)
{
	json_t *properties = json_object(), *required = json_array(), *schema;

	for (size_t i = 0; i < table->nr_fields; i++) {
		const struct json_field *field = &table->fields[i];

		json_object_set_new(properties, field->name, make_member(schemas, field));
		if (field->required)
			json_array_append_new(required, json_string(field->name));
	}
	schema = json_pack("{s:s, s:b, s:o}", "type", "object", "additionalProperties", 0,
			   "properties", properties);
	if (json_array_size(required))
		json_object_set(schema, "required", required);
	json_decref(required);
	json_object_set_new(schemas, table->name, schema);
}

void describe_schemas_add(json_t *schemas, const struct json_table *table)
{
	add_table(schemas, table);
}
