/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/txn/cut.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/state/debts.h"
#include "edge/state/state.h"
#include "edge/txn/change.h"

/* Debts paid in one transaction: few, while it is not known whether the journal takes any. */
#define BATCH_FIRST 64
#define BATCH	    1024

static const enum session_event events[SESSION_REASONS_NR] = {
	[SESSION_EXPIRED] = SESSION_EXPIRE,	  [SESSION_LIFETIME] = SESSION_EXPIRE,
	[SESSION_CANCELLED] = SESSION_CANCEL,	  [SESSION_UNUSED] = SESSION_STAY_UNUSED,
	[SESSION_SUPERSEDED] = SESSION_SUPERSEDE,
};

bool txn_cut_is_end(const struct txn_change *change)
{
	return change->before && change->after && build_is_open(change->before) &&
	       !build_is_open(change->after);
}

static bool is_finish(const struct txn_change *change)
{
	return change->before && change->after && change->before->state != SESSION_FINISHED &&
	       change->after->state == SESSION_FINISHED;
}

/* Result: whether the change is a cut and nothing else. */
static bool collect_one(const struct txn_change *change, struct txn_cuts *cuts)
{
	struct txn_cut cut = {.what = change->what, .peer = change->peer};

	if (!txn_cut_is_end(change) && !is_finish(change))
		return false;
	cut.serial = change->before->serial;
	cut.event = is_finish(change) ? SESSION_FINISH : events[change->after->reason];
	cut.finished_wall_ns = change->after->finished_wall_ns;
	cuts->cut[cuts->nr++] = cut;
	return !change->whole;
}

int txn_cut_collect(const struct txn *txn, struct txn_cuts *ret_cuts)
{
	struct txn_cuts cuts = {.all = txn->nr_leases == 0 && !txn->audited_what};

	cuts.cut = calloc(txn->nr_changes + 1, sizeof(*cuts.cut));
	if (!cuts.cut)
		return -ENOMEM;
	for (unsigned int i = 0; i < txn->nr_changes; i++)
		if (!collect_one(&txn->change[i], &cuts))
			cuts.all = false;
	cuts.all = cuts.all && cuts.nr > 0;
	*ret_cuts = cuts;
	return 0;
}

void txn_cut_free(struct txn_cuts *cuts)
{
	free(cuts->cut);
}

static int make_one(struct txn *txn, const struct txn_cut *cut)
{
	struct build *build = state_registry_find_serial(txn->edge->registry, cut->serial), *copy;

	txn->peer = cut->peer;
	if (cut->event != SESSION_FINISH)
		return txn_end(txn, build, cut->event, cut->what);
	copy = txn_edit(txn, build, cut->what);
	return copy ? txn_change_finish(txn, copy, cut->finished_wall_ns) : -ENOMEM;
}

/* What the record has to say of it. */
static void fill_record(const struct txn *txn, const struct txn_change *change,
			struct journal_cut *ret_cut)
{
	const struct build *build = change->after;

	*ret_cut = (struct journal_cut){
		.serial = build->serial,
		.created_wall_ns = build->created_wall_ns,
		.revision = build->revision,
		.wall_ns = txn->now.wall_ns,
		.boot_ns = txn->now.boot_ns,
		.left_ns = clock_left_ns(&txn->now, build->deadline_ns),
		.finished_wall_ns = build->finished_wall_ns,
		.uid = change->peer.uid,
		.pid = change->peer.pid,
		.state = build->state,
		.reason = build->reason,
	};
	if (change->what)
		snprintf(ret_cut->what, sizeof(ret_cut->what), "%s", change->what);
}

static void fill_debt(const struct build *build, const struct journal_cut *cut, struct debt *ret)
{
	const struct instant made = {cut->boot_ns, cut->wall_ns};
	bool ended = !build_is_open(build);

	*ret = (struct debt){
		.serial = build->serial,
		.made = made,
		.peer = {cut->uid, cut->pid},
		.type = ended ? EVENT_BUILD_ENDED : EVENT_BUILD_FINISHED,
		.reason = ended ? build->reason : SESSION_NO_REASON,
		.value = ended ? 0 : cut->wall_ns + cut->left_ns,
	};
	memcpy(ret->what, cut->what, sizeof(ret->what));
}

/* Result: whether the record is written. */
static bool owe(struct txn *txn, const struct txn_change *change)
{
	struct journal *journal = txn->edge->journal;
	struct journal_cut cut;
	struct debt debt;

	fill_record(txn, change, &cut);
	fill_debt(change->after, &cut, &debt);
	debt.record = journal_cuts_take(journal);
	if (debt.record != JOURNAL_CUTS_NONE &&
	    journal_cuts_write(journal, debt.record, &cut) < 0) {
		journal_cuts_clear(journal, debt.record);
		debt.record = JOURNAL_CUTS_NONE;
	}
	state_debts_add(&txn->edge->debts, &debt);
	return debt.record != JOURNAL_CUTS_NONE;
}

/* A deadline that passes is in the journal already: nothing is lost without a record. */
static bool owe_all(struct txn *txn)
{
	struct journal *journal = txn->edge->journal;
	bool recorded = true;

	for (unsigned int i = 0; i < txn->nr_changes; i++)
		if (!owe(txn, &txn->change[i]))
			recorded = false;
	return recorded && journal_cuts_sync(journal) == 0;
}

