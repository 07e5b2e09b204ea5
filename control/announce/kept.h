/* SPDX-License-Identifier: BSD-3-Clause */
/* That this edge is drained, in a file of edge.state_dir: it stays so until somebody undoes it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct announce_kept {
	bool drained;
	uint64_t until_wall_ns; /* routers have so long to move */
};

/* Result: 0 (also if there is no file), -EBADMSG for one that is none of ours, or -errno. */
int announce_kept_read(const char *state_dir, struct announce_kept *ret_kept);

/* Result: 0 and it is on the disk, or -errno. */
int announce_kept_write(const char *state_dir, const struct announce_kept *kept);
