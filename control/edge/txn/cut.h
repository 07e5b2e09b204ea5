/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cuts: what a change takes away, the ends of sessions and their sooner ends by finish. They need
 * no journal. If it refuses a change, its cuts are made all the same, alone, and are owed to it.
 * Part of the edge.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "edge/txn/txn.h"
#include "journal/cuts.h"

struct txn_cut {
	uint64_t serial;
	enum session_event event;
	uint64_t finished_wall_ns; /* SESSION_FINISH */
	const char *what;
	struct peer peer;
};

struct txn_cuts {
	struct txn_cut *cut;
	unsigned int nr;
	bool all; /* the change was nothing else */
};

/* Result: whether the change ends an open build. */
bool txn_cut_is_end(const struct txn_change *change);

/* Lists the cuts of a change, to be freed with txn_cut_free(). Result: 0 or -ENOMEM. */
int txn_cut_collect(const struct txn *txn, struct txn_cuts *ret_cuts);
void txn_cut_free(struct txn_cuts *cuts);

/*
 * Works the cuts into a new transaction of their own, with a debt for each, noted beside the
 * journal if that is possible: then, and if there was none, *ret_recorded. To be applied without
 * the journal. Result: 0, or -ENOMEM and nothing is owed; the transaction is to be aborted.
 */
int txn_cut_remake(struct txn *txn, const struct txn_cuts *cuts, bool *ret_recorded);

/* Adds the debt of a cut that a crash left beside the journal, at that record. Result: 0, -ENOMEM.
 */
int txn_cut_owe_again(struct edge *edge, const struct build *build, const struct journal_cut *cut,
		      uint32_t record);

/* Result: whether the journal is owed a transaction: of cuts, of a reboot's times, or over what a
 * failed commit has left in its log. */
bool txn_cut_owes(const struct edge *edge);

/*
 * Writes all that is owed into the journal, in transactions of its own, before any other is begun.
 * Result: 0, also with nothing to pay; or -errno, and the rest is still owed.
 */
int txn_cut_pay(struct edge *edge, const struct instant *now);

/* After a reboot: journals every build's times of this boot, or owes it. Result: 0 or -errno. */
int txn_cut_save_rebased(struct edge *edge, const struct instant *now);

/* Journals until when the ports of an ended build are in quarantine. Result: 0 or -errno. */
int txn_cut_save_ports(struct edge *edge, const struct instant *now, const struct build *build);
