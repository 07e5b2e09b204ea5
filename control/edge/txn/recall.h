/* SPDX-License-Identifier: BSD-3-Clause */
/* At the start: what was cut while the journal could not be written is cut still. Part of the edge.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "journal/cuts.h"

struct build;
struct edge;
struct instant;

struct txn_recalled {
	struct journal_cut cut;
	uint32_t record;
	bool owed;
};

struct txn_recall {
	struct txn_recalled *cut; /* by serial, then revision */
	unsigned int nr;
};

/* Reads what is beside the journal; to be freed. Result: 0 or -ENOMEM. */
int txn_recall_load(struct txn_recall *recall, struct journal *journal);
void txn_recall_free(struct txn_recall *recall);

/*
 * Makes the cuts of a build that comes from the journal, its times being of this boot already, and
 * owes them again. Result: 0 or -ENOMEM.
 */
int txn_recall_apply(struct txn_recall *recall, struct edge *edge, const struct instant *now,
		     struct build *build);

/* Once all builds are there: gives back what the journal has, or knows nothing of. */
void txn_recall_drop_old(const struct txn_recall *recall, struct journal *journal);
