/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/split.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
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

static int add_item(struct json_split *split, struct json_part item)
{
	if (split->nr == split->room) {
		size_t more = split->room ? split->room * 2 : 64;
		struct json_part *grown = reallocarray(split->item, more, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		split->item = grown;
		split->room = more;
	}
	split->item[split->nr++] = item;
	return 0;
}

/* At the list's bracket, or at a comma. */
static int take_item(struct cursor *cursor, struct json_split *split)
{
	struct json_part item;

	cursor->at++;
	if (look_past_space(cursor) != '{')
		return -EINVAL;
	item.text = cursor->at;
	skip_value(cursor);
	item.bytes = (size_t)(cursor->at - item.text);
	return add_item(split, item);
}

static bool is_empty_list(const struct cursor *cursor)
{
	struct cursor inside = {cursor->at + 1, cursor->end};

	return look_past_space(&inside) == ']';
}

/* From a list's bracket past the one that ends it. Result: -EAGAIN if it was more than most. */
static int take_items(struct cursor *cursor, struct json_split *split, size_t most)
{
	int r = 0;

	if (split->nr == 0 && is_empty_list(cursor)) {
		cursor->at++;
		look_past_space(cursor);
	} else {
		do {
			if (most-- == 0)
				return -EAGAIN;
			r = take_item(cursor, split);
		} while (r == 0 && look_past_space(cursor) == ',');
	}
	if (r == 0 && look(cursor) != ']')
		r = -EINVAL;
	cursor->at++;
	return r;
}

static int copy_rest(struct json_split *split)
{
	size_t before_bytes = (size_t)(split->list - split->text);
	size_t after_bytes = (size_t)(split->end - split->at);

	split->rest = malloc(before_bytes + 2 + after_bytes);
	if (!split->rest)
		return -ENOMEM;
	memcpy(split->rest, split->text, before_bytes);
	memcpy(split->rest + before_bytes, "[]", 2);
	memcpy(split->rest + before_bytes + 2, split->at, after_bytes);
	split->rest_bytes = before_bytes + 2 + after_bytes;
	return 0;
}

int json_split_begin(const char *text, size_t bytes, const char *name, struct json_split *ret_split)
{
	struct cursor cursor = {text, text + bytes};

	if (!find_list(&cursor, name))
		return -EINVAL;
	*ret_split = (struct json_split){
		.text = text, .list = cursor.at, .at = cursor.at, .end = cursor.end};
	return 0;
}

int json_split_some(struct json_split *split, size_t most)
{
	struct cursor cursor = {split->at, split->end};
	int r = take_items(&cursor, split, most);

	split->at = cursor.at;
	return r < 0 ? r : copy_rest(split);
}

int json_split(const char *text, size_t bytes, const char *name, struct json_split *ret_split)
{
	struct json_split split;
	int r = json_split_begin(text, bytes, name, &split);

	if (r < 0)
		return r;
	r = json_split_some(&split, SIZE_MAX);
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
