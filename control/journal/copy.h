/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The copy that is made of a journal before a newer sallyportd raises its version, and its way
 * back: an older sallyportd refuses a newer journal. The copy of version N is PATH.version-N.
 */
#pragma once

struct sqlite3;

/*
 * Writes the copy of an open journal of that version, whole and synced, over an earlier one.
 * Result: 0, or -errno and *ret_reason (to be freed), with an earlier copy untouched.
 */
int journal_copy_write(struct sqlite3 *database, const char *path, int version, char **ret_reason);

/* Reads the version of a journal that may be in use; 0: there is none. Result: 0, or -errno. */
int journal_copy_version(const char *path, int *ret_version, char **ret_reason);

/*
 * Puts the copy of that version in the journal's place. Nobody may have the journal open. What was
 * there is kept under the name of its own version. What was changed after the copy is not in it.
 * Result: 0; -ENOENT without a copy; or -errno: may be tried again.
 */
int journal_copy_take_back(const char *path, int version, char **ret_reason);
