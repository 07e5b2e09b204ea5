/* SPDX-License-Identifier: BSD-3-Clause */
/* Carrying out a change: journal, then publish, then the model. */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/state/drain.h"
#include "edge/state/state.h"
#include "edge/txn/cut.h"
#include "edge/txn/save.h"
#include "edge/txn/txn.h"
#include "edge/txn/undo.h"
#include "model/deadline.h"
#include "model/pools.h"

/* The pool counts as recovered this far below the mark. */
#define LOW_WATER_GAP_PERCENT 5
#define JOURNAL_RETRY_S	      5

bool txn_commit_removes(const struct txn *txn)
{
	for (unsigned int i = 0; i < txn->nr_changes; i++)
		if (txn_cut_is_end(&txn->change[i]))
			return true;
	return false;
}

static bool is_low(const struct edge *edge, unsigned int public_index)
{
	unsigned int mark = edge->settings.low_water_percent;
	struct ports_figures figures;

	model_ports_pool_figures(&edge->settings, edge->ports, public_index, &figures);
	if (edge->pools_low & 1u << public_index)
		mark = mark > LOW_WATER_GAP_PERCENT ? mark - LOW_WATER_GAP_PERCENT : 0;
	return mark &&
	       100 * ((uint64_t)figures.total - figures.free) >= (uint64_t)mark * figures.total;
}

uint32_t txn_commit_pools_low(const struct edge *edge)
{
	uint32_t low = 0;

	for (unsigned int i = 0; i < edge->settings.nr_publics; i++)
		if (model_pools_is_first(&edge->settings, i) && is_low(edge, i))
			low |= 1u << i;
	return low;
}

/* Result: 0 or -ENOMEM. */
static int note_pool(struct txn *txn, unsigned int public_index)
{
	const struct model_settings *settings = &txn->edge->settings;
	bool low = txn->pools_low & 1u << public_index;
	struct event *event = txn_event(txn, low ? EVENT_POOL_LOW : EVENT_POOL_RECOVERED, NULL);
	struct ports_figures figures;

	if (!event)
		return -ENOMEM;
	model_ports_pool_figures(settings, txn->edge->ports, public_index, &figures);
	event->value = figures.free;
	snprintf(event->detail, sizeof(event->detail), "%s",
		 model_pools_name(settings, public_index));
	return 0;
}

/* Result: 0 or -ENOMEM. */
static int note_pools(struct txn *txn)
{
	uint32_t changed;
	int result = 0;

	txn->pools_low = txn_commit_pools_low(txn->edge);
	changed = txn->pools_low ^ txn->edge->pools_low;
	for (unsigned int i = 0; changed >> i && result == 0; i++)
		if (changed & 1u << i)
			result = note_pool(txn, i);
	return result;
}

/* Calls one function with each forward of a build that has a slot. */
typedef void forward_action(struct txn *txn, const struct build *build, const struct node *node,
			    const struct forward *forward);

static void for_each_forward(struct txn *txn, const struct build *build, forward_action *act)
{
	for (unsigned int i = 0; i < build->nr_nodes; i++) {
		const struct node *node = &build->nodes[i];

		for (unsigned int j = 0; j < node->nr_forwards; j++)
			if (forward_has_slot(&node->forwards[j]))
				act(txn, build, node, &node->forwards[j]);
	}
}

static void end_forward(struct txn *txn, const struct build *build, const struct node *node,
			const struct forward *forward)
{
	struct edge *edge = txn->edge;
	struct endpoint endpoint = state_endpoint(node, forward);

	if (table_publish_end(edge->publish, forward->slot_index))
		txn->removed = true;
	if (forward->ordinal != PORTS_NONE)
		model_ports_quarantine(edge->ports, forward->ordinal);
	if (node->has_address && state_holders_get(edge->holders, &endpoint) == build->serial)
		state_holders_set(edge->holders, &endpoint, 0);
}

static void clear_forward(struct txn *txn, const struct build *build, const struct node *node,
			  const struct forward *forward)
{
	table_publish_clear(txn->edge->publish, forward->slot_index);
	if (forward->ordinal != PORTS_NONE)
		model_ports_release(txn->edge->ports, forward->ordinal);
}

/* build is the build before: its slots are live or reserved. */
static void move_forward(struct txn *txn, const struct build *build, const struct node *node,
			 const struct forward *forward)
{
	table_publish_deadline(txn->edge->publish, forward->slot_index,
			       build->pending->deadline_ns);
}

