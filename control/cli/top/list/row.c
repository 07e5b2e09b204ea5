/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/top/list/row.h"

#include <stdlib.h>
#include <string.h>

#include "cli/talk/talk.h"
#include "host/boottime.h"
#include "model/wall_time.h"

#define LEAST_RATE_NS (NS_PER_S / 4) /* between two counts */

static char *copy_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return strdup(text ? text : "");
}

static char *join_actors(const json_t *build)
{
	const json_t *actors = json_object_get(build, "actors"), *actor;
	size_t bytes = 1, i;
	char *text, *end;

	json_array_foreach (actors, i, actor)
		bytes += json_string_length(actor) + 1;
	text = end = calloc(1, bytes);
	json_array_foreach (actors, i, actor) {
		if (!text || !json_is_string(actor))
			continue;
		if (end != text)
			*end++ = ',';
		end = stpcpy(end, json_string_value(actor));
	}
	return text;
}

/* Result: a wall time of the API as CLOCK_BOOTTIME; before the boot it is 0. */
static uint64_t read_time(const json_t *build, const char *name, const struct top_moment *moment)
{
	const char *text = json_string_value(json_object_get(build, name));
	uint64_t wall_ns, ago_ns;

	if (!text || model_wall_time_parse(text, &wall_ns) < 0)
		return 0;
	if (wall_ns >= moment->wall_ns)
		return moment->now_ns;
	ago_ns = moment->wall_ns - wall_ns;
	return ago_ns < moment->now_ns ? moment->now_ns - ago_ns : 0;
}

static void read_times(struct top_row *row, const json_t *build, const struct top_moment *moment)
{
	json_int_t left_s = talk_number(build, "remaining_s");

	if (row->state == SESSION_ENDED) {
		row->deadline_ns = read_time(build, "ended_at", moment);
		return;
	}
	row->begun_ns = read_time(
		build, row->state == SESSION_FINISHED ? "finished_at" : "created_at", moment);
	row->deadline_ns = moment->now_ns + (left_s > 0 ? (uint64_t)left_s * NS_PER_S : 0);
}

static void read_usage(struct top_row *row, const json_t *build, const struct top_moment *moment)
{
	const json_t *usage = json_object_get(build, "usage");
	const json_t *to_vm = json_object_get(usage, "to_vm");
	const json_t *to_client = json_object_get(usage, "to_client");

	row->packets =
		(uint64_t)(talk_number(to_vm, "packets") + talk_number(to_client, "packets"));
	row->bytes = (uint64_t)(talk_number(to_vm, "bytes") + talk_number(to_client, "bytes"));
	row->counted_ns = moment->now_ns;
	row->packets_rate = row->bytes_rate = -1;
}

struct top_row *list_row_read(const json_t *build, const struct top_moment *moment)
{
	const json_t *nodes = json_object_get(build, "nodes");
	struct top_row *row;

	if (!json_is_string(json_object_get(build, "id")))
		return NULL;
	row = calloc(1, sizeof(*row));
	if (!row)
		return NULL;
	row->id = copy_text(build, "id");
	row->title = copy_text(build, "title");
	row->organisation = copy_text(build, "organisation");
	row->actors = join_actors(build);
	row->nodes = (uint32_t)json_array_size(nodes);
	row->public_port = (uint32_t)talk_number(json_array_get(nodes, 0), "public_port");
	if (!row->id || !row->title || !row->organisation || !row->actors ||
	    model_session_state_parse(talk_text(build, "state"), &row->state) < 0) {
		list_row_free(row);
		return NULL;
	}
	model_session_reason_parse(talk_text(build, "reason"), &row->reason);
	read_times(row, build, moment);
	read_usage(row, build, moment);
	return row;
}

void list_row_free(struct top_row *row)
{
	if (!row)
		return;
	free(row->id);
	free(row->title);
	free(row->organisation);
	free(row->actors);
	free(row);
}

/* Counters that went back are those of another session of that id. */
static void set_rates(struct top_row *newer, const struct top_row *row)
{
	uint64_t passed_ns = newer->counted_ns - row->counted_ns;

	if (newer->packets < row->packets || newer->bytes < row->bytes)
		return;
	if (passed_ns < LEAST_RATE_NS) {
		newer->packets = row->packets;
		newer->bytes = row->bytes;
		newer->counted_ns = row->counted_ns;
		newer->packets_rate = row->packets_rate;
		newer->bytes_rate = row->bytes_rate;
		return;
	}
	newer->packets_rate =
		(double)(newer->packets - row->packets) * NS_PER_S / (double)passed_ns;
	newer->bytes_rate = (double)(newer->bytes - row->bytes) * NS_PER_S / (double)passed_ns;
}

/* The API cuts what is left to seconds: a deadline that jitters within one has not moved. */
static bool keeps_deadline(const struct top_row *row, const struct top_row *newer)
{
	uint64_t a_ns = row->deadline_ns, b_ns = newer->deadline_ns;

	return (a_ns > b_ns ? a_ns - b_ns : b_ns - a_ns) <= NS_PER_S + NS_PER_S / 2;
}

bool list_row_take(struct top_row *row, struct top_row *newer)
{
	bool same = row->state == newer->state && keeps_deadline(row, newer), changed;
	struct top_row *next = row->next, before = *row;

	set_rates(newer, row);
	newer->connections = row->connections;
	newer->counting = row->counting;
	if (same && row->deadline_ns > newer->deadline_ns)
		newer->deadline_ns = row->deadline_ns;
	changed = !same || row->nodes != newer->nodes || strcmp(row->title, newer->title) != 0 ||
		  strcmp(row->organisation, newer->organisation) != 0 ||
		  strcmp(row->actors, newer->actors) != 0;
	*row = *newer;
	row->next = next;
	*newer = before;
	list_row_free(newer);
	return changed;
}

uint64_t list_row_left_ns(const struct top_row *row, uint64_t now_ns)
{
	if (row->state == SESSION_ENDED || row->deadline_ns <= now_ns)
		return 0;
	return row->deadline_ns - now_ns;
}

uint64_t list_row_whole_ns(const struct top_row *row)
{
	return row->deadline_ns > row->begun_ns ? row->deadline_ns - row->begun_ns : 0;
}
