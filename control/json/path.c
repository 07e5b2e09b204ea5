/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/path.h"

#include <stdio.h>
#include <string.h>

#define NAME_BYTES 40

size_t json_path_cut(const char *text, size_t max_bytes)
{
	size_t len = strnlen(text, max_bytes);

	if (text[len] == '\0')
		return len;
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

/* One reference token, with '~' and '/' escaped as RFC 6901 has it. */
static void escape_name(const char *name, char *token)
{
	size_t len = json_path_cut(name, NAME_BYTES);

	for (size_t i = 0; i < len; i++) {
		if (name[i] != '~' && name[i] != '/') {
			*token++ = name[i];
			continue;
		}
		*token++ = '~';
		*token++ = name[i] == '~' ? '0' : '1';
	}
	*token = '\0';
}

/* Result: bytes used; a token that does not fit whole is left out with all that follow. */
static size_t print_steps(const struct json_path *path, char *text, size_t text_bytes)
{
	char token[2 * NAME_BYTES + 1];
	size_t used, len;

	if (!path)
		return 0;
	used = print_steps(path->parent, text, text_bytes);
	if (path->name)
		escape_name(path->name, token);
	else
		snprintf(token, sizeof(token), "%zu", path->index);
	len = strlen(token);
	if (used + 1 + len >= text_bytes)
		return used;
	text[used] = '/';
	memcpy(text + used + 1, token, len);
	return used + 1 + len;
}

void json_path_print(const struct json_path *path, char *text, size_t text_bytes)
{
	text[print_steps(path, text, text_bytes)] = '\0';
}
