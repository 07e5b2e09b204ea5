/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the items of a long list are in a JSON text, so that they can be decoded bit by bit. */
#pragma once

#include <stddef.h>

struct json_part {
	const char *text;
	size_t bytes;
};

struct json_split {
	struct json_part *item;
	size_t nr;
	char *rest; /* the text with an empty list in their place; NULL before the end of the list
		     */
	size_t rest_bytes;
	size_t room;		/* these are its own */
	const char *text, *end; /* all of it */
	const char *list, *at;	/* where the list begins, and how far it is split */
};

/*
 * Finds the objects in the list that the outermost object has under this name. What is between them
 * is looked at, not what is in them. Result: 0 and *ret_split to be cleared; -EINVAL if the text is
 * not of that kind, which a decoder may then say better; -ENOMEM.
 */
int json_split(const char *text, size_t bytes, const char *name, struct json_split *ret_split);

/*
 * The same bit by bit, each time at most so many: until it does not say -EAGAIN. To be cleared also
 * after an error of some.
 */
int json_split_begin(const char *text, size_t bytes, const char *name,
		     struct json_split *ret_split);
int json_split_some(struct json_split *split, size_t most);

void json_split_clear(struct json_split *split);
