/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening the audit of connections whatever is found in its place: it is no reason not to carry. */
#pragma once

#include <stdbool.h>

struct journal;

enum journal_audit_opened {
	JOURNAL_AUDIT_ANEW = 1,	 /* what was there is put aside, and another file begun */
	JOURNAL_AUDIT_IN_MEMORY, /* no file can be had: it is kept there until one can */
};

/*
 * Opens or creates the file. A damaged one is put aside, as path.damaged in place of one from
 * before, and another begun; if no file can be had, another version's say, it is kept in memory.
 * Result: 0; or one of those, and *ret_reason says why, to be freed (NULL without memory); or
 * -errno and *ret_reason likewise.
 */
int journal_audit_file_open(const char *path, struct journal **ret_audit, char **ret_reason);

/* Result: whether it was found to be damaged, or its file was removed or moved away. */
bool journal_audit_file_is_lost(const struct journal *audit);

/*
 * Begins anew in place, so that all who hold the audit go on with it: with another file if this one
 * is lost, else in memory. No statement of it may be in use, and its budget is to be set again.
 * Result: above 0 and *ret_reason as of journal_audit_file_open(); or -errno, and it is as it was.
 */
int journal_audit_file_renew(struct journal *audit, char **ret_reason);

/* Result: whether it is in memory for want of its file. */
bool journal_audit_file_is_wanted(const struct journal *audit);

/*
 * Tries that file again. Result: 0: it is in that file from now on, with the records that are open,
 * its budget is to be set again, and *ret_memory has the others, to be taken over and closed; or
 * -errno, and all is as it was.
 */
int journal_audit_file_return(struct journal *audit, struct journal **ret_memory);
