/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/txn/recall.h"

#include <errno.h>
#include <stdlib.h>

#include "edge/state/state.h"
#include "edge/txn/cut.h"
#include "model/deadline.h"

static int compare_cuts(const void *a, const void *b)
{
	const struct journal_cut *x = &((const struct txn_recalled *)a)->cut,
				 *y = &((const struct txn_recalled *)b)->cut;

	if (x->serial != y->serial)
		return x->serial < y->serial ? -1 : 1;
	return x->revision < y->revision ? -1 : x->revision > y->revision;
}

int txn_recall_load(struct txn_recall *recall, struct journal *journal)
{
	uint32_t room = journal_cuts_room(journal);
	struct txn_recalled known = {0};

	for (; journal_cuts_next(journal, &known.record, &known.cut); known.record++) {
		if (!recall->cut)
			recall->cut = calloc(room, sizeof(*recall->cut));
		if (!recall->cut)
			return -ENOMEM;
		recall->cut[recall->nr++] = known;
	}
	if (recall->nr)
		qsort(recall->cut, recall->nr, sizeof(*recall->cut), compare_cuts);
	return 0;
}

/* Result: the first cut of that serial, or the one past where it would be. */
static unsigned int first_cut(const struct txn_recall *recall, uint64_t serial)
{
	unsigned int low = 0, high = recall->nr;

	while (low < high) {
		unsigned int middle = low + (high - low) / 2;

		if (recall->cut[middle].cut.serial < serial)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Result: when the session is over at the latest, as the cut has it. */
static uint64_t cut_deadline_ns(const struct instant *now, const struct journal_cut *cut)
{
	/* A wall clock that is behind cannot tell how much of it is left. */
	uint64_t lost_ns = now->wall_ns >= cut->wall_ns ? now->wall_ns - cut->wall_ns : UINT64_MAX;

	if (cut->same_boot)
		return cut->boot_ns + cut->left_ns;
	return now->boot_ns + (cut->left_ns > lost_ns ? cut->left_ns - lost_ns : 0);
}

static void apply_cut(struct edge *edge, const struct instant *now, struct build *build,
		      const struct journal_cut *cut)
{
	build->revision = cut->revision;
	build->state = cut->state;
	build->reason = cut->reason;
	if (build_is_open(build)) {
		build->finished_wall_ns = cut->finished_wall_ns;
		model_deadline_shorten(build, cut_deadline_ns(now, cut), now->boot_ns);
		return;
	}
	build->ended_wall_ns = cut->wall_ns;
	/* After a reboot the quarantine begins anew: longer is always right. */
	model_deadline_end(build, edge->settings.quarantine_ns,
			   cut->same_boot ? cut->boot_ns : now->boot_ns);
}

static bool is_of(const struct journal_cut *cut, const struct build *build)
{
	return cut->created_wall_ns == build->created_wall_ns && cut->revision > build->revision &&
	       build_is_open(build) &&
	       (cut->state == SESSION_ENDED || cut->state == SESSION_FINISHED);
}

int txn_recall_apply(struct txn_recall *recall, struct edge *edge, const struct instant *now,
		     struct build *build)
{
	unsigned int i = first_cut(recall, build->serial);
	int result = 0;

	for (; i < recall->nr && recall->cut[i].cut.serial == build->serial; i++) {
		struct txn_recalled *known = &recall->cut[i];

		if (!is_of(&known->cut, build))
			continue;
		apply_cut(edge, now, build, &known->cut);
		known->owed = true;
		result = txn_cut_owe_again(edge, build, &known->cut, known->record);
		if (result < 0)
			return result;
	}
	return 0;
}

void txn_recall_drop_old(const struct txn_recall *recall, struct journal *journal)
{
	for (unsigned int i = 0; i < recall->nr; i++)
		if (!recall->cut[i].owed)
			journal_cuts_clear(journal, recall->cut[i].record);
}

void txn_recall_free(struct txn_recall *recall)
{
	free(recall->cut);
}
