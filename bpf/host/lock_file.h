/* SPDX-License-Identifier: BSD-3-Clause */
/* One process of a kind for each edge: a lock file that names who holds it. */
#pragma once

#include <sys/types.h>

/*
 * How long a taken lock is waited for. A killed process holds its own until its last thread is
 * gone, some milliseconds after its supervisor was told.
 */
#define LOCK_FILE_WAIT_MS 2000u

struct lock_file {
	const char *dir;
	const char *name;
	mode_t dir_mode;
	mode_t mode;
	unsigned int wait_ms;
};

/*
 * Takes dir/name, making both if need be, and writes our pid into it. The lock goes with the
 * process. Blocks for at most wait_ms: for start. Result: a descriptor to close, or -errno; -EEXIST
 * with *ret_holder set (0 if unknown) when another process has it and keeps it.
 */
int lock_file_take(const struct lock_file *file, pid_t *ret_holder);
