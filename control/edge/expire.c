/* SPDX-License-Identifier: BSD-3-Clause */
/* What the clock does. */
#include <errno.h>
#include <stdlib.h>

#include "edge/edge.h"
#include "edge/state/drain.h"
#include "edge/state/state.h"
#include "edge/txn/change.h"
#include "edge/txn/cut.h"
#include "edge/txn/save.h"
#include "edge/txn/txn.h"
#include "model/deadline.h"

/* Builds handled in one transaction: others have their turn between two. */
#define BATCH 128

/* If there are more: in a transaction that is made bit by bit, in steps of so many. */
#define BATCH_MANY 4096
#define A_STEP	   256

#define MOMENT_EVERY_NS (60 * CLOCK_SECOND_NS)
#define RETRY_NS	CLOCK_SECOND_NS
#define BUSY_NS		(10 * 1000000ULL)

/* Packets seen within this time count as being in use. */
#define IN_USE_NS (300 * CLOCK_SECOND_NS)

static uint64_t earlier(uint64_t a_ns, uint64_t b_ns)
{
	return a_ns < b_ns ? a_ns : b_ns;
}

/* Result: the latest deadline that extension while in use may lead to, which has a cap of its own.
 */
static uint64_t most_while_used_ns(const struct model_settings *settings, const struct build *build)
{
	return earlier(build->cap_ns, build->base_ns + settings->extend_cap_ns);
}

/* Result: where extension while in use takes the deadline; the deadline itself: nowhere. */
static uint64_t extended_while_used_ns(const struct txn *txn, const struct build *build)
{
	const struct model_settings *settings = &txn->edge->settings;
	uint64_t most_ns = most_while_used_ns(settings, build);

	if (settings->extend_step_ns == 0 || build->state != SESSION_FINISHED ||
	    build->used_ns == 0 || build->used_ns + IN_USE_NS < txn->now.boot_ns ||
	    most_ns <= build->deadline_ns)
		return build->deadline_ns;
	return earlier(most_ns, build->deadline_ns + settings->extend_step_ns);
}

static int warn(struct txn *txn, struct build *build)
{
	uint64_t left_ns = clock_left_ns(&txn->now, build->deadline_ns);
	uint64_t deadline_ns = extended_while_used_ns(txn, build);
	struct build *copy = txn_edit(txn, build, NULL);
	struct event *event;

	if (!copy)
		return -ENOMEM;
	if (deadline_ns > build->deadline_ns)
		return txn_change_extend(txn, copy, deadline_ns);
	copy->nr_warned = model_deadline_count_warnings(left_ns);
	event = txn_event(txn, EVENT_BUILD_WARNING, copy);
	if (!event)
		return -ENOMEM;
	event->value = (left_ns + CLOCK_SECOND_NS / 2) / CLOCK_SECOND_NS;
	return 0;
}

/* What the journal is owed of a build goes before that it is forgotten. */
static int handle(struct txn *txn, struct build *build)
{
	uint64_t now_ns = txn->now.boot_ns;

	if (!build_is_open(build))
		return txn->edge->debts.nr > 0 ? 0 : txn_forget(txn, build);
	if (build->deadline_ns <= now_ns)
		return txn_end(txn, build, SESSION_EXPIRE, NULL);
	if (build->connect_by_ns && build->connect_by_ns <= now_ns)
		return txn_end(txn, build, SESSION_STAY_UNUSED, NULL);
	return warn(txn, build);
}

static int handle_all(struct txn *txn, struct build **due, unsigned int nr_due)
{
	int result = 0;

	for (unsigned int i = 0; i < nr_due && result == 0; i++)
		result = handle(txn, due[i]);
	if (result < 0) {
		txn_abort(txn);
		return result;
	}
	return txn_commit(txn);
}

/* What has ended, but not been seen to be over by every reader, keeps its slots a while longer. */
static unsigned int postpone_undrained(struct edge *edge, const struct instant *now,
				       struct build **due, unsigned int nr_due)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < nr_due; i++) {
		struct build *build = due[i];

		if (build_is_open(build) ||
		    state_drain_is_over(edge, build->end_number, now->boot_ns))
			due[kept++] = build;
		else
			state_registry_postpone(edge->registry, build,
						state_drain_again_ns(edge, now->boot_ns));
	}
	return kept;
}

static bool must_end(const struct build *build, uint64_t now_ns)
{
	return build_is_open(build) && (build->deadline_ns <= now_ns ||
					(build->connect_by_ns && build->connect_by_ns <= now_ns));
}

