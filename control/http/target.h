/* SPDX-License-Identifier: BSD-3-Clause */
/* What a request line asks for (RFC 9112, 3.2): a path, or a whole URI with one in it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define HTTP_DIGITS  "0123456789"
#define HTTP_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

struct http_target {
	const char *path; /* inside the text that was parsed, or "/"; not terminated */
	size_t path_bytes;
	const char *wrong; /* NULL; or a sentence that says what is wrong, the path is all of it */
};

/* Result: the parts of a request target, as long as text. */
struct http_target http_target_parse(const char *text);

/* Result: whether text is what may stand in a Host header: HOST or HOST:PORT, or nothing. */
bool http_target_is_host(const char *text);
