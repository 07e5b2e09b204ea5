/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON text to C structs, by table, with every mistake named. */
#pragma once

#include <stddef.h>

#include <jansson.h>

#include "json/problem.h"
#include "json/table.h"

struct json_document {
	json_t *root;
	struct json_block *blocks; /* what lists were put in */
	struct problem *problem;   /* of the call under way */
};

/*
 * Decodes text into *object, which must be all zero. What object points to is as long as the
 * document, which the caller clears also after a failure.
 * Result: 0; -EBADMSG for text that is not JSON and -EINVAL for JSON that does not fit the table,
 * both with problem set; -ENOMEM.
 */
int json_decode(struct json_document *document, const char *text, size_t bytes,
		const struct json_table *table, void *object, struct problem *problem);

/*
 * Writes why text is no JSON and where, by what the parser said of it (JSON_REJECT_DUPLICATES and
 * so on; without JSON_ALLOW_NUL). Result: ret_why.
 */
#define JSON_DECODE_WHY_BYTES 224
const char *json_decode_why(const json_error_t *error, const char *text, size_t bytes,
			    char ret_why[JSON_DECODE_WHY_BYTES]);

/* Frees what decoding made. */
void json_decode_document_clear(struct json_document *document);