int txn_cut_remake(struct txn *txn, const struct txn_cuts *cuts, bool *ret_recorded)
{
	struct edge *edge = txn->edge;
	int result = state_debts_reserve(&edge->debts, cuts->nr);

	for (unsigned int i = 0; i < cuts->nr && result == 0; i++)
		result = make_one(txn, &cuts->cut[i]);
	if (result == 0)
		*ret_recorded = owe_all(txn);
	return result;
}

int txn_cut_owe_again(struct edge *edge, const struct build *build, const struct journal_cut *cut,
		      uint32_t record)
{
	struct debt debt;
	int result = state_debts_reserve(&edge->debts, 1);

	if (result < 0)
		return result;
	fill_debt(build, cut, &debt);
	debt.record = record;
	state_debts_add(&edge->debts, &debt);
	return 0;
}

/* An address of a prefix is never given again, so there is nothing to know of it. */
static bool is_used_again(const struct edge *edge, const struct sp_addr *addr)
{
	const struct model_public *of = model_settings_find_public(&edge->settings, addr);

	return !of || of->sessions == 0;
}

int txn_cut_save_ports(struct edge *edge, const struct instant *now, const struct build *build)
{
	uint64_t until_wall_ns = clock_wall_at(now, build->gone_ns);
	int result = 0;

	for (unsigned int i = 0; i < build->nr_nodes; i++)
		for (unsigned int j = 0; j < build->nodes[i].nr_forwards && result == 0; j++) {
			const struct forward *forward = &build->nodes[i].forwards[j];

			if (is_used_again(edge, &forward->public_addr))
				result = journal_record_save_port(
					edge->journal, &forward->public_addr, forward->public_port,
					until_wall_ns);
		}
	return result;
}

static int save_event(struct edge *edge, const struct debt *debt, const struct build *build)
{
	struct event event = {
		.wall_ns = debt->made.wall_ns,
		.type = debt->type,
		.node_index = EVENT_NO_NODE,
		.reason = debt->reason,
		.value = debt->value,
	};

	memcpy(event.build_id, build->id, sizeof(event.build_id));
	return state_events_append(&edge->events, &event);
}

static int pay_one(struct edge *edge, const struct instant *now, const struct debt *debt)
{
	const struct build *build = state_registry_find_serial(edge->registry, debt->serial);
	int result = journal_build_save(edge->journal, now, build, JOURNAL_ROW);

	if (result == 0 && debt->type == EVENT_BUILD_ENDED)
		result = txn_cut_save_ports(edge, now, build);
	if (result == 0 && debt->what[0])
		result = journal_record_save_audit(edge->journal, &debt->made, &debt->peer,
						   debt->what, build);
	return result < 0 ? result : save_event(edge, debt, build);
}

static int pay_some(struct edge *edge, const struct instant *now, unsigned int nr)
{
	int result = journal_begin(edge->journal);

	for (unsigned int i = 0; i < nr && result == 0; i++)
		result = pay_one(edge, now, &edge->debts.debt[i]);
	return result < 0 ? result : journal_commit(edge->journal, now);
}

static void settle(struct edge *edge, unsigned int nr)
{
	const struct debt *debt = edge->debts.debt;

	for (unsigned int i = 0; i < nr; i++)
		if (debt[i].record != JOURNAL_CUTS_NONE)
			journal_cuts_clear(edge->journal, debt[i].record);
	state_debts_drop(&edge->debts, nr);
}

static int pay_batch(struct edge *edge, const struct instant *now, unsigned int most)
{
	unsigned int nr = edge->debts.nr < most ? edge->debts.nr : most;
	int result = pay_some(edge, now, nr);

	if (result < 0) {
		journal_rollback(edge->journal);
		state_events_rolled_back(&edge->events);
		return result;
	}
	state_events_committed(&edge->events);
	settle(edge, nr);
	return 0;
}

int txn_cut_save_rebased(struct edge *edge, const struct instant *now)
{
	const struct build *build = NULL;
	int result = journal_begin(edge->journal);

	journal_keep_moment(edge->journal, false);
	while (result == 0 &&
	       (build = state_registry_after(edge->registry, build ? build->serial : 0)))
		result = journal_build_save(edge->journal, now, build, JOURNAL_ROW);
	if (result == 0)
		result = journal_commit(edge->journal, now);
	if (result < 0)
		journal_rollback(edge->journal);
	edge->owes_rebase = result < 0;
	journal_keep_moment(edge->journal, edge->owes_rebase);
	return result;
}

bool txn_cut_owes(const struct edge *edge)
{
	return edge->debts.nr > 0 || edge->owes_rebase || journal_left_behind(edge->journal);
}

int txn_cut_pay(struct edge *edge, const struct instant *now)
{
	unsigned int most = BATCH_FIRST;
	int result = edge->owes_rebase ? txn_cut_save_rebased(edge, now) : 0;

	for (; edge->debts.nr > 0 && result == 0; most = BATCH)
		result = pay_batch(edge, now, most);
	return result == 0 && journal_left_behind(edge->journal)
		       ? journal_write_over(edge->journal, now)
		       : result;
}
