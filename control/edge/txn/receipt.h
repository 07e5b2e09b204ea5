/* SPDX-License-Identifier: BSD-3-Clause */
/* A receipt of a change, journaled with it. Part of the edge. */
#pragma once

struct txn;

/* Has the caller fill in the receipt it asked for, if any, and journals it. Result: 0 or -errno. */
int txn_receipt_save(struct txn *txn);