/* Of all that is due, what ends: it needs no journal, and the rest is not to stand before it. */
static unsigned int find_ends(const struct edge *edge, uint64_t now_ns, struct build **due)
{
	unsigned int nr = state_registry_count(edge->registry), nr_ends = 0;
	struct build **all = calloc(nr + 1, sizeof(struct build *));

	nr = all ? state_registry_due(edge->registry, now_ns, all, nr) : 0;
	for (unsigned int i = 0; i < nr && nr_ends < BATCH; i++)
		if (must_end(all[i], now_ns))
			due[nr_ends++] = all[i];
	free(all);
	return nr_ends;
}

static int handle_some(struct edge *edge, const struct instant *now, struct build **due,
		       unsigned int nr_due, bool *ret_removed)
{
	struct txn txn;
	int result;

	nr_due = postpone_undrained(edge, now, due, nr_due);
	if (nr_due == 0)
		return 0;
	txn_begin_own(&txn, edge, now);
	result = handle_all(&txn, due, nr_due);
	if (txn.removed)
		*ret_removed = true;
	return result;
}

/* A transaction that is under way. */
enum expiry_stage {
	EXPIRY_COLLECT,
	EXPIRY_SAVE,
	EXPIRY_APPLY,
	EXPIRY_OVER,
};

struct expiry {
	struct txn txn;
	enum expiry_stage stage;
	struct build *due[BATCH_MANY];
	unsigned int nr_due, nr_handled;
};

static int collect_some(struct expiry *expiry)
{
	unsigned int first = expiry->txn.nr_changes;
	int result = 0;

	for (unsigned int i = 0; i < A_STEP && expiry->nr_handled < expiry->nr_due && result == 0;
	     i++)
		result = handle(&expiry->txn, expiry->due[expiry->nr_handled++]);
	if (result < 0) {
		txn_commit_abort(&expiry->txn);
		return result;
	}
	txn_commit_cut(&expiry->txn, first);
	txn_save_more(&expiry->txn);
	if (expiry->nr_handled < expiry->nr_due)
		return -EAGAIN;
	expiry->stage = EXPIRY_SAVE;
	return txn_commit_begin(&expiry->txn);
}

/* Result: -EAGAIN: there is another; -EINPROGRESS: once the journal's thread has a result; else it
 * is over, with 0 or -errno. */
static int step(struct expiry *expiry)
{
	int result;

	switch (expiry->stage) {
	case EXPIRY_COLLECT:
		result = collect_some(expiry);
		return result == 0 ? -EAGAIN : result;
	case EXPIRY_SAVE:
		result = txn_commit_save(&expiry->txn);
		if (result == 0)
			expiry->stage = EXPIRY_APPLY;
		return result == 0 ? -EAGAIN : result;
	case EXPIRY_APPLY:
		result = txn_commit_some(&expiry->txn, A_STEP);
		if (result == 0)
			expiry->stage = EXPIRY_OVER;
		return result;
	case EXPIRY_OVER:
		break;
	}
	return 0;
}

static int go_on(struct edge *edge, bool *ret_removed)
{
	struct expiry *expiry = edge->expiry;
	int result = step(expiry);

	if (result == -EAGAIN || result == -EINPROGRESS)
		return result;
	if (expiry->txn.removed)
		*ret_removed = true;
	if (expiry->txn.cut_all)
		result = 0;
	free(expiry);
	edge->expiry = NULL;
	edge->busy = false;
	return result;
}

/* Result: whether what is due is so much that it is done bit by bit. */
static bool begin_many(struct edge *edge, const struct instant *now)
{
	struct expiry *expiry;
	struct build *due[BATCH];

	if (edge->failing_since_ns || journal_thread_fd(edge->journal) < 0 ||
	    state_registry_due(edge->registry, now->boot_ns, due, BATCH) < BATCH)
		return false;
	expiry = calloc(1, sizeof(*expiry));
	if (!expiry)
		return false;
	expiry->nr_due = state_registry_due(edge->registry, now->boot_ns, expiry->due, BATCH_MANY);
	expiry->nr_due = postpone_undrained(edge, now, expiry->due, expiry->nr_due);
	if (expiry->nr_due == 0) {
		free(expiry);
		return false;
	}
	txn_begin_own(&expiry->txn, edge, now);
	edge->expiry = expiry;
	edge->busy = true;
	return true;
}

void edge_expire_hold(struct edge *edge, bool hold)
{
	edge->held = hold;
}

void edge_expire_stop(struct edge *edge)
{
	struct expiry *expiry = edge->expiry;

	if (!expiry)
		return;
	txn_commit_stop(&expiry->txn);
	free(expiry);
	edge->expiry = NULL;
	edge->busy = false;
}

