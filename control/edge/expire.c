/* SPDX-License-Identifier: BSD-3-Clause */
/* What the clock does. */
#include <errno.h>

#include "edge/edge.h"
#include "edge/state/drain.h"
#include "edge/state/state.h"
#include "edge/txn/change.h"
#include "edge/txn/txn.h"
#include "model/deadline.h"

/* Builds handled in one transaction: others have their turn between two. */
#define BATCH		128
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

static int handle(struct txn *txn, struct build *build)
{
	uint64_t now_ns = txn->now.boot_ns;

	if (!build_is_open(build))
		return txn_forget(txn, build);
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

static int handle_due(struct edge *edge, const struct instant *now, bool *ret_removed)
{
	struct build *due[BATCH];
	unsigned int nr_due = state_registry_due(edge->registry, now->boot_ns, due, BATCH);
	struct txn txn;
	int result;

	nr_due = postpone_undrained(edge, now, due, nr_due);
	if (nr_due == 0)
		return 0;
	txn_begin_own(&txn, edge, now);
	result = handle_all(&txn, due, nr_due);
	if (result == 0 && txn.removed)
		*ret_removed = true;
	return result;
}

static uint64_t before(uint64_t wall_ns, uint64_t kept_ns)
{
	return wall_ns > kept_ns ? wall_ns - kept_ns : 0;
}

/* Forgets what is kept no longer, and notes the time: after a reboot, what was left is known. */
static int tidy(struct edge *edge, const struct instant *now)
{
	uint64_t before_wall_ns = before(now->wall_ns, edge->settings.audit_kept_ns);
	int result = journal_begin(edge->journal);

	if (result == 0)
		result = state_events_compact(&edge->events, edge->settings.events_kept);
	if (result == 0)
		result = journal_record_drop_records(edge->journal, before_wall_ns);
	if (result == 0)
		result = journal_receipt_drop(
			edge->journal, before(now->wall_ns, edge->settings.receipts_kept_ns));
	if (result == 0)
		result = journal_commit(edge->journal, now);
	if (result < 0) {
		journal_rollback(edge->journal);
		state_events_open(&edge->events, edge->journal);
	}
	return result;
}

static uint64_t next_due_ns(const struct edge *edge)
{
	const struct build *build = state_registry_first_due(edge->registry);

	return build ? earlier(build->due_ns, edge->moment_due_ns) : edge->moment_due_ns;
}

void edge_expire_set_drain(struct edge *edge, edge_drain *drain, void *context)
{
	edge->drain = drain;
	edge->drain_context = context;
}

uint64_t edge_expire(struct edge *edge, const struct instant *now, bool *ret_removed)
{
	int result;

	*ret_removed = false;
	if (edge->busy) /* it cuts no packet later: the deadline is in the slot */
		return now->boot_ns + BUSY_NS;
	result = handle_due(edge, now, ret_removed);
	if (result == 0 && edge->moment_due_ns <= now->boot_ns) {
		result = tidy(edge, now);
		if (result < 0)
			edge->journal_errors++;
		else
			edge->moment_due_ns = now->boot_ns + MOMENT_EVERY_NS;
	}
	return result < 0 ? now->boot_ns + RETRY_NS : next_due_ns(edge);
}
