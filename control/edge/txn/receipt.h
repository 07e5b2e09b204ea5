/* SPDX-License-Identifier: BSD-3-Clause */
/* A receipt of a change, journaled with it. Part of the edge. */
#pragma once

struct edge;
struct instant;
struct receipt;
struct txn;

/* Has the caller fill in the receipt it asked for, if any, and journals it. Result: 0 or -errno. */
int txn_receipt_save(struct txn *txn);

/*
 * Fills in the receipt of that user and key, unless it is too old. Result: 0, -ENOENT, or -errno of
 * the journal.
 */
int txn_receipt_find(const struct edge *edge, const struct instant *now, struct receipt *receipt);
