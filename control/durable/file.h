/* SPDX-License-Identifier: BSD-3-Clause */
/* Small files that are whole after any crash: the one before, or the new one. */
#pragma once

#include <stddef.h>

/*
 * Writes a file anew, closed to others, by PATH.new. Result: 0 and it is on the disk, or -errno and
 * the one before is still there.
 */
int durable_file_replace(const char *path, const void *text, size_t bytes);

/* A name that was made, renamed or removed lasts once this is done. Result: 0 or -errno. */
int durable_file_sync_name(const char *path);
