/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/plain.h"

#include <stdint.h>
#include <string.h>

#include "json/blocks.h"

#define DIGITS_MAX 18 /* fewer than an overflow takes */
#define ITEMS_MIN  4

struct reader {
	const char *at;
	const char *end;
	char *copy; /* where the next string goes */
	struct json_block **blocks;
};

static bool read_object(struct reader *reader, const struct json_table *table, char *object);
static bool read_value(struct reader *reader, const struct json_field *field, void *member);

/* Result: the next character that is no space; '\0' at the end. */
static char look(struct reader *reader)
{
	while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\n' ||
					    *reader->at == '\t' || *reader->at == '\r'))
		reader->at++;
	return reader->at < reader->end ? *reader->at : '\0';
}

static bool take(struct reader *reader, char wanted)
{
	if (look(reader) != wanted || reader->at == reader->end)
		return false;
	reader->at++;
	return true;
}

/* Result: the string and its length, not terminated; or NULL. */
static const char *read_string(struct reader *reader, size_t *ret_bytes)
{
	const char *text;

	if (!take(reader, '"'))
		return NULL;
	text = reader->at;
	while (reader->at < reader->end && *reader->at != '"') {
		if (*reader->at < 0x20 || *reader->at > 0x7e || *reader->at == '\\')
			return NULL;
		reader->at++;
	}
	if (reader->at == reader->end)
		return NULL;
	*ret_bytes = (size_t)(reader->at++ - text);
	return text;
}

/* Result: the text of a string, terminated, as long as the blocks; or NULL. */
static const char *read_text(struct reader *reader, const struct json_field *field)
{
	size_t bytes;
	const char *text = read_string(reader, &bytes);
	char *copy = reader->copy;

	if (!text || bytes < field->min || (field->max && bytes > field->max))
		return NULL;
	memcpy(copy, text, bytes);
	copy[bytes] = '\0';
	reader->copy += bytes + 1;
	return copy;
}

static bool store_integer(const struct json_field *field, void *member, uint64_t value)
{
	switch (field->member_bytes) {
	case 1:
		*(uint8_t *)member = (uint8_t)value;
		return true;
	case 2:
		*(uint16_t *)member = (uint16_t)value;
		return true;
	case 4:
		*(uint32_t *)member = (uint32_t)value;
		return true;
	case 8:
		*(uint64_t *)member = value;
		return true;
	}
	return false;
}

static bool ends_number(struct reader *reader)
{
	char next = reader->at < reader->end ? *reader->at : '\0';

	return next == ',' || next == '}' || next == ']' || next == ' ' || next == '\n' ||
	       next == '\t' || next == '\r';
}

static bool read_integer(struct reader *reader, const struct json_field *field, void *member)
{
	unsigned int digits = 0;
	uint64_t value = 0;
	const char *first;

	look(reader);
	first = reader->at;
	while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') {
		if (++digits > DIGITS_MAX)
			return false;
		value = value * 10 + (uint64_t)(*reader->at++ - '0');
	}
	if (digits == 0 || (digits > 1 && *first == '0') || !ends_number(reader))
		return false;
	if (value < field->min || (field->max && value > field->max))
		return false;
	return store_integer(field, member, value);
}

static bool read_word(struct reader *reader, const char *word)
{
	size_t bytes = strlen(word);

	look(reader);
	if ((size_t)(reader->end - reader->at) < bytes || memcmp(reader->at, word, bytes) != 0)
		return false;
	reader->at += bytes;
	return ends_number(reader);
}

static bool read_boolean(struct reader *reader, void *member)
{
	bool value = look(reader) == 't';

	*(bool *)member = value;
	return read_word(reader, value ? "true" : "false");
}

/* Items move as they become more. Result: the place of the next, or NULL. */
static char *next_item(struct reader *reader, const struct json_field *item, struct json_list *list,
		       size_t *room)
{
	size_t bytes = item->member_bytes;

	if (list->nr == *room) {
		size_t more = *room ? *room * 2 : ITEMS_MIN;
		char *grown = json_blocks_allocate(reader->blocks, more, bytes);

		if (!grown)
			return NULL;
		if (list->nr)
			memcpy(grown, list->items, list->nr * bytes);
		list->items = grown;
		*room = more;
	}
	return (char *)list->items + list->nr++ * bytes;
}

