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
	json_t *object = json_pack("{s:s, s:s, s:b}", "id", kept->id, "epoch", kept->epoch, "used",
				   kept->used);
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	int error = text ? durable_file_replace(kept->path, text, strlen(text)) : -ENOMEM;

	free(text);
	json_decref(object);
	return error;
}

int edges_kept_make_id(char ret_id[EDGES_ID_BYTES])
{
	uint64_t random[2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -EIO;
	snprintf(ret_id, EDGES_ID_BYTES, "%016" PRIx64 "%016" PRIx64, random[0], random[1]);
	return 0;
}

static int make(struct edges_kept *kept)
{
	int error = edges_kept_make_id(kept->id);

	return error ? error : save(kept);
}

int edges_kept_remember(struct edges_kept *kept, const char *epoch)
{
	snprintf(kept->epoch, sizeof(kept->epoch), "%s", epoch);
	kept->used = false;
	return save(kept);
}

int edges_kept_use(struct edges_kept *kept)
{
	kept->used = true;
	return save(kept);
}

int edges_kept_open(const char *directory, struct edges_kept *ret_kept)
{
	struct edges_kept kept = {0};
	json_error_t why;
	json_t *object;
	const char *id, *epoch = "";
	int error = -EBADMSG, used = 0;

	if (snprintf(kept.path, sizeof(kept.path), "%s" NAME, directory) >= (int)sizeof(kept.path))
		return -ENAMETOOLONG;
	object = json_load_file(kept.path, 0, &why);
	if (!object && json_error_code(&why) == json_error_cannot_open_file) {
		error = errno == ENOENT ? make(&kept) : -errno;
	} else if (json_unpack(object, "{s:s, s?s, s?b}", "id", &id, "epoch", &epoch, "used",
			       &used) == 0 &&
		   strlen(id) < sizeof(kept.id) && strlen(epoch) < sizeof(kept.epoch)) {
		snprintf(kept.id, sizeof(kept.id), "%s", id);
		snprintf(kept.epoch, sizeof(kept.epoch), "%s", epoch);
		kept.used = used != 0;
		error = 0;
	}
	json_decref(object);
	if (!error)
		*ret_kept = kept;
	return error;
}
