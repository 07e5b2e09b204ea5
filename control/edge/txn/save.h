/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A change into the journal: at once, or bit by bit by the journal's thread, also while the change
 * is still being collected. Part of the edge.
 */
#pragma once

struct txn;

/* Pays what the journal is owed and begins. Result: 0 or -errno. */
int txn_save_begin(struct txn *txn);

/* Saves all of it here and now, and commits. Result: 0 or -errno. */
int txn_save_all(struct txn *txn);

/*
 * Has the thread save what was collected since, if it is idle, and begins if that was not done yet:
 * what is there already is not to be changed any more. An error is told at the end.
 */
void txn_save_more(struct txn *txn);

/* Has the thread save the rest and commit. Result: -EINPROGRESS: call again; 0 or -errno. */
int txn_save_end(struct txn *txn);

/* Waits for the thread. Unless it has committed (saved), the journal is then to be rolled back. */
void txn_save_stop(struct txn *txn);
