/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/top/feed_detail.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PAST_EVENTS 1000

int top_feed_detail_ask(struct client *client, struct top *top, enum top_part part)
{
	static const char *const suffixes[TOP_PARTS_NR] = {
		[TOP_PART_BUILD] = "",
		[TOP_PART_CONNECT] = "/connect?view=wait&format=json",
		[TOP_PART_DIAGNOSIS] = "/diagnose",
	};
	struct top_detail *detail = &top->detail;
	struct top_answer answer;
	char id[TOP_ID_SIZE];
	int r;

	snprintf(id, sizeof(id), "%s", detail->id);
	r = top_ask_build(client, top, id, suffixes[part], &answer);
	if (r < 0)
		return r;
	if (strcmp(id, detail->id) != 0) { /* another was opened meanwhile */
		top_ask_clear(&answer);
		return 0;
	}
	if (answer.status == 200) {
		json_decref(detail->part[part]);
		detail->part[part] = json_incref(answer.json);
	}
	if (part == TOP_PART_BUILD)
		detail->gone = answer.status == 404;
	if (part == TOP_PART_BUILD && answer.status == 200)
		list_rows_put(&top->rows, answer.json, &answer.moment);
	top_ask_clear(&answer);
	return 0;
}

static void take_past(struct top_detail *detail, char *text)
{
	char *next;

	for (char *line = strtok_r(text, "\n", &next); line; line = strtok_r(NULL, "\n", &next)) {
		json_t *event =
			strstr(line, "\"client.refused\"") ? json_loads(line, 0, NULL) : NULL;

		if (event && strcmp(talk_text(event, "build"), detail->id) == 0)
			list_state_refused(detail, event);
		json_decref(event);
	}
}

int top_feed_detail_past(struct client *client, struct top *top, uint64_t seq)
{
	uint64_t oldest = top->edge.oldest_seq, since = seq > PAST_EVENTS ? seq - PAST_EVENTS : 0;
	struct top_answer answer;
	char path[96], id[TOP_ID_SIZE];
	int r;

	snprintf(id, sizeof(id), "%s", top->detail.id);
	if (oldest > 0 && since < oldest - 1)
		since = oldest - 1;
	snprintf(path, sizeof(path), "/v1/events?follow=0&since=%" PRIu64, since);
	r = top_ask_get(client, top, path, &answer);
	if (r < 0)
		return r;
	if (answer.status == 200 && strcmp(id, top->detail.id) == 0)
		take_past(&top->detail, answer.text);
	top_ask_clear(&answer);
	return 0;
}
