/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/edges/owed.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "durable/lines.h"

struct owed {
	struct durable_lines *lines; /* objects with ids as keys: true: owed; false: ignored */
	json_t *ids;		     /* as keys; true: it is there; null: ended by the clock */
	json_t *told;		     /* likewise: the store is being told */
	json_t *ignored;	     /* likewise: it is not to be */
	bool changed;		     /* since the file was written as a whole */
};

static int read_line(void *context, const char *line)
{
	struct owed *owed = context;
	json_t *ids = json_loads(line, 0, NULL), *is_owed;
	int error = json_is_object(ids) ? 0 : -EBADMSG;
	const char *id;

	json_object_foreach (ids, id, is_owed)
		if (json_object_set_new(json_is_true(is_owed) ? owed->ids : owed->ignored, id,
					json_true()) < 0)
			error = -ENOMEM;
	json_decref(ids);
	return error;
}

/* What is only noted is not written. Result: a text to be freed, NULL without memory. */
static char *print(const struct owed *owed)
{
	json_t *ids = json_object(), *on_disk;
	const char *id;
	char *text;

	json_object_foreach (owed->ignored, id, on_disk)
		json_object_set_new(ids, id, json_false());
	json_object_foreach (owed->ids, id, on_disk)
		if (json_is_true(on_disk))
			json_object_set(ids, id, on_disk);
	text = ids ? json_dumps(ids, JSON_COMPACT) : NULL;
	json_decref(ids);
	return text;
}

static int save(struct owed *owed)
{
	char *text = print(owed);
	int error = text ? durable_lines_replace(owed->lines, text) : -ENOMEM;

	free(text);
	owed->changed = error != 0;
	return error;
}

int edges_owed_open(const char *path, struct owed **ret_owed)
{
	struct owed *owed = calloc(1, sizeof(*owed));
	int error = -ENOMEM;

	if (!owed)
		return error;
	owed->ids = json_object();
	owed->told = json_object();
	owed->ignored = json_object();
	if (owed->ids && owed->told && owed->ignored)
		error = durable_lines_open(path, read_line, owed, &owed->lines);
	if (error)
		edges_owed_close(owed);
	else
		*ret_owed = owed;
	return error;
}

void edges_owed_close(struct owed *owed)
{
	if (!owed)
		return;
	json_decref(owed->ids);
	json_decref(owed->told);
	json_decref(owed->ignored);
	durable_lines_close(owed->lines);
	free(owed);
}

static int append(struct owed *owed, const char *id, bool is_owed)
{
	json_t *ids = json_pack("{s:b}", id, is_owed);
	char *text = ids ? json_dumps(ids, JSON_COMPACT) : NULL;
	int error = text ? durable_lines_append(owed->lines, text) : -ENOMEM;

	free(text);
	json_decref(ids);
	return error;
}

int edges_owed_add(struct owed *owed, const char *id)
{
	if (json_is_true(json_object_get(owed->ids, id)))
		return 0;
	if (json_object_set_new(owed->ids, id, json_true()) < 0)
		return -ENOMEM;
	owed->changed |= append(owed, id, true) != 0;
	return 0;
}

int edges_owed_sync(struct owed *owed)
{
	int error = owed->changed ? -EAGAIN : durable_lines_sync(owed->lines);

	return error ? save(owed) : 0;
}

void edges_owed_ignore(struct owed *owed, const char *id, bool ignore)
{
	if (edges_owed_ignores(owed, id) == ignore)
		return;
	if (ignore) {
		json_object_set_new(owed->ignored, id, json_true());
		owed->changed |= append(owed, id, false) != 0;
	} else {
		json_object_del(owed->ignored, id);
		owed->changed = true;
	}
}

const char *edges_owed_next_ignored(const struct owed *owed, const char *id)
{
	void *at = json_object_iter_at(owed->ignored, id);

	at = at ? json_object_iter_next(owed->ignored, at) : NULL;
	if (!at)
		at = json_object_iter(owed->ignored);
	return at ? json_object_iter_key(at) : NULL;
}

bool edges_owed_ignores(const struct owed *owed, const char *id)
{
	return json_object_get(owed->ignored, id) != NULL;
}

void edges_owed_note(struct owed *owed, const char *id, bool by_clock)
{
	const json_t *before = json_object_get(owed->ids, id);

	if (edges_owed_ignores(owed, id))
		return;
	if (!before || (json_is_null(before) && !by_clock))
		json_object_set_new(owed->ids, id, by_clock ? json_null() : json_false());
}

bool edges_owed_is_by_clock(const struct owed *owed, const char *id)
{
	return json_is_null(json_object_get(owed->ids, id));
}

bool edges_owed_has(const struct owed *owed, const char *id)
{
	return json_object_get(owed->ids, id) != NULL;
}

size_t edges_owed_count(const struct owed *owed)
{
	const char *id;
	json_t *how;
	size_t nr = 0;

	json_object_foreach (owed->ids, id, how)
		nr += !json_is_null(how);
	return nr;
}

void edges_owed_drop(struct owed *owed, const char *id)
{
	owed->changed |= json_is_true(json_object_get(owed->ids, id));
	json_object_del(owed->ids, id);
}

void edges_owed_tell(struct owed *owed, const char *id)
{
	json_object_set_new(owed->told, id, json_true());
}

void edges_owed_told(struct owed *owed, const char *id)
{
	json_object_del(owed->told, id);
}

int edges_owed_each(struct owed *owed, void (*visit)(void *context, const char *id), void *context)
{
	json_t *ids = json_copy(owed->ids), *value;
	const char *id;

	json_object_foreach (ids, id, value)
		if (!json_object_get(owed->told, id))
			visit(context, id);
	json_decref(ids);
	return owed->changed ? save(owed) : 0;
}
