/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the edge has done without the journal and owes to it: sessions that were cut while it could
 * not be written. Part of the edge.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "edge/state/call.h"
#include "edge/state/events.h"
#include "journal/cuts.h"

struct debt {
	uint64_t serial;
	struct instant made;
	struct peer peer;
	char what[JOURNAL_CUTS_WHAT]; /* for the audit; "": nobody asked */
	enum event_type type;	      /* the event that is owed too */
	enum session_reason reason;
	uint64_t value;
	uint32_t record; /* of journal/cuts.h, or JOURNAL_CUTS_NONE */
};

/* In the order they were made. */
struct debts {
	struct debt *debt;
	unsigned int nr, room;
	unsigned int nr_loose; /* without a record: a crash of the host forgets them */
	uint64_t cuts;	       /* made so since the start */
	uint64_t retry_due_ns; /* when to try the journal again */
};

/* Makes room for so many more, so that adding them cannot fail. Result: 0 or -ENOMEM. */
int state_debts_reserve(struct debts *debts, unsigned int nr_more);
void state_debts_add(struct debts *debts, const struct debt *debt);

/* Result: the last of a build, or NULL. */
const struct debt *state_debts_find(const struct debts *debts, uint64_t serial);

/* The first nr are paid. */
void state_debts_drop(struct debts *debts, unsigned int nr);
void state_debts_free(struct debts *debts);
