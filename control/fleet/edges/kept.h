/* SPDX-License-Identifier: BSD-3-Clause */
/* What this edge keeps of itself on the disk: who it is in its fleet. */
#pragma once

#include <stdbool.h>

#include "fleet/edges/entry.h"

struct edges_kept {
	char path[CONFIG_PATH_SIZE + 32];
	char id[EDGES_ID_BYTES];
	char epoch[EDGES_ID_BYTES]; /* of the store that it belongs to; "": none yet */
	bool used; /* it has held a build, as was seen here: without any it has none */
};

/*
 * Reads the file in that directory; makes it the first time. Result: 0, -EBADMSG for a file that is
 * none of ours, or -errno.
 */
int edges_kept_open(const char *directory, struct edges_kept *ret_kept);

/* Keeps another epoch. Result: 0 and it is on the disk, or -errno. */
int edges_kept_remember(struct edges_kept *kept, const char *epoch);

/* Keeps that it has held a build. Result: the same. */
int edges_kept_use(struct edges_kept *kept);

/* Makes an id that nobody else has. Result: 0 or -EIO. */
int edges_kept_make_id(char ret_id[EDGES_ID_BYTES]);
