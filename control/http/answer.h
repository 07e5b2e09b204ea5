/* SPDX-License-Identifier: BSD-3-Clause */
/* What goes back to an HTTP client: status, a few headers, a body held in memory. */
#pragma once

#include <stddef.h>

#define HTTP_ANSWER_HEADERS 12

struct http_header {
	const char *name; /* static */
	char *value;	  /* owned */
};

struct http_answer {
	unsigned int status;
	const char *content_type; /* static, NULL without a body */
	char *body;		  /* owned */
	size_t body_bytes;
	unsigned int nr_headers;
	struct http_header header[HTTP_ANSWER_HEADERS];
};

/*
 * Adds a header whose value is printed from format. name must be static.
 * Result: 0, -ENOMEM, or -ENOSPC when the answer has HTTP_ANSWER_HEADERS already.
 */
int http_answer_header(struct http_answer *answer, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Frees what the answer owns and empties it. */
void http_answer_clear(struct http_answer *answer);
