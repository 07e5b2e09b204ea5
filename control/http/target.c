/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/target.h"

#include <string.h>
#include <strings.h>

#define HEX_DIGITS HTTP_DIGITS "ABCDEFabcdef"
/* RFC 3986: unreserved and sub-delims. */
#define NAME_CHARACTERS HTTP_LETTERS HTTP_DIGITS "-._~!$&'()*+,;="
#define SCHEME		"http://"

/* Result: the bytes of a name at the beginning of text; a stray % ends it. */
static size_t measure_name(const char *text)
{
	size_t bytes = 0;

	for (;;) {
		bytes += strspn(text + bytes, NAME_CHARACTERS);
		if (text[bytes] != '%' || strspn(text + bytes + 1, HEX_DIGITS) < 2)
			return bytes;
		bytes += 3;
	}
}

/* Result: the bytes of an address in brackets, 0 if it is none. */
static size_t measure_literal(const char *text)
{
	size_t inside = strspn(text + 1, NAME_CHARACTERS ":");

	return inside && text[1 + inside] == ']' ? inside + 2 : 0;
}

/* Result: the bytes of HOST or HOST:PORT at the beginning of text. */
static size_t measure_host(const char *text)
{
	size_t bytes = *text == '[' ? measure_literal(text) : measure_name(text);

	if (text[bytes] == ':')
		bytes += 1 + strspn(text + bytes + 1, HTTP_DIGITS);
	return bytes;
}

bool http_target_is_host(const char *text)
{
	return text[measure_host(text)] == '\0';
}

/* A whole URI: what is before its path says where it leads, and that is here. */
static struct http_target parse_uri(const char *text)
{
	const char *host = text + strlen(SCHEME), *path = host + measure_host(host);
	struct http_target target = {.path = path, .path_bytes = strcspn(path, "?#")};

	if (path == host || *host == ':' || !strchr("/?#", *path))
		target.wrong = "The URI of the request line has no host, or more than HOST:PORT "
			       "before its path.";
	if (target.path_bytes == 0)
		target = (struct http_target){"/", 1, target.wrong};
	return target;
}

static bool has_blank(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return true;
	return false;
}

struct http_target http_target_parse(const char *text)
{
	bool uri = strncasecmp(text, SCHEME, strlen(SCHEME)) == 0;
	struct http_target target =
		uri ? parse_uri(text) : (struct http_target){text, strcspn(text, "?#"), NULL};

	if (has_blank(text))
		target.wrong = "A request line has no blank or control character in its target.";
	else if (strchr(text, '#'))
		target.wrong = "A request line has no fragment (#).";
	else if (!uri && *text != '/' && strcmp(text, "*") != 0)
		target.wrong = "A request line asks for a path or a URI of http.";
	return target;
}
