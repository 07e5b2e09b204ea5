/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/edges/kept.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <jansson.h>

#include "durable/file.h"

#define NAME "/fleet-edge.json"

static int save(const struct edges_kept *kept)
{
	json_t *object = json_pack("{s:s}", "id", kept->id);
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	int error = text ? durable_file_replace(kept->path, text, strlen(text)) : -ENOMEM;

	free(text);
	json_decref(object);
	return error;
}

static int make(struct edges_kept *kept)
{
	uint64_t random[2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -EIO;
	snprintf(kept->id, sizeof(kept->id), "%016" PRIx64 "%016" PRIx64, random[0], random[1]);
	return save(kept);
}

int edges_kept_open(const char *directory, struct edges_kept *ret_kept)
{
	struct edges_kept kept = {0};
	json_error_t why;
	json_t *object;
	const char *id;
	int error = -EBADMSG;

	if (snprintf(kept.path, sizeof(kept.path), "%s" NAME, directory) >= (int)sizeof(kept.path))
		return -ENAMETOOLONG;
	object = json_load_file(kept.path, 0, &why);
	if (!object && json_error_code(&why) == json_error_cannot_open_file) {
		error = make(&kept);
	} else if (json_unpack(object, "{s:s}", "id", &id) == 0 && strlen(id) < sizeof(kept.id)) {
		snprintf(kept.id, sizeof(kept.id), "%s", id);
		error = 0;
	}
	json_decref(object);
	if (!error)
		*ret_kept = kept;
	return error;
}
