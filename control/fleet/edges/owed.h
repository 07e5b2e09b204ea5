/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Builds that have ended here while the store could not be told, and those whose end the store is
 * not to be told of. They are kept in a file, so that a removal that was answered is not forgotten
 * before the store knows of it, and none is made of what this edge has ended for itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct owed;

/* Reads the file at path, if there is one. Result: 0, -EBADMSG for a file that is none of ours,
 * -ENOMEM, or another -errno. */
int edges_owed_open(const char *path, struct owed **ret_owed);

/* The file stays. NULL is allowed. */
void edges_owed_close(struct owed *owed);

/* Notes a build that has ended, on the disk once that is synced. Result: 0 or -ENOMEM. */
int edges_owed_add(struct owed *owed, const char *id);

/* Result: 0 and all that was added is on the disk, or -errno and it is noted until we end. */
int edges_owed_sync(struct owed *owed);

/* Notes one until we end: sallyportd tells of it for a while. by_clock: nobody asked for its end.
 */
void edges_owed_note(struct owed *owed, const char *id, bool by_clock);

/* Result: whether it has ended here by the clock alone, so that its end is no order to others. */
bool edges_owed_is_by_clock(const struct owed *owed, const char *id);

/* The store has it no more, or not as it is here: that it ends here is no news to the store, until
 * it was made here again, or sallyportd has forgotten it. On the disk once that is synced. */
void edges_owed_ignore(struct owed *owed, const char *id, bool ignore);
bool edges_owed_ignores(const struct owed *owed, const char *id);

/* Result: the one behind that, or the first; NULL: there is none. */
const char *edges_owed_next_ignored(const struct owed *owed, const char *id);

/* Result: whether it has ended here, and the store is still to be told. */
bool edges_owed_has(const struct owed *owed, const char *id);

/* Result: how many the store is to be told of, whoever ended them. */
size_t edges_owed_count(const struct owed *owed);

/* The store knows of it, or never knew of it. The file says so when all have been visited. */
void edges_owed_drop(struct owed *owed, const char *id);

/* The store is being told of it, which is over at edges_owed_told(). */
void edges_owed_tell(struct owed *owed, const char *id);
void edges_owed_told(struct owed *owed, const char *id);

/* Calls visit, which may add and drop, for each of which the store is not being told. Result: 0, or
 * -errno of the file, which is written again the next time. */
int edges_owed_each(struct owed *owed, void (*visit)(void *context, const char *id), void *context);
