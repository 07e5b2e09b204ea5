/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/edges/owed.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "durable/file.h"

struct owed {
	char *path;
	json_t *ids;  /* as keys; true: it is in the file; null: ended by the clock */
	json_t *told; /* likewise: the store is being told */
	bool changed; /* since the file was written */
};

static int load(struct owed *owed)
{
	json_error_t error;

	owed->ids = json_load_file(owed->path, 0, &error);
	if (!owed->ids && json_error_code(&error) == json_error_cannot_open_file)
		owed->ids = json_object();
	else if (!json_is_object(owed->ids))
		return -EBADMSG;
	return owed->ids ? 0 : -ENOMEM;
}

/* What is only noted is not written. Result: a text to be freed, NULL without memory. */
static char *print(const struct owed *owed)
{
	json_t *ids = json_object(), *on_disk;
	const char *id;
	char *text;

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
	int error = text ? durable_file_replace(owed->path, text, strlen(text)) : -ENOMEM;

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
	owed->path = strdup(path);
	owed->told = json_object();
	if (owed->path && owed->told)
		error = load(owed);
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
	free(owed->path);
	free(owed);
}

int edges_owed_add(struct owed *owed, const char *id)
{
	if (json_is_true(json_object_get(owed->ids, id)))
		return 0;
	if (json_object_set_new(owed->ids, id, json_true()) < 0)
		return -ENOMEM;
	return save(owed);
}

void edges_owed_note(struct owed *owed, const char *id, bool by_clock)
{
	const json_t *before = json_object_get(owed->ids, id);

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