static void forget_counts(struct edge *edge, const struct build *build)
{
	state_tally_forget(edge->tally, COUNT_ALL, "");
	for (unsigned int i = 0; i < build->actors.nr; i++)
		state_tally_forget(edge->tally, COUNT_ACTOR, build->actors.item[i]);
	if (build->organisation)
		state_tally_forget(edge->tally, COUNT_ORGANISATION, build->organisation);
}

/* What goes out of use, first: a new lease may have the same VM. */
static void publish_end(struct txn *txn, unsigned int i)
{
	const struct txn_change *change = &txn->change[i];
	struct edge *edge = txn->edge;

	if (!txn_cut_is_end(change))
		return;
	for_each_forward(txn, change->before, end_forward);
	change->after->end_number = state_drain_number(edge);
	table_publish_allow_drop(edge->publish, change->after->allow_index, txn->now.boot_ns);
	forget_counts(edge, change->before);
}

static void publish_deadline(struct txn *txn, unsigned int i)
{
	const struct txn_change *change = &txn->change[i];

	if (change->before && change->after && build_is_open(change->after) &&
	    change->before->deadline_ns != change->after->deadline_ns)
		for_each_forward(txn, change->before, move_forward);
}

static void cut_forward(struct txn *txn, const struct build *build, const struct node *node,
			const struct forward *forward)
{
	if (table_publish_end(txn->edge->publish, forward->slot_index))
		txn->removed = true;
}

void txn_commit_cut(struct txn *txn, unsigned int first)
{
	for (unsigned int i = first; i < txn->nr_changes; i++) {
		const struct txn_change *change = &txn->change[i];

		if (txn_cut_is_end(change))
			for_each_forward(txn, change->before, cut_forward);
		else if (change->before && change->after &&
			 change->after->deadline_ns < change->before->deadline_ns)
			for_each_forward(txn, change->before, move_forward);
	}
}

/* Result: whether the build was cut while this was under way: then the slot is not opened. */
static bool publish_cut(struct txn *txn, const struct build *build, const struct lease *lease)
{
	const struct edge *edge = txn->edge;
	const struct build *before = state_registry_find_serial(edge->registry, build->serial);

	if (!before || !before->cut_ahead)
		return false;
	if (table_publish_has_ended(edge->publish, lease->slot_index))
		table_publish_unprepare(edge->publish, lease);
	else
		table_publish_slot(edge->publish, lease, SP_SLOT_ENDED);
	return true;
}

static void publish_lease(struct txn *txn, unsigned int i)
{
	struct lease *lease = &txn->lease[i].lease;
	const struct build *build = txn->lease[i].build;

	lease->allow_index = build->allow_index;
	lease->deadline_ns = build->deadline_ns;
	if (!publish_cut(txn, build, lease))
		table_publish_slot(txn->edge->publish, lease,
				   lease->bound ? SP_SLOT_LIVE : SP_SLOT_RESERVED);
	state_registry_own_slot(txn->edge->registry, lease->slot_index, build->serial);
}

/* A new one is seen only when all are. */
static void settle_new(struct txn *txn, unsigned int i)
{
	struct build *build = txn->change[i].after;
	struct registry *registry = txn->edge->registry;

	if (txn->change[i].before)
		return;
	model_deadline_check(build);
	build->due_ns = model_deadline_due_ns(build);
	state_registry_hide_from(registry, build->serial);
	state_registry_add(registry, build);
}

static void settle_old(struct txn *txn, unsigned int i)
{
	const struct txn_change *change = &txn->change[i];
	struct registry *registry = txn->edge->registry;

	if (!change->before)
		return;

	if (!change->after) {
		for_each_forward(txn, change->before, clear_forward);
		state_registry_remove(registry, change->before);
		return;
	}
	if (build_is_open(change->after))
		model_deadline_check(change->after);
	change->after->due_ns = model_deadline_due_ns(change->after);
	if (change->before->cut_ahead)
		change->after->cut_ahead = true;
	state_registry_replace(registry, change->before, change->after);
}

/* Passes over what is changed, which those who look at builds do not see. Result: whether it was
 * the last step of them. */
static bool apply_one(struct txn *txn)
{
	unsigned int i = txn->nr_applied, nr = txn->nr_changes;

	if (i < nr) {
		publish_end(txn, i);
	} else if ((i -= nr) < nr) {
		publish_deadline(txn, i);
	} else if ((i -= nr) < txn->nr_leases) {
		publish_lease(txn, i);
	} else if ((i -= txn->nr_leases) < nr) {
		settle_new(txn, i);
	} else {
		return true;
	}
	txn->nr_applied++;
	return false;
}

