/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/edges/entry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#define VERSION 1

char *edges_entry_write(const struct edges_entry *entry)
{
	json_t *object = json_pack(
		"{s:i, s:s, s:I, s:I, s:I, s:I, s:b, s:I, s:s*, s:s*}", "version", VERSION, "id",
		entry->id, "applied", (json_int_t)entry->applied, "removed",
		(json_int_t)entry->removed, "since", (json_int_t)entry->since_ns, "wall",
		(json_int_t)entry->wall_ns, "synchronised", entry->clock.synchronised, "bound",
		(json_int_t)entry->clock.bound_ns, "announced",
		*entry->announced ? entry->announced : NULL, "why",
		*entry->why ? entry->why : NULL);
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

	json_decref(object);
	return text;
}

int edges_entry_read(const char *name, const char *value, struct edges_entry *ret_entry)
{
	json_t *object = json_loads(value, 0, NULL);
	struct edges_entry entry = {0};
	json_int_t version, applied, removed, since, wall, bound;
	int synchronised, error = -EBADMSG;
	const char *id, *announced = "", *why = "";

	if (json_unpack(object, "{s:I, s:s, s:I, s:I, s:I, s:I, s:b, s:I, s?s, s?s}", "version",
			&version, "id", &id, "applied", &applied, "removed", &removed, "since",
			&since, "wall", &wall, "synchronised", &synchronised, "bound", &bound,
			"announced", &announced, "why", &why) == 0 &&
	    version == VERSION && strlen(name) < sizeof(entry.name) &&
	    strlen(id) < sizeof(entry.id)) {
		snprintf(entry.name, sizeof(entry.name), "%s", name);
		snprintf(entry.id, sizeof(entry.id), "%s", id);
		snprintf(entry.announced, sizeof(entry.announced), "%s", announced);
		snprintf(entry.why, sizeof(entry.why), "%s", why);
		entry.applied = applied;
		entry.removed = removed;
		entry.since_ns = (uint64_t)since;
		entry.wall_ns = (uint64_t)wall;
		entry.clock = (struct edges_clock){synchronised != 0, (uint64_t)bound};
		*ret_entry = entry;
		error = 0;
	}
	json_decref(object);
	return error;
}
