/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/decode.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/spell.h"
#include "json/path.h"

#define SHOWN_BYTES 40

struct json_block {
	struct json_block *next;
	max_align_t data[];
};

/* A value on its way into a member. */
struct step {
	struct json_document *document;
	const struct json_field *field;
	const struct json_path *path;
	json_t *value;
	void *member;
};

static int decode_object(struct json_document *document, const struct json_table *table,
			 const struct json_path *path, json_t *value, char *object);

static void refuse(struct json_document *document, const struct json_path *path, const char *format,
		   ...) __attribute__((format(printf, 3, 4)));

static void refuse(struct json_document *document, const struct json_path *path, const char *format,
		   ...)
{
	char pointer[sizeof(document->problem->errors[0].pointer)];
	char detail[sizeof(document->problem->errors[0].detail)];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	json_path_print(path, pointer, sizeof(pointer));
	json_problem_set(document->problem, PROBLEM_INVALID, "The request holds wrong values.");
	json_problem_add(document->problem, PROBLEM_INVALID, pointer, "%s", detail);
}

static void *allocate(struct json_document *document, size_t nr, size_t size)
{
	struct json_block *block = calloc(1, sizeof(*block) + nr * size);

	if (!block)
		return NULL;
	block->next = document->blocks;
	document->blocks = block;
	return block->data;
}

static const char *name_type(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "a whole number";
	case JSON_REAL:
		return "a number with a fraction";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	case JSON_NULL:
		break;
	}
	return "null";
}

static bool check_type(const struct step *step, bool fits, const char *wanted)
{
	if (!fits)
		refuse(step->document, step->path, "must be %s, not %s", wanted,
		       name_type(step->value));
	return fits;
}

/* C0, DEL and, as U+0080 to U+009F in UTF-8, C1. */
static bool has_control(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f))
			return true;
	}
	return false;
}

/* Result: the text, NULL if it is none or has the wrong length or characters. */
static const char *take_text(const struct step *step)
{
	const struct json_field *field = step->field;
	const char *text;
	size_t bytes;

	if (!check_type(step, json_is_string(step->value), "a string"))
		return NULL;
	text = json_string_value(step->value);
	bytes = json_string_length(step->value);
	if (bytes < field->min && bytes == 0)
		refuse(step->document, step->path, "must not be empty");
	else if (bytes < field->min)
		refuse(step->document, step->path, "must have at least %" PRIu64 " bytes",
		       field->min);
	else if (field->max && bytes > field->max)
		refuse(step->document, step->path, "must have at most %" PRIu64 " bytes, not %zu",
		       field->max, bytes);
	else if (has_control(text))
		refuse(step->document, step->path, "must not have control characters");
	else
		return text;
	return NULL;
}

static int decode_string(const struct step *step)
{
	const char *text = take_text(step);

	if (text)
		memcpy(step->member, &text, sizeof(text));
	return 0;
}

static int decode_parsed(const struct step *step)
{
	const char *text = take_text(step), *why = "valid";

	if (text && step->field->parse(text, step->member, &why) < 0)
		refuse(step->document, step->path, "must be %s, not \"%.*s\"", why,
		       (int)json_path_cut(text, SHOWN_BYTES), text);
	return 0;
}

static void store_integer(const struct json_field *field, void *member, uint64_t value)
{
	switch (field->member_bytes) {
	case 1:
		*(uint8_t *)member = (uint8_t)value;
		break;
	case 2:
		*(uint16_t *)member = (uint16_t)value;
		break;
	case 4:
		*(uint32_t *)member = (uint32_t)value;
		break;
	default:
		assert(field->member_bytes == 8);
		*(uint64_t *)member = value;
	}
}

static int decode_integer(const struct step *step)
{
	const struct json_field *field = step->field;
	json_int_t value;

	if (!check_type(step, json_is_integer(step->value), "a whole number"))
		return 0;
	value = json_integer_value(step->value);
	if (value < 0 || (uint64_t)value < field->min ||
	    (field->max && (uint64_t)value > field->max)) {
		refuse(step->document, step->path,
		       "must be from %" PRIu64 " to %" PRIu64 ", not %" JSON_INTEGER_FORMAT,
		       field->min, field->max ? field->max : (uint64_t)INT64_MAX, value);
		return 0;
	}
	store_integer(field, step->member, (uint64_t)value);
	return 0;
}

static int decode_boolean(const struct step *step)
{
	if (check_type(step, json_is_boolean(step->value), "true or false"))
		*(bool *)step->member = json_is_true(step->value);
	return 0;
}

static int decode_value(const struct step *step);

static int decode_list(const struct step *step)
{
	const struct json_field *field = step->field, *item = field->item;
	struct json_list *list = step->member;
	size_t nr;
	char *items;

	if (!check_type(step, json_is_array(step->value), "an array"))
		return 0;
	nr = json_array_size(step->value);
	if (nr < field->min || (field->max && nr > field->max)) {
		refuse(step->document, step->path,
		       "must have from %" PRIu64 " to %" PRIu64 " items, not %zu", field->min,
		       field->max, nr);
		return 0;
	}
	items = allocate(step->document, nr, item->member_bytes);
	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		struct json_path path = {.parent = step->path, .index = i};
		struct step inner = {
			.document = step->document,
			.field = item,
			.path = &path,
			.value = json_array_get(step->value, i),
			.member = items + i * item->member_bytes,
		};
		int r = decode_value(&inner);

		if (r < 0)
			return r;
	}
	*list = (struct json_list){.items = items, .nr = nr, .given = true};
	return 0;
}

