// SPDX-License-Identifier: BSD-3-Clause
#include "facts/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts/fact.h"
#include "host/config.h"

#define PLAIN                                                                                      \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"                           \
	"._:/@+,-"

void facts_say(struct fact_look *look, const char *format, ...)
{
	struct facts_list *list = &look->list;
	struct facts_finding *grown =
		realloc(list->finding, (list->nr + 1) * sizeof(*list->finding));
	struct facts_finding finding = {.name = look->row->name, .severity = look->row->severity};
	va_list arguments;

	if (grown)
		list->finding = grown;
	va_start(arguments, format);
	if (!grown || vasprintf(&finding.says, format, arguments) < 0)
		look->memory_gone = true;
	else
		list->finding[list->nr++] = finding;
	va_end(arguments);
	if (finding.severity > list->worst)
		list->worst = finding.severity;
}

void facts_say_cure(struct fact_look *look, const char *format, ...)
{
	va_list arguments;
	char *cure;

	if (look->memory_gone)
		return;
	va_start(arguments, format);
	if (vasprintf(&cure, format, arguments) < 0)
		look->memory_gone = true;
	else
		look->list.finding[look->list.nr - 1].cure = cure;
	va_end(arguments);
}

const char *facts_say_quote(const char *text, char *ret_word, size_t size)
{
	size_t length = 0;

	if (*text && strspn(text, PLAIN) == strlen(text)) {
		snprintf(ret_word, size, "%s", text);
		return ret_word;
	}
	if (size < 4 * strlen(text) + 3) {
		*ret_word = '\0';
		return ret_word;
	}
	ret_word[length++] = '\'';
	for (; *text; text++)
		length += (size_t)sprintf(ret_word + length, *text == '\'' ? "'\\''" : "%c", *text);
	strcpy(ret_word + length, "'");
	return ret_word;
}

const char *facts_say_config_path(const struct fact_look *look, char ret_word[SAY_PATH_SIZE])
{
	const char *path = look->site->config_path;

	return facts_say_quote(path ? path : CONFIG_DEFAULT_PATH, ret_word, SAY_PATH_SIZE);
}

void facts_say_cure_anew(struct fact_look *look, const char *between)
{
	char path[SAY_PATH_SIZE];

	facts_say_cure(look,
		       "systemctl stop sallyportd && sallyportd -c %s --detach && "
		       "%ssystemctl start sallyportd",
		       facts_say_config_path(look, path), between);
}
