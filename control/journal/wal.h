/* SPDX-License-Identifier: BSD-3-Clause */
/* SQLite's write-ahead log (sqlite.org/fileformat2.html, 4): how sound it is, and how long. */
#pragma once

#include <stdint.h>

struct journal;

/* Of the audit's: it is written back every 1000 pages, between transactions. */
#define JOURNAL_WAL_BYTES ((uint64_t)16 << 20)

/*
 * A look before SQLite recovers it. SQLite takes the log up to the first frame that it cannot read.
 * That is right for the last transaction, which a crash may have torn; but since every commit is
 * synced before the next one is begun, an unreadable frame with a later transaction behind it is
 * damage, and recovering would silently lose what was acknowledged. Result: 0, also if there is no
 * log; -EBADMSG for such damage; or -errno.
 */
int journal_wal_check(const char *path);

/*
 * Before each transaction of an audit with a budget: the log may be too long, and is written back
 * and begun anew. Result: 0, -ENOSPC while somebody who reads it all the time keeps it from that,
 * or -errno.
 */
int journal_wal_make_room(struct journal *audit);
