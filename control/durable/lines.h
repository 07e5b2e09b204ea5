/* SPDX-License-Identifier: BSD-3-Clause */
/* A file that grows line by line: after any crash it has all lines that were synced, each whole. */
#pragma once

#include <stddef.h>

struct durable_lines;

/*
 * Calls visit for each line of the file, if there is one; what a crash has left of a last line is
 * passed over. Result: 0, -ENOMEM, what visit says if that is not 0, or another -errno.
 */
int durable_lines_open(const char *path, int (*visit)(void *context, const char *line),
		       void *context, struct durable_lines **ret_lines);

/* What was not synced may be lost. NULL is allowed. */
void durable_lines_close(struct durable_lines *lines);

/* Adds a line, which is on the disk once it is synced. Result: 0; or -errno and it is not there. */
int durable_lines_append(struct durable_lines *lines, const char *line);

/* Result: 0 and all that was appended is on the disk; or -errno, and the file is to be replaced. */
int durable_lines_sync(struct durable_lines *lines);

/* Writes this line instead of all. Result: 0 and it is on the disk, or -errno. */
int durable_lines_replace(struct durable_lines *lines, const char *line);
