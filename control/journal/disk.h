/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The disk under both databases, which may take its time: nobody waits for it longer than the
 * patience. What is to be synced a thread of its own syncs. A sync that is late has failed, for who
 * asked for it; from then on the disk counts as hanging, until the sync has come to its end and
 * others have had as much time as was waited. By any thread, and those that sync wait for each
 * other; the patience is set while there is but one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* 0, the default: as long as it takes, and without a thread. */
void journal_disk_set_patience(uint64_t patience_ns);

/* Result: whether the disk hangs: nothing is to be written to it for now. */
bool journal_disk_hangs(void);

/* Syncs a file, on any thread. Result: 0 or -errno. */
typedef int journal_disk_sync_file(void *file, int flags);

/* Syncs a file by that function. Result: its result, or -ETIMEDOUT while the disk hangs. */
int journal_disk_sync_by(journal_disk_sync_file *sync, void *file, int flags);

/* The file is about to be closed: waits for a sync of it. */
void journal_disk_forget(const void *file);

/* So much was written since: its sync may take longer. */
void journal_disk_wrote(uint64_t bytes);
