/* SPDX-License-Identifier: BSD-3-Clause */
/* What the journal's builds need of the table beyond what the configuration gives to new ones. */
#pragma once

struct config;
struct journal;
struct kernel_kept;

/*
 * Counts their ports outside public.addresses, as those of a pool that was made smaller, and their
 * allow-lists, and logs it. Result: 0 or -errno.
 */
int daemon_kept_count(const struct config *config, struct journal *journal,
		      struct kernel_kept *ret_kept);

/*
 * Closes to others what is there of journal and audit, with their logs and copies, before they are
 * opened: they say who had a session, and from where, and a copy that was put back has whatever
 * mode it was made with. What was wrong is logged.
 */
void daemon_kept_close_files(const struct config *config);

/* journal_open(), with the thread, without which large changes are made all the same. */
int daemon_kept_open(const char *path, struct journal **ret_journal, char **ret_reason);
