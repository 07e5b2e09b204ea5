/* SPDX-License-Identifier: BSD-3-Clause */
/* A look at SQLite's write-ahead log before SQLite recovers it (sqlite.org/fileformat2.html, 4). */
#pragma once

/*
 * SQLite takes the log up to the first frame that it cannot read. That is right for the last
 * transaction, which a crash may have torn; but since every commit is synced before the next one is
 * begun, an unreadable frame with a later transaction behind it is damage, and recovering would
 * silently lose what was acknowledged. Result: 0, also if there is no log; -EBADMSG for such
 * damage; or -errno.
 */
int journal_wal_check(const char *path);
