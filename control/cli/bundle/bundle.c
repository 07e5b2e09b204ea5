/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/bundle/bundle.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/talk/command.h"
#include "cli/talk/progress.h"
#include "cli/talk/talk.h"
#include "host/boottime.h"

#define COMMAND_LIMIT_NS  (10 * NS_PER_S)
#define COMMAND_MAX_BYTES (8u << 20)

static void add(struct bundle *bundle, const struct bundle_file *file)
{
	struct bundle_file *grown = realloc(bundle->files, (bundle->nr_files + 1) * sizeof(*grown));

	if (!grown) {
		bundle->no_memory = true;
		free(file->text);
		free(file->missing);
		return;
	}
	talk_progress("gathering, %zu files so far: %s", bundle->nr_files + 1, file->name);
	bundle->files = grown;
	grown[bundle->nr_files++] = *file;
}

void bundle_miss(struct bundle *bundle, const char *name, const char *format, ...)
{
	struct bundle_file file = {.name = name};
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&file.missing, format, arguments) < 0)
		file.missing = NULL;
	va_end(arguments);
	talk_fail(CLI_EXIT_OK, "%s is missing in the bundle: %s", name,
		  file.missing ? file.missing : "out of memory");
	add(bundle, &file);
}

void bundle_add_text(struct bundle *bundle, const char *name, char *text)
{
	const struct bundle_file file = {.name = name, .text = text};

	if (text)
		add(bundle, &file);
	else
		bundle_miss(bundle, name, "out of memory");
}

void bundle_add_json(struct bundle *bundle, const char *name, const struct redact_rules *rules,
		     json_t *json)
{
	json_t *seen = json ? redact_json(bundle->pseudonyms, rules, json) : NULL;

	bundle_add_text(bundle, name, seen ? json_dumps(seen, JSON_INDENT(1)) : NULL);
	json_decref(seen);
	json_decref(json);
}

char *bundle_run(struct bundle *bundle, const char *file, const char *const *argv)
{
	const struct command command = {
		.argv = argv, .limit_ns = COMMAND_LIMIT_NS, .max_bytes = COMMAND_MAX_BYTES};
	char *text = NULL, *reason = NULL;

	if (talk_command_run(&command, &text, &reason) < 0)
		bundle_miss(bundle, file, "%s", reason ? reason : "out of memory");
	free(reason);
	return text;
}

void bundle_clear(struct bundle *bundle)
{
	for (size_t i = 0; i < bundle->nr_files; i++) {
		free(bundle->files[i].text);
		free(bundle->files[i].missing);
	}
	free(bundle->files);
	bundle->files = NULL;
	bundle->nr_files = 0;
}
