/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Builds that have ended here while the store could not be told. They are kept in a file, so that a
 * removal that was answered is not forgotten before the store knows of it.
 */
#pragma once

#include <stdbool.h>

struct owed;

/* Reads the file at path, if there is one. Result: 0, -EBADMSG for a file that is none of ours,
 * -ENOMEM, or another -errno. */
int edges_owed_open(const char *path, struct owed **ret_owed);

/* The file stays. NULL is allowed. */
void edges_owed_close(struct owed *owed);

/* Notes a build that has ended, on the disk. Result: 0, or -errno and it is noted until we end. */
int edges_owed_add(struct owed *owed, const char *id);

/* Notes one until we end: sallyportd tells of it for a while. by_clock: nobody asked for its end.
 */
void edges_owed_note(struct owed *owed, const char *id, bool by_clock);

/* Result: whether it has ended here by the clock alone, so that its end is no order to others. */
bool edges_owed_is_by_clock(const struct owed *owed, const char *id);

/* Result: whether it has ended here, and the store is still to be told. */
bool edges_owed_has(const struct owed *owed, const char *id);

/* The store knows of it, or never knew of it. The file says so when all have been visited. */
void edges_owed_drop(struct owed *owed, const char *id);

/* The store is being told of it, which is over at edges_owed_told(). */
void edges_owed_tell(struct owed *owed, const char *id);
void edges_owed_told(struct owed *owed, const char *id);

/* Calls visit, which may add and drop, for each of which the store is not being told. Result: 0, or
 * -errno of the file, which is written again the next time. */
int edges_owed_each(struct owed *owed, void (*visit)(void *context, const char *id), void *context);
