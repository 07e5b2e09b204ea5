/* SPDX-License-Identifier: BSD-3-Clause */
#include "announce/kept.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "durable/file.h"

#define NAME "drained.json"

static void name(const char *state_dir, char ret_path[PATH_MAX])
{
	snprintf(ret_path, PATH_MAX, "%s/" NAME, state_dir);
}

int announce_kept_read(const char *state_dir, struct announce_kept *ret_kept)
{
	char path[PATH_MAX];
	json_error_t error;
	json_t *file, *until;
	int r = -EBADMSG;

	name(state_dir, path);
	file = json_load_file(path, 0, &error);
	if (!file && access(path, F_OK) < 0 && errno == ENOENT) {
		*ret_kept = (struct announce_kept){0};
		return 0;
	}
	until = json_object_get(file, "until");
	if (json_is_integer(until)) {
		*ret_kept = (struct announce_kept){true, (uint64_t)json_integer_value(until)};
		r = 0;
	}
	json_decref(file);
	return r;
}

int announce_kept_write(const char *state_dir, const struct announce_kept *kept)
{
	char path[PATH_MAX], text[64];
	int bytes;

	name(state_dir, path);
	if (!kept->drained)
		return unlink(path) < 0 && errno != ENOENT ? -errno : durable_file_sync_name(path);
	bytes = snprintf(text, sizeof(text), "{\"until\": %llu}\n",
			 (unsigned long long)kept->until_wall_ns);
	return durable_file_replace(path, text, (size_t)bytes);
}
