/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON text straight to C structs, if it is plain: right in every way, its strings of printable
 * ASCII without escapes, its numbers whole and short. That is what nearly all bodies are; the
 * others, and what is wrong with them, are the decoder's (decode.h), which knows all of JSON.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "json/table.h"

struct json_block;

/*
 * Decodes text into *object, which must be all zero, as json_decode() would. What object points to
 * is in blocks. Result: whether it was plain; if not, *object holds anything.
 */
bool json_plain_decode(struct json_block **blocks, const char *text, size_t bytes,
		       const struct json_table *table, void *object);
