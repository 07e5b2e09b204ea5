/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/store/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/boottime.h"

#define VERSION 1

int store_record_read(const char *id, const char *value, int64_t mod_revision,
		      struct record **ret_record)
{
	json_t *object = json_loads(value, 0, NULL), *body;
	json_int_t version, created, finished, until, ended;
	const char *change;
	struct record *record;

	if (strlen(id) >= STORE_ID_BYTES ||
	    json_unpack(object, "{s:I, s:o, s:I, s:I, s:I, s:I, s:s}", "version", &version, "body",
			&body, "created", &created, "finished", &finished, "until", &until, "ended",
			&ended, "change", &change) ||
	    version != VERSION || !json_is_object(body) ||
	    !json_is_array(json_object_get(body, "nodes"))) {
		json_decref(object);
		return -EBADMSG;
	}
	record = calloc(1, sizeof(*record));
	if (!record) {
		json_decref(object);
		return -ENOMEM;
	}
	snprintf(record->id, sizeof(record->id), "%s", id);
	snprintf(record->change, sizeof(record->change), "%s", change);
	record->body = json_incref(body);
	record->created_ns = (uint64_t)created;
	record->finished_ns = (uint64_t)finished;
	record->until_ns = (uint64_t)until;
	record->ended_ns = (uint64_t)ended;
	record->mod_revision = mod_revision;
	json_decref(object);
	*ret_record = record;
	return 0;
}

char *store_record_write(const struct record *record)
{
	json_t *object =
		json_pack("{s:i, s:O, s:I, s:I, s:I, s:I, s:s}", "version", VERSION, "body",
			  record->body, "created", (json_int_t)record->created_ns, "finished",
			  (json_int_t)record->finished_ns, "until", (json_int_t)record->until_ns,
			  "ended", (json_int_t)record->ended_ns, "change", record->change);
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

	json_decref(object);
	return text;
}

struct record *store_record_copy(const struct record *record)
{
	struct record *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *record;
	json_incref(copy->body);
	return copy;
}

void store_record_free(struct record *record)
{
	if (!record)
		return;
	json_decref(record->body);
	free(record);
}

static uint64_t read_seconds_ns(const struct record *record, const char *name)
{
	json_int_t seconds = json_integer_value(json_object_get(record->body, name));

	return seconds > 0 ? (uint64_t)seconds * NS_PER_S : 0;
}

uint64_t store_record_lifetime_ns(const struct record *record)
{
	return read_seconds_ns(record, "max_lifetime_s");
}

bool store_record_lingers(const struct record *record)
{
	return read_seconds_ns(record, "linger_s") != 0;
}

void store_record_finish(struct record *record, uint64_t finished_ns)
{
	uint64_t now_ns = boottime_wall_ns(), lingers_ns;

	if (finished_ns > now_ns)
		finished_ns = now_ns;
	if (finished_ns < record->created_ns)
		finished_ns = record->created_ns;
	lingers_ns = finished_ns + read_seconds_ns(record, "linger_s");
	record->finished_ns = finished_ns;
	if (record->until_ns > lingers_ns)
		record->until_ns = lingers_ns;
}

uint64_t store_record_deadline_ns(const struct record *record)
{
	uint64_t deadline_ns = record->created_ns + store_record_lifetime_ns(record);
	uint64_t lingers_ns = record->finished_ns + read_seconds_ns(record, "linger_s");

	if (record->finished_ns && lingers_ns < deadline_ns)
		deadline_ns = lingers_ns;
	return record->until_ns > deadline_ns ? record->until_ns : deadline_ns;
}

uint64_t store_record_left_s(const struct record *record)
{
	uint64_t lifetime_ns = store_record_lifetime_ns(record), now_ns = boottime_wall_ns();
	uint64_t end_ns = store_record_deadline_ns(record);
	uint64_t left_ns = end_ns > now_ns ? end_ns - now_ns : 0;

	return (left_ns < lifetime_ns ? left_ns : lifetime_ns) / NS_PER_S;
}