static void end_apply(struct txn *txn)
{
	struct edge *edge = txn->edge;

	for (unsigned int i = 0; i < txn->nr_changes; i++)
		settle_old(txn, i);
	state_registry_show(edge->registry);
	if (txn->sync_generation != BUILD_DEFAULT)
		edge->sync_generation = txn->sync_generation;
	if (txn->lives_kept)
		edge->lives_kept = txn->lives_kept;
	if (txn->addresses_kept)
		edge->addresses.kept = txn->addresses_kept;
}

static void apply(struct txn *txn)
{
	while (!apply_one(txn))
		;
	end_apply(txn);
}

void txn_commit_stop(struct txn *txn)
{
	txn_save_stop(txn);
	if (txn->saved)
		txn_commit_end(txn);
	else
		txn_commit_abort(txn);
}

void txn_commit_abort(struct txn *txn)
{
	txn_save_stop(txn);
	journal_rollback(txn->edge->journal);
	state_events_rolled_back(&txn->edge->events);
	txn_abort(txn);
}

/* What is cut, in a transaction that the journal does not see. */
static void cut_alone(struct txn *txn, const struct txn_cuts *cuts)
{
	struct txn own;
	bool recorded = false;

	txn_begin_own(&own, txn->edge, &txn->now);
	if (txn_cut_remake(&own, cuts, &recorded) < 0) {
		txn_abort(&own);
		return;
	}
	apply(&own);
	txn_release(&own);
	txn->removed = txn->removed || own.removed;
	txn->nr_cut = cuts->nr;
	txn->cut_all = cuts->all;
	txn->standing = recorded ? EDGE_RECORDED : EDGE_LOOSE;
}

static void complain(const struct txn *txn, int error)
{
	struct problem *problem = txn->problem;

	if (!problem)
		return;
	if (txn->nr_cut)
		json_problem_set(problem, PROBLEM_JOURNAL,
				 "The journal cannot be written (%s): nothing was changed, "
				 "but that %u sessions that were to end have ended.",
				 strerror(-error), txn->nr_cut);
	else
		json_problem_set(problem, PROBLEM_JOURNAL,
				 "The journal cannot be written (%s): nothing was changed.",
				 strerror(-error));
	problem->retry_after_s = JOURNAL_RETRY_S;
}

static int refuse(struct txn *txn, int error)
{
	struct txn_cuts cuts = {0};

	state_journal_refused(txn->edge, txn->now.boot_ns);
	txn_cut_collect(txn, &cuts);
	txn_commit_abort(txn);
	if (cuts.nr)
		cut_alone(txn, &cuts);
	txn_cut_free(&cuts);
	complain(txn, error);
	return error;
}

static bool is_empty(const struct txn *txn)
{
	return txn->nr_changes == 0 && txn->nr_events == 0 && !txn->moment &&
	       txn->sync_generation == BUILD_DEFAULT && !txn->receipt && !txn->audited_what;
}

int txn_commit_begin(struct txn *txn)
{
	int result = note_pools(txn);

	if (result == 0)
		result = state_registry_reserve(txn->edge->registry, txn->nr_changes);
	if (result == 0 && !txn->saving && !is_empty(txn))
		result = txn->save_error ? txn->save_error : txn_save_begin(txn);
	return result < 0 ? refuse(txn, result) : 0;
}

int txn_commit_save(struct txn *txn)
{
	int result = txn->saving ? txn_save_end(txn) : 0;

	return result < 0 && result != -EINPROGRESS ? refuse(txn, result) : result;
}

int txn_commit_some(struct txn *txn, unsigned int most)
{
	for (; most > 0; most--)
		if (apply_one(txn)) {
			txn_commit_end(txn);
			return 0;
		}
	return -EAGAIN;
}

void txn_commit_end(struct txn *txn)
{
	apply(txn);
	state_events_committed(&txn->edge->events);
	if (txn->saving) {
		state_events_keep(&txn->edge->events, txn->event, txn->nr_events, txn->now.wall_ns);
		state_journal_took(txn->edge);
	}
	txn->edge->pools_low = txn->pools_low;
	txn_release(txn);
}

int txn_commit(struct txn *txn)
{
	int result;

	txn_commit_cut(txn, 0);
	result = txn_commit_begin(txn);
	if (result == 0 && txn->saving) {
		result = txn_save_all(txn);
		if (result < 0)
			result = refuse(txn, result);
	}
	if (result == 0)
		txn_commit_end(txn);
	if (result == 0 || !txn->cut_all)
		return result;
	if (txn->problem) /* it was all that was asked for */
		json_problem_clear(txn->problem);
	return 0;
}
