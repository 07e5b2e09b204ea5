/* SPDX-License-Identifier: BSD-3-Clause */
/* What the journal of the system has of sallyport's units. */
#include <stdlib.h>
#include <string.h>

#include "cli/bundle/bundle.h"
#include "cli/talk/talk.h"

#define FILE_NAME      "journal.json"
#define CONTROL_UNIT   "sallyportd.service"
#define DATAPLANE_UNIT "sallyport-dp.service"
#define HOOKS_UNIT     "sallyport-hooks.service"
#define RUNNER_UNIT    "sallyport-runner.service"
#define COREDUMP_UNITS "systemd-coredump@"

static const char *const entries_command[] = {
	"journalctl",
	"-q",
	"--no-pager",
	"-o",
	"json",
	"-n",
	"2000",
	"-u",
	CONTROL_UNIT,
	"-u",
	DATAPLANE_UNIT,
	"-u",
	HOOKS_UNIT,
	"-u",
	RUNNER_UNIT,
	"--output-fields=MESSAGE,PRIORITY,UNIT,_COMM,_PID,_SYSTEMD_UNIT,"
	"_TRANSPORT",
	NULL,
};

/*
 * Result: whether a program of sallyport or the system's manager wrote a message. Hooks are
 * anybody's: of what their unit writes, sallyport-hooks' own entries are known by how it logs.
 */
static bool is_ours(const json_t *entry)
{
	const char *unit = talk_text(entry, "_SYSTEMD_UNIT");

	if (strcmp(talk_text(entry, "_PID"), "1") == 0 ||
	    strncmp(unit, COREDUMP_UNITS, strlen(COREDUMP_UNITS)) == 0)
		return true;
	if (strcmp(unit, HOOKS_UNIT) == 0)
		return strcmp(talk_text(entry, "_TRANSPORT"), "journal") == 0 &&
		       strcmp(talk_text(entry, "_COMM"), "sallyport-hooks") == 0;
	return strcmp(unit, CONTROL_UNIT) == 0 || strcmp(unit, DATAPLANE_UNIT) == 0 ||
	       strcmp(unit, RUNNER_UNIT) == 0;
}

static void take_entry(json_t *entries, const char *line)
{
	json_t *entry = json_loads(line, 0, NULL);

	if (json_is_object(entry)) {
		if (!is_ours(entry)) {
			json_object_set_new(entry, "MESSAGE", json_string(REDACT_LEFT_OUT));
			json_object_set_new(entry, "_COMM", json_string(REDACT_LEFT_OUT));
		}
		json_array_append(entries, entry);
	}
	json_decref(entry);
}

void bundle_journal_gather(struct bundle *bundle)
{
	char *text = bundle_run(bundle, FILE_NAME, entries_command), *rest = text, *line;
	json_t *entries;

	if (!text)
		return;
	entries = json_array();
	while ((line = strsep(&rest, "\n")))
		take_entry(entries, line);
	free(text);
	if (json_array_size(entries) > 0) {
		bundle_add_json(bundle, FILE_NAME, &redact_rules_journal, entries);
		return;
	}
	json_decref(entries);
	bundle_miss(bundle, FILE_NAME, "the journal has no entry of sallyport's units");
}
