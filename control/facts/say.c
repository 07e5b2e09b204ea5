// SPDX-License-Identifier: BSD-3-Clause
#include "facts/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts/fact.h"
#include "facts/files.h"
#include "host/config.h"

#define SAY_PATH_SIZE 512
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
	struct facts_finding *finding;
	va_list arguments;
	char *cure;

	if (look->memory_gone)
		return;
	finding = &look->list.finding[look->list.nr - 1];
	va_start(arguments, format);
	if (vasprintf(&cure, format, arguments) < 0)
		look->memory_gone = true;
	else
		finding->cure = cure;
	va_end(arguments);
	finding->kept = look->row->kept;
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

/* The configuration's path as one word of the shell. Result: ret_word. */
static const char *config_path(const struct fact_look *look, char ret_word[SAY_PATH_SIZE])
{
	const char *path = look->site->config_path;

	return facts_say_quote(path ? path : CONFIG_DEFAULT_PATH, ret_word, SAY_PATH_SIZE);
}

void facts_say_cure_config(struct fact_look *look)
{
	char path[SAY_PATH_SIZE];

	facts_say_cure(look, "editor %s", config_path(look, path));
	if (!look->memory_gone)
		look->list.finding[look->list.nr - 1].kept = NULL;
}

void facts_say_cure_anew(struct fact_look *look, const char *between)
{
	char path[SAY_PATH_SIZE];

	facts_say_cure(look,
		       "systemctl stop sallyportd && sallyportd -c %s --detach && "
		       "%ssystemctl start sallyportd",
		       config_path(look, path), between);
}

const char *facts_say_with_v6(const struct fact_look *look, const char *name, const char *shell,
			      char ret_command[SAY_COMMAND_SIZE])
{
	*ret_command = '\0';
	if (facts_files_number(look, "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name) == 1)
		snprintf(ret_command, SAY_COMMAND_SIZE,
			 "echo 0 >/proc/sys/net/ipv6/conf/%s/disable_ipv6 && ", shell);
	return ret_command;
}