static int decode_value(const struct step *step)
{
	switch (step->field->kind) {
	case JSON_KIND_STRING:
		return decode_string(step);
	case JSON_KIND_INTEGER:
		return decode_integer(step);
	case JSON_KIND_BOOLEAN:
		return decode_boolean(step);
	case JSON_KIND_PARSED:
		return decode_parsed(step);
	case JSON_KIND_OBJECT:
		return decode_object(step->document, step->field->table, step->path, step->value,
				     step->member);
	case JSON_KIND_LIST:
		return decode_list(step);
	}
	assert(!"a kind without a decoder");
	return 0;
}

static const struct json_field *find_field(const struct json_table *table, const char *name)
{
	for (size_t i = 0; i < table->nr_fields; i++) {
		if (strcmp(table->fields[i].name, name) == 0)
			return &table->fields[i];
	}
	return NULL;
}

static void refuse_field(struct json_document *document, const struct json_table *table,
			 const struct json_path *path)
{
	struct spell_guess guess = {.word = path->name};
	int length = (int)json_path_cut(path->name, SHOWN_BYTES);

	for (size_t i = 0; i < table->nr_fields; i++)
		spell_consider(&guess, table->fields[i].name);
	if (guess.name)
		refuse(document, path, "unknown field \"%.*s\"; did you mean \"%s\"?", length,
		       path->name, guess.name);
	else
		refuse(document, path, "unknown field \"%.*s\"", length, path->name);
}

static void refuse_unknown(struct json_document *document, const struct json_table *table,
			   const struct json_path *parent, json_t *value)
{
	const char *name;
	json_t *member;

	json_object_foreach (value, name, member) {
		struct json_path path = {.parent = parent, .name = name};

		if (!find_field(table, name))
			refuse_field(document, table, &path);
	}
}

static int decode_member(struct json_document *document, const struct json_field *field,
			 const struct json_path *parent, json_t *object_value, char *object)
{
	const struct json_path path = {.parent = parent, .name = field->name};
	const struct step step = {
		.document = document,
		.field = field,
		.path = &path,
		.value = json_object_get(object_value, field->name),
		.member = object + field->offset,
	};

	if (field->kind == JSON_KIND_INTEGER && field->preset)
		store_integer(field, step.member, field->preset);
	if (step.value && (field->required || !json_is_null(step.value)))
		return decode_value(&step);
	if (field->required)
		refuse(document, &path, "is required");
	return 0;
}

static int decode_object(struct json_document *document, const struct json_table *table,
			 const struct json_path *path, json_t *value, char *object)
{
	if (!json_is_object(value)) {
		refuse(document, path, "must be an object, not %s", name_type(value));
		return 0;
	}
	for (size_t i = 0; i < table->nr_fields; i++) {
		int r = decode_member(document, &table->fields[i], path, value, object);

		if (r < 0)
			return r;
	}
	refuse_unknown(document, table, path, value);
	return 0;
}

/* The library's words, but for those that speak of the library. */
const char *json_decode_why(const json_error_t *error, const char *text, size_t bytes,
			    char ret_why[JSON_DECODE_WHY_BYTES])
{
	const char *what = error->text;
	size_t blank = 0;

	while (blank < bytes && strchr(" \t\r\n", text[blank]) && text[blank])
		blank++;
	if (blank == bytes) {
		snprintf(ret_why, JSON_DECODE_WHY_BYTES, "it is empty, where JSON was expected");
		return ret_why;
	}
	if (json_error_code(error) == json_error_null_character)
		what = "a string must not have the character \\u0000";
	else if (json_error_code(error) == json_error_null_byte_in_key)
		what = "a name must not have the character \\u0000";
	snprintf(ret_why, JSON_DECODE_WHY_BYTES, "line %d, column %d: %s", error->line,
		 error->column, what);
	return ret_why;
}

int json_decode(struct json_document *document, const char *text, size_t bytes,
		const struct json_table *table, void *object, struct problem *problem)
{
	char why[JSON_DECODE_WHY_BYTES];
	json_error_t error;
	int r;

	document->problem = problem;
	document->root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!document->root) {
		if (json_error_code(&error) == json_error_out_of_memory)
			return -ENOMEM;
		json_decode_why(&error, text, bytes, why);
		json_problem_set(problem, PROBLEM_MALFORMED, "%s", why);
		return -EBADMSG;
	}
	r = decode_object(document, table, NULL, document->root, object);
	if (r < 0)
		return r;
	return problem_is_set(problem) ? -EINVAL : 0;
}

void json_decode_document_clear(struct json_document *document)
{
	while (document->blocks) {
		struct json_block *block = document->blocks;

		document->blocks = block->next;
		free(block);
	}
	json_decref(document->root);
	document->root = NULL;
}
