/* SPDX-License-Identifier: BSD-3-Clause */
/* What this edge keeps of itself on the disk: who it is in its fleet. */
#pragma once

#include "fleet/edges/entry.h"

struct edges_kept {
	char path[CONFIG_PATH_SIZE + 32];
	char id[EDGES_ID_BYTES];
};

/*
 * Reads the file in that directory; makes it the first time. Result: 0, -EBADMSG for a file that is
 * none of ours, or -errno.
 */
int edges_kept_open(const char *directory, struct edges_kept *ret_kept);
