/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/split.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A place in the text. At its end every look finds '\0', which is no JSON. */
struct cursor {
	const char *at;
	const char *end;
};

static char look(const struct cursor *cursor)
{
	return cursor->at < cursor->end ? *cursor->at : '\0';
}

static char look_past_space(struct cursor *cursor)
{
	while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\n' ||
					    *cursor->at == '\t' || *cursor->at == '\r'))
		cursor->at++;
	return look(cursor);
}

/* From a quote past the one that ends the string. */
static void skip_string(struct cursor *cursor)
{
	for (cursor->at++; cursor->at < cursor->end && *cursor->at != '"'; cursor->at++)
		if (*cursor->at == '\\' && cursor->at + 1 < cursor->end)
			cursor->at++;
	if (cursor->at < cursor->end)
		cursor->at++;
}

/* From a value's first character past its last, which for a plain one is before what ends it. */
static void skip_value(struct cursor *cursor)
{
	unsigned int depth = 0;

	while (cursor->at < cursor->end) {
		char c = *cursor->at;

		if (depth == 0 && (c == ',' || c == ']' || c == '}'))
			return;
		if (c == '"') {
			skip_string(cursor);
			continue;
		}
		cursor->at++;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			return;
	}
}

/* Result: whether a list begins there, and the name before it is this one. */
static bool find_list(struct cursor *cursor, const char *name)
{
	size_t name_bytes = strlen(name);

	if (look_past_space(cursor) != '{')
		return false;
	do {
		const char *key;
		bool found;

		cursor->at++;
		if (look_past_space(cursor) != '"')
			return false;
		key = cursor->at + 1;
		skip_string(cursor);
		found = (size_t)(cursor->at - key) == name_bytes + 1 &&
			memcmp(key, name, name_bytes) == 0;
		if (look_past_space(cursor) != ':')
			return false;
		cursor->at++;
		look_past_space(cursor);
		if (found)
			return look(cursor) == '[';
		skip_value(cursor);
	} while (look_past_space(cursor) == ',');
	return false;
}

static int add_item(struct json_split *split, size_t *room, struct json_part item)
{
	if (split->nr == *room) {
		size_t more = *room ? *room * 2 : 64;
		struct json_part *grown = reallocarray(split->item, more, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		split->item = grown;
		*room = more;
	}
	split->item[split->nr++] = item;
	return 0;
}

/* From a list's bracket past the one that ends it. */
static int take_items(struct cursor *cursor, struct json_split *split)
{
	size_t room = 0;

	cursor->at++;
	if (look_past_space(cursor) == ']') {
		cursor->at++;
		return 0;
	}
	do {
		struct json_part item;
		int r;

		if (split->nr)
			cursor->at++;
		if (look_past_space(cursor) != '{')
			return -EINVAL;
		item.text = cursor->at;
		skip_value(cursor);
		item.bytes = (size_t)(cursor->at - item.text);
		r = add_item(split, &room, item);
		if (r < 0)
			return r;
	} while (look_past_space(cursor) == ',');
	if (look(cursor) != ']')
		return -EINVAL;
	cursor->at++;
	return 0;
}

static int copy_rest(const char *text, const char *list, const struct cursor *after,
		     struct json_split *split)
{
	size_t before_bytes = (size_t)(list - text), after_bytes = (size_t)(after->end - after->at);

	split->rest = malloc(before_bytes + 2 + after_bytes);
	if (!split->rest)
		return -ENOMEM;
	memcpy(split->rest, text, before_bytes);
	memcpy(split->rest + before_bytes, "[]", 2);
	memcpy(split->rest + before_bytes + 2, after->at, after_bytes);
	split->rest_bytes = before_bytes + 2 + after_bytes;
	return 0;
}

int json_split(const char *text, size_t bytes, const char *name, struct json_split *ret_split)
{
	struct cursor cursor = {text, text + bytes};
	struct json_split split = {0};
	const char *list;
	int r;

	if (!find_list(&cursor, name))
		return -EINVAL;
	list = cursor.at;
	r = take_items(&cursor, &split);
	if (r == 0)
		r = copy_rest(text, list, &cursor, &split);
	if (r < 0) {
		json_split_clear(&split);
		return r;
	}
	*ret_split = split;
	return 0;
}

void json_split_clear(struct json_split *split)
{
	free(split->item);
	free(split->rest);
	*split = (struct json_split){0};
}
