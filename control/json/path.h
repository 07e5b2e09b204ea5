/* SPDX-License-Identifier: BSD-3-Clause */
/* The way from a JSON document's root to a value, and its spelling as a JSON pointer. */
#pragma once

#include <stddef.h>

/* One step; lives on the stack of who walks. */
struct json_path {
	const struct json_path *parent; /* NULL at the root */
	const char *name;		/* of the member, NULL for an element of an array */
	size_t index;			/* of the element */
};

/*
 * Prints path as a JSON pointer (RFC 6901) into text; NULL is the root, "". Long names are cut, and
 * so is what does not fit.
 */
void json_path_print(const struct json_path *path, char *text, size_t text_bytes);

/* Result: how many of the first max_bytes of text to take so that no UTF-8 character is cut. */
size_t json_path_cut(const char *text, size_t max_bytes);
