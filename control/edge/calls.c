/* SPDX-License-Identifier: BSD-3-Clause */
/* finish, extend and cancel. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "edge/edge.h"
#include "edge/state/state.h"
#include "edge/txn/change.h"
#include "edge/txn/settle.h"
#include "edge/txn/txn.h"

/* Result: 0 and the build, which is not overdue; or -errno. */
static int find(struct edge *edge, const struct edge_call *call, const char *id,
		struct build **ret_build)
{
	int result = txn_settle_overdue(edge, call, id);

	if (result < 0)
		return result;
	*ret_build = state_registry_find(edge->registry, id);
	if (*ret_build)
		return 0;
	json_problem_set(call->problem, PROBLEM_NOT_FOUND, "There is no build %s here.", id);
	return -ENOENT;
}

static int finish_call(struct txn *txn, const char *id, struct edge_result *ret_result)
{
	struct edge *edge = txn->edge;
	int result;

	txn->outcome.build = (struct edge_result){
		.build = txn_current(edge_get(edge, id)),
		.change = EDGE_CHANGED,
		.removed = txn_commit_removes(txn),
	};
	result = txn_commit(txn);
	if (result == 0)
		*ret_result = (struct edge_result){
			.build = edge_get(edge, id),
			.change = EDGE_CHANGED,
			.standing = txn->standing,
			.removed = txn->removed,
		};
	return result;
}

/* Result: how well it is kept that the session was cut. */
static enum edge_standing standing_of(const struct edge *edge, const struct build *build)
{
	const struct debt *debt = state_debts_find(&edge->debts, build->serial);

	if (!debt)
		return EDGE_JOURNALED;
	return debt->record == JOURNAL_CUTS_NONE ? EDGE_LOOSE : EDGE_RECORDED;
}

/* Nothing to do but to remember that this was the answer, if that is asked for. */
static int unchanged(struct edge *edge, const struct edge_call *call,
		     const struct edge_result *outcome, struct edge_result *ret_result)
{
	struct txn txn;
	int result;

	txn_begin(&txn, edge, call);
	txn.outcome.build = *outcome;
	result = txn_commit(&txn);
	if (result == 0)
		*ret_result = *outcome;
	return result;
}

/* The same of a cut that was made before: it holds, whether or not a receipt can be given. */
static int cut_already(struct edge *edge, const struct edge_call *call, const struct build *build,
		       bool removed, struct edge_result *ret_result)
{
	const struct edge_result same = {
		.build = build,
		.change = EDGE_UNCHANGED,
		.removed = removed,
	};
	int result = unchanged(edge, call, &same, ret_result);

	if (result < 0 && call->problem->type == PROBLEM_JOURNAL) {
		json_problem_clear(call->problem);
		*ret_result = same;
		ret_result->standing = EDGE_RECORDED;
		result = 0;
	}
	if (result == 0 && state_debts_find(&edge->debts, build->serial))
		ret_result->standing = standing_of(edge, build);
	return result;
}

int edge_calls_finish(struct edge *edge, const struct edge_call *call, const char *id,
		      uint64_t finished_wall_ns, struct edge_result *ret_result)
{
	struct build *build, *copy;
	struct txn txn;
	int result = find(edge, call, id, &build);

	if (result < 0)
		return result;
	if (build->state == SESSION_FINISHED || build->state == SESSION_ENDED)
		return cut_already(edge, call, build, false, ret_result);
	txn_begin(&txn, edge, call);
	copy = txn_edit(&txn, build, "finish");
	result = copy ? txn_change_finish(&txn, copy, finished_wall_ns) : -ENOMEM;
	return result < 0 ? txn_give_up(&txn, result) : finish_call(&txn, id, ret_result);
}

/* Result: what a deadline is asked to be; UINT64_MAX beyond all sense. */
static uint64_t asked_deadline_ns(const struct build *build, const struct edge_call *call,
				  const struct edge_extension *extension)
{
	uint64_t base_ns = build->deadline_ns, more_ns = extension->by_ns;

	if (more_ns == BUILD_DEFAULT) {
		base_ns = call->now.boot_ns;
		more_ns = extension->until_wall_ns > call->now.wall_ns
				  ? extension->until_wall_ns - call->now.wall_ns
				  : 0;
	}
	return more_ns > UINT64_MAX - base_ns ? UINT64_MAX : base_ns + more_ns;
}

