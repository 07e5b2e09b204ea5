/* SPDX-License-Identifier: BSD-3-Clause */
/* The durable cursor: the number of the last event that was acknowledged. */
#pragma once

#include <stdint.h>

/*
 * Keeps others from the cursor while this process lives, by a lock on PATH.lock. Result: a
 * descriptor that holds it, -EWOULDBLOCK if another process does, or -errno.
 */
int hooks_cursor_lock(const char *path);

/* Writes a new file, syncs it and puts it in the old one's place. Result: 0 or -errno. */
int hooks_cursor_write(const char *path, uint64_t seq);
