/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/txn/save.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "edge/state/state.h"
#include "edge/txn/cut.h"
#include "edge/txn/receipt.h"
#include "edge/txn/txn.h"

/* So that a copy takes no longer than a step may. */
#define PIECE_MAX 4096

/* Changes and events, copied: the transaction's own lists go on growing meanwhile. */
struct txn_piece {
	struct txn *txn;
	struct txn_change *change;
	unsigned int nr_changes;
	struct event *event;
	unsigned int nr_events;
	bool last; /* to be committed then */
};

static int save_change(struct txn *txn, const struct txn_change *change)
{
	struct journal *journal = txn->edge->journal;
	int result;

	if (!change->after)
		return journal_build_forget(journal, change->before->serial);
	result = change->before ? 0
				: journal_build_id_used(journal, change->after,
							&change->after->id_used_before);
	if (result == 0)
		result = journal_build_save(journal, &txn->now, change->after,
					    change->whole ? JOURNAL_WHOLE : JOURNAL_ROW);
	if (result == 0 && txn_cut_is_end(change))
		result = txn_cut_save_ports(txn->edge, &txn->now, change->after);
	if (result == 0 && change->what)
		result = journal_record_save_audit(journal, &txn->now, &change->peer, change->what,
						   change->after);
	return result;
}

static int save_event(struct txn *txn, struct event *event)
{
	event->wall_ns = txn->now.wall_ns;
	return state_events_append(&txn->edge->events, event);
}

/* Before any begins: a new table, after this one is lost, counts on from there. */
static int save_lives(struct txn *txn)
{
	uint64_t lives = table_publish_lives(txn->edge->publish) + txn->nr_leases;

	if (lives + EDGE_LIVES_AHEAD / 2 <= txn->edge->lives_kept)
		return 0;
	txn->lives_kept = lives + EDGE_LIVES_AHEAD;
	return journal_set_number(txn->edge->journal, EDGE_LIVES, txn->lives_kept);
}

static int end_journal(struct txn *txn)
{
	struct journal *journal = txn->edge->journal;
	int result = 0;

	if (txn->sync_generation != BUILD_DEFAULT)
		result = journal_set_number(journal, "sync_generation", txn->sync_generation);
	if (result == 0 && txn->audited_what)
		result = journal_record_save_audit(journal, &txn->now, &txn->peer,
						   txn->audited_what, txn->audited);
	if (result == 0)
		result = save_lives(txn);
	if (result == 0)
		result = state_addresses_save(&txn->edge->addresses, journal, &txn->addresses_kept);
	if (result == 0)
		result = txn_receipt_save(txn);
	return result < 0 ? result : journal_commit(journal, &txn->now);
}

/* Events are numbered in their order. */
static int save_lists(struct txn *txn, const struct txn_change *change, unsigned int nr_changes,
		      struct event *event, unsigned int nr_events)
{
	int result = 0;

	for (unsigned int i = 0; i < nr_changes && result == 0; i++)
		result = save_change(txn, &change[i]);
	for (unsigned int i = 0; i < nr_events && result == 0; i++)
		result = save_event(txn, &event[i]);
	return result;
}

int txn_save_begin(struct txn *txn)
{
	int result = txn_cut_pay(txn->edge, &txn->now);

	if (result == 0)
		result = journal_begin(txn->edge->journal);
	txn->saving = result == 0;
	txn->save_error = result;
	return result;
}

int txn_save_all(struct txn *txn)
{
	int result = save_lists(txn, txn->change, txn->nr_changes, txn->event, txn->nr_events);

	return result < 0 ? result : end_journal(txn);
}

static void free_piece(struct txn *txn)
{
	if (!txn->piece)
		return;
	free(txn->piece->change);
	free(txn->piece->event);
	free(txn->piece);
	txn->piece = NULL;
}

/* On the thread of the journal. */
static int save_piece(void *context)
{
	struct txn_piece *piece = context;
	struct txn *txn = piece->txn;
	int result =
		save_lists(txn, piece->change, piece->nr_changes, piece->event, piece->nr_events);

	return result == 0 && piece->last ? end_journal(txn) : result;
}

/* A copy of nr elements of an array from the first of them on: there may be no array when nr is 0.
 */
static void *copy_of(const void *array, size_t first, size_t nr, size_t bytes)
{
	void *copy = calloc(nr + 1, bytes);

	if (copy && nr)
		memcpy(copy, (const char *)array + first * bytes, nr * bytes);
	return copy;
}

static unsigned int at_most(unsigned int nr)
{
	return nr < PIECE_MAX ? nr : PIECE_MAX;
}

/* Hands over what is not saved yet, or its beginning. ending: there will be no more. Result: 0 or
 * -ENOMEM. */
static int hand_over(struct txn *txn, bool ending)
{
	struct txn_piece *piece = txn->piece = calloc(1, sizeof(*piece));
	unsigned int nr_changes = at_most(txn->nr_changes - txn->nr_saved_changes);
	unsigned int nr_events = at_most(txn->nr_events - txn->nr_saved_events);

	if (!piece)
		return -ENOMEM;
	*piece = (struct txn_piece){txn, NULL, nr_changes, NULL, nr_events, false};
	piece->change =
		copy_of(txn->change, txn->nr_saved_changes, nr_changes, sizeof(*piece->change));
	piece->event = copy_of(txn->event, txn->nr_saved_events, nr_events, sizeof(*piece->event));
	if (!piece->change || !piece->event) {
		free_piece(txn);
		return -ENOMEM;
	}
	txn->nr_saved_changes += nr_changes;
	txn->nr_saved_events += nr_events;
	piece->last = ending && txn->nr_saved_changes == txn->nr_changes &&
		      txn->nr_saved_events == txn->nr_events;
	journal_thread_begin(txn->edge->journal, save_piece, piece);
	return 0;
}

static void note_result(struct txn *txn, int result)
{
	if (txn->save_error == 0)
		txn->save_error = result;
	if (txn->piece && txn->piece->last && result == 0)
		txn->saved = true;
	free_piece(txn);
}

/* Result: whether the thread is free. */
static bool fetch(struct txn *txn)
{
	int result = txn->piece ? journal_thread_poll(txn->edge->journal) : 0;

	if (result == -EINPROGRESS)
		return false;
	note_result(txn, result);
	return true;
}

void txn_save_more(struct txn *txn)
{
	if (!txn->saving && txn->save_error == 0 && txn->nr_changes > 0)
		txn_save_begin(txn);
	if (!txn->saving || !fetch(txn) || txn->save_error < 0)
		return;
	txn->save_error = hand_over(txn, false);
}

int txn_save_end(struct txn *txn)
{
	while (fetch(txn)) {
		if (txn->save_error < 0 || txn->saved)
			return txn->save_error;
		txn->save_error = hand_over(txn, true);
		if (txn->save_error < 0)
			return txn->save_error;
	}
	return -EINPROGRESS;
}

void txn_save_stop(struct txn *txn)
{
	if (txn->piece)
		note_result(txn, journal_thread_wait(txn->edge->journal));
}