static void refuse_extension(const struct edge_call *call, const struct build *build)
{
	time_t cap = (time_t)(clock_wall_at(&call->now, build->cap_ns) / CLOCK_SECOND_NS);
	bool by_lifetime = build->cap_ns == build->hard_end_ns;
	struct tm utc;
	char text[32];

	gmtime_r(&cap, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	json_problem_set(
		call->problem, PROBLEM_OVER_EXTENSION,
		"The session can be extended by at most %llu s, until %s: %s%s.",
		(unsigned long long)((build->cap_ns - build->deadline_ns) / CLOCK_SECOND_NS), text,
		by_lifetime ? "no build lives longer than leases.max_lifetime"
			    : "extensions add at most leases.max_extension",
		by_lifetime && build->state != SESSION_FINISHED
			? "; this one can be extended once it has finished"
			: "");
}

static int check_extension(const struct edge_call *call, const struct build *build,
			   uint64_t deadline_ns)
{
	struct session_move move;

	if (model_session_next(build->state, SESSION_EXTEND, &move) < 0) {
		json_problem_set(call->problem, PROBLEM_BUILD_ENDED, "Build %s has ended (%s).",
				 build->id, model_session_reason_name(build->reason));
		return -EPERM;
	}
	if (deadline_ns > build->cap_ns) {
		refuse_extension(call, build);
		return -ERANGE;
	}
	/* A time shown in whole seconds and asked for again is no change. */
	if (deadline_ns + CLOCK_SECOND_NS <= build->deadline_ns) {
		json_problem_set(call->problem, PROBLEM_INVALID,
				 "An extension can only move the deadline later.");
		return -EINVAL;
	}
	return 0;
}

int edge_calls_extend(struct edge *edge, const struct edge_call *call, const char *id,
		      const struct edge_extension *extension, struct edge_result *ret_result)
{
	struct build *build, *copy;
	uint64_t deadline_ns;
	struct txn txn;
	int result = find(edge, call, id, &build);

	if (result < 0)
		return result;
	deadline_ns = asked_deadline_ns(build, call, extension);
	result = check_extension(call, build, deadline_ns);
	if (result < 0)
		return result;
	if (deadline_ns <= build->deadline_ns) {
		const struct edge_result same = {.build = build, .change = EDGE_UNCHANGED};

		return unchanged(edge, call, &same, ret_result);
	}
	txn_begin(&txn, edge, call);
	copy = txn_edit(&txn, build, "extend");
	result = copy ? txn_change_extend(&txn, copy, deadline_ns) : -ENOMEM;
	return result < 0 ? txn_give_up(&txn, result) : finish_call(&txn, id, ret_result);
}

int edge_calls_cancel(struct edge *edge, const struct edge_call *call, const char *id,
		      struct edge_result *ret_result)
{
	struct build *build;
	struct txn txn;
	int result = find(edge, call, id, &build);

	if (result < 0)
		return result;
	/* It may have ended only just, or its confirmation have failed: wait again. */
	if (!build_is_open(build))
		return cut_already(edge, call, build, true, ret_result);
	txn_begin(&txn, edge, call);
	result = txn_end(&txn, build, SESSION_CANCEL, "cancel");
	return result < 0 ? txn_give_up(&txn, result) : finish_call(&txn, id, ret_result);
}

/* What a change under way has opened for the build already, too. */
static void end_slots(struct edge *edge, uint64_t serial, const struct build *build)
{
	for (unsigned int i = 0; i < build->nr_nodes; i++)
		for (unsigned int j = 0; j < build->nodes[i].nr_forwards; j++) {
			uint32_t slot_index = build->nodes[i].forwards[j].slot_index;

			if (state_registry_slot_owner(edge->registry, slot_index) == serial)
				table_publish_end(edge->publish, slot_index);
		}
}

void edge_calls_cut_ahead(struct edge *edge, const char *id)
{
	struct build *build = state_registry_find(edge->registry, id);

	if (!build || !build_is_open(build))
		return;
	build->cut_ahead = true;
	end_slots(edge, build->serial, txn_current(build));
}