static bool read_items(struct reader *reader, const struct json_field *field,
		       struct json_list *list)
{
	size_t room = 0;

	do {
		char *item = next_item(reader, field->item, list, &room);

		if (!item || (field->max && list->nr > field->max) ||
		    !read_value(reader, field->item, item))
			return false;
	} while (take(reader, ','));
	return take(reader, ']');
}

static bool read_list(struct reader *reader, const struct json_field *field, void *member)
{
	struct json_list *list = member;

	list->given = true;
	if (!take(reader, '['))
		return false;
	if (look(reader) == ']')
		reader->at++;
	else if (!read_items(reader, field, list))
		return false;
	if (!list->items)
		list->items = json_blocks_allocate(reader->blocks, 0, 1);
	return list->items && list->nr >= field->min;
}

static bool read_value(struct reader *reader, const struct json_field *field, void *member)
{
	const char *text, *why;

	switch (field->kind) {
	case JSON_KIND_STRING:
		text = read_text(reader, field);
		if (text)
			memcpy(member, &text, sizeof(text));
		return text;
	case JSON_KIND_PARSED:
		text = read_text(reader, field);
		return text && field->parse(text, member, &why) == 0;
	case JSON_KIND_INTEGER:
		return read_integer(reader, field, member);
	case JSON_KIND_BOOLEAN:
		return read_boolean(reader, member);
	case JSON_KIND_OBJECT:
		return read_object(reader, field->table, member);
	case JSON_KIND_LIST:
		return read_list(reader, field, member);
	}
	return false;
}

/* Result: the field's place in the table, or nr_fields. */
static size_t find_field(const struct json_table *table, const char *name, size_t bytes)
{
	size_t i = 0;

	while (i < table->nr_fields && (strncmp(table->fields[i].name, name, bytes) != 0 ||
					table->fields[i].name[bytes] != '\0'))
		i++;
	return i;
}

/* seen: bits of the table's fields. */
static bool read_members(struct reader *reader, const struct json_table *table, char *object,
			 uint64_t *seen)
{
	do {
		size_t bytes, place;
		const char *name = read_string(reader, &bytes);
		const struct json_field *field;

		if (!name || !take(reader, ':'))
			return false;
		place = find_field(table, name, bytes);
		if (place == table->nr_fields || *seen & 1ULL << place)
			return false;
		*seen |= 1ULL << place;
		field = &table->fields[place];
		if (!read_value(reader, field, object + field->offset))
			return false;
	} while (take(reader, ','));
	return take(reader, '}');
}

/* What is not given. */
static bool fill_rest(const struct json_table *table, char *object, uint64_t seen)
{
	for (size_t i = 0; i < table->nr_fields; i++) {
		const struct json_field *field = &table->fields[i];

		if (seen & 1ULL << i)
			continue;
		if (field->required)
			return false;
		if (field->kind == JSON_KIND_INTEGER && field->preset &&
		    !store_integer(field, object + field->offset, field->preset))
			return false;
	}
	return true;
}

static bool read_object(struct reader *reader, const struct json_table *table, char *object)
{
	uint64_t seen = 0;

	if (table->nr_fields > 64 || !take(reader, '{'))
		return false;
	if (look(reader) == '}')
		reader->at++;
	else if (!read_members(reader, table, object, &seen))
		return false;
	return fill_rest(table, object, seen);
}

bool json_plain_decode(struct json_block **blocks, const char *text, size_t bytes,
		       const struct json_table *table, void *object)
{
	/* A string loses its quotes, and is terminated instead. */
	struct reader reader = {text, text + bytes, json_blocks_allocate(blocks, bytes + 1, 1),
				blocks};

	return reader.copy && read_object(&reader, table, object) && look(&reader) == '\0' &&
	       reader.at == reader.end;
}
