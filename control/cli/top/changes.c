/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/top/changes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/talk/talk.h"

void top_changes_clear(struct top_changes *changes)
{
	changes->next = changes->nr = 0;
	changes->all = false;
}

const char *top_changes_path(const struct top_changes *changes, char path[TOP_CHANGES_PATH_MAX])
{
	snprintf(path, TOP_CHANGES_PATH_MAX, "/v1/events?follow=0&since=%" PRIu64, changes->seq);
	return path;
}

static void add(struct top_changes *changes, const char *id)
{
	for (unsigned int i = changes->nr; i > changes->next; i--)
		if (strcmp(changes->id[i - 1], id) == 0)
			return;
	if (changes->nr == TOP_CHANGES_MAX)
		changes->all = true;
	else
		snprintf(changes->id[changes->nr++], TOP_ID_SIZE, "%s", id);
}

void top_changes_take(struct top_changes *changes, unsigned int status, char *text,
		      void (*refused)(void *context, const json_t *event), void *context)
{
	char *next;

	if (status != 200) {
		changes->all = true;
		return;
	}
	for (char *line = strtok_r(text, "\n", &next); line; line = strtok_r(NULL, "\n", &next)) {
		json_t *event = json_loads(line, 0, NULL);
		const char *id = json_string_value(json_object_get(event, "build"));
		const char *type = talk_text(event, "type");
		uint64_t seq = (uint64_t)talk_number(event, "seq");

		if (strcmp(type, "compacted") == 0)
			changes->all = true;
		else if (id && strcmp(type, "client.refused") != 0)
			add(changes, id);
		else if (id && refused)
			refused(context, event);
		changes->seq = seq > changes->seq ? seq : changes->seq;
		json_decref(event);
	}
}

const char *top_changes_next(struct top_changes *changes)
{
	if (changes->next < changes->nr)
		return changes->id[changes->next++];
	changes->next = changes->nr = 0;
	return NULL;
}
