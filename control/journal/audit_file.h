/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening the audit of connections whatever is found in its place: it is no reason not to carry. */
#pragma once

struct journal;

/*
 * Opens or creates the file. A damaged one is put aside, as path.damaged in place of one from
 * before, and another begun. Result: 0; 1 if that was so, and *ret_reason says what was found, to
 * be freed (NULL without memory); or -errno and *ret_reason likewise.
 */
int journal_audit_file_open(const char *path, struct journal **ret_audit, char **ret_reason);