static int handle_due(struct edge *edge, const struct instant *now, bool *ret_removed)
{
	struct build *due[BATCH];
	unsigned int nr_due;
	int result;

	if (edge->failing_since_ns) {
		nr_due = find_ends(edge, now->boot_ns, due);
		result = handle_some(edge, now, due, nr_due, ret_removed);
		if (result < 0 || (nr_due > 0 && edge->failing_since_ns))
			return result;
	}
	if (begin_many(edge, now))
		return go_on(edge, ret_removed);
	nr_due = state_registry_due(edge->registry, now->boot_ns, due, BATCH);
	return handle_some(edge, now, due, nr_due, ret_removed);
}

/* The journal is tried again now and then, whoever else does. */
static void pay_debts(struct edge *edge, const struct instant *now)
{
	struct debts *debts = &edge->debts;

	if (!txn_cut_owes(edge) || debts->retry_due_ns > now->boot_ns)
		return;
	if (txn_cut_pay(edge, now) == 0) {
		state_journal_took(edge);
		return;
	}
	state_journal_refused(edge, now->boot_ns);
	debts->retry_due_ns = now->boot_ns + RETRY_NS;
}

static uint64_t before(uint64_t wall_ns, uint64_t kept_ns)
{
	return wall_ns > kept_ns ? wall_ns - kept_ns : 0;
}

/*
 * Forgets what is kept no longer, and notes the time: after a reboot, what was left is known.
 * Result: 0, 1 if there is more to forget, or -errno.
 */
static int tidy(struct edge *edge, const struct instant *now)
{
	uint64_t before_wall_ns = before(now->wall_ns, edge->settings.audit_kept_ns);
	int result = edge->owes_rebase ? -EBUSY : journal_begin(edge->journal), more = 0;

	if (result == 0)
		result = state_events_compact(&edge->events, edge->settings.events_kept);
	if (result == 0)
		result = more = journal_record_drop_records(edge->journal, before_wall_ns);
	if (result > 0)
		result = 0;
	if (result == 0)
		result = journal_receipt_drop(
			edge->journal, before(now->wall_ns, edge->settings.receipts_kept_ns));
	if (result == 0)
		result = journal_commit(edge->journal, now);
	if (result < 0) {
		journal_rollback(edge->journal);
		state_events_open(&edge->events, edge->journal);
	}
	return result < 0 ? result : more;
}

/*
 * As tidy(). What it writes is little: it tells that larger changes are taken again only where
 * there is room for them.
 */
static int try_tidy(struct edge *edge, const struct instant *now)
{
	int result = tidy(edge, now);

	if (result < 0) {
		state_journal_refused(edge, now->boot_ns);
		return result;
	}
	edge->moment_due_ns = now->boot_ns + (result > 0 ? BUSY_NS : MOMENT_EVERY_NS);
	if (!edge->failing_since_ns)
		return result;
	if (journal_has_room(edge->journal))
		state_journal_took(edge);
	else
		edge->moment_due_ns = now->boot_ns + RETRY_NS;
	return result;
}

static uint64_t next_due_ns(const struct edge *edge, uint64_t now_ns)
{
	const struct build *build = state_registry_first_due(edge->registry);
	uint64_t due_ns = edge->moment_due_ns;

	if (build)
		due_ns = earlier(due_ns, build->due_ns);
	if (!txn_cut_owes(edge))
		return due_ns;
	/* What waits until they are paid is due all the time. */
	if (due_ns <= now_ns)
		due_ns = now_ns + RETRY_NS;
	return earlier(due_ns, edge->debts.retry_due_ns);
}

void edge_expire_set_drain(struct edge *edge, edge_drain *drain, void *context)
{
	edge->drain = drain;
	edge->drain_context = context;
}

/* Result: when to call again. */
static uint64_t when_again_ns(const struct edge *edge, uint64_t now_ns, int result)
{
	if (result == -EAGAIN)
		return now_ns;
	if (result == -EINPROGRESS) /* what ends the wait has the loop turn */
		return now_ns + RETRY_NS;
	return result < 0 ? now_ns + RETRY_NS : next_due_ns(edge, now_ns);
}

uint64_t edge_expire(struct edge *edge, const struct instant *now, bool *ret_removed)
{
	int result;

	*ret_removed = false;
	if (edge->expiry)
		return when_again_ns(edge, now->boot_ns, go_on(edge, ret_removed));
	if (edge->busy || edge->held) /* it cuts no packet later: the deadline is in the slot */
		return now->boot_ns + BUSY_NS;
	pay_debts(edge, now);
	result = handle_due(edge, now, ret_removed);
	if (result == 0 && edge->moment_due_ns <= now->boot_ns)
		result = try_tidy(edge, now);
	return when_again_ns(edge, now->boot_ns, result);
}
