/* SPDX-License-Identifier: BSD-3-Clause */
/* What this edge keeps of itself on the disk: who it is in its fleet. */
#pragma once

#include "fleet/edges/entry.h"

struct edges_kept {
	char path[CONFIG_PATH_SIZE + 32];
	char id[EDGES_ID_BYTES];
	char epoch[EDGES_ID_BYTES]; /* of the store that it belongs to; "": none yet */
};

/*
 * Reads the file in that directory; makes it the first time. Result: 0, -EBADMSG for a file that is
 * none of ours, or -errno.
 */
int edges_kept_open(const char *directory, struct edges_kept *ret_kept);

/* Keeps another epoch. Result: 0 and it is on the disk, or -errno. */
int edges_kept_remember(struct edges_kept *kept, const char *epoch);

/* Makes an id that nobody else has. Result: 0 or -EIO. */
int edges_kept_make_id(char ret_id[EDGES_ID_BYTES]);
