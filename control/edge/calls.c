/* SPDX-License-Identifier: BSD-3-Clause */
/* finish, extend and cancel. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "edge/edge.h"
#include "edge/state/state.h"
#include "edge/txn/change.h"
#include "edge/txn/txn.h"

/* Result: 0 and the build, which is not overdue; or -errno. */
static int find(struct edge *edge, const struct edge_call *call, const char *id,
		struct build **ret_build)
{
	int result = txn_change_settle(edge, call, id);

	if (result < 0)
		return result;
	*ret_build = state_registry_find(edge->registry, id);
	if (*ret_build)
		return 0;
	json_problem_set(call->problem, PROBLEM_NOT_FOUND, "There is no build %s here.", id);
	return -ENOENT;
}

static int finish_call(struct txn *txn, const struct build *build, struct edge_result *ret_result)
{
	const struct build *after = txn_current(build);
	int result;

	txn->outcome.build = (struct edge_result){after, EDGE_CHANGED, txn_commit_removes(txn)};
	result = txn_commit(txn);
	if (result == 0)
		*ret_result = (struct edge_result){after, EDGE_CHANGED, txn->removed};
	return result;
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

int edge_calls_finish(struct edge *edge, const struct edge_call *call, const char *id,
		      uint64_t finished_wall_ns, struct edge_result *ret_result)
{
	struct build *build, *copy;
	struct txn txn;
	int result = find(edge, call, id, &build);

	if (result < 0)
		return result;
	if (build->state == SESSION_FINISHED || build->state == SESSION_ENDED) {
		const struct edge_result same = {build, EDGE_UNCHANGED, false};

		return unchanged(edge, call, &same, ret_result);
	}
	txn_begin(&txn, edge, call);
	copy = txn_edit(&txn, build, "finish");
	result = copy ? txn_change_finish(&txn, copy, finished_wall_ns) : -ENOMEM;
	return result < 0 ? txn_give_up(&txn, result) : finish_call(&txn, build, ret_result);
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
	struct tm utc;
	char text[32];

	gmtime_r(&cap, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	json_problem_set(
		call->problem, PROBLEM_OVER_EXTENSION,
		"The most possible is %llu s more, until %s.",
		(unsigned long long)((build->cap_ns - build->deadline_ns) / CLOCK_SECOND_NS), text);
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
		const struct edge_result same = {build, EDGE_UNCHANGED, false};

		return unchanged(edge, call, &same, ret_result);
	}
	txn_begin(&txn, edge, call);
	copy = txn_edit(&txn, build, "extend");
	result = copy ? txn_change_extend(&txn, copy, deadline_ns) : -ENOMEM;
	return result < 0 ? txn_give_up(&txn, result) : finish_call(&txn, build, ret_result);
}

int edge_calls_cancel(struct edge *edge, const struct edge_call *call, const char *id,
		      struct edge_result *ret_result)
{
	struct build *build;
	struct txn txn;
	int result = find(edge, call, id, &build);

	if (result < 0)
		return result;
	if (!build_is_open(build)) {
		/* It may have ended only just, or its confirmation have failed: wait again. */
		const struct edge_result same = {build, EDGE_UNCHANGED, true};

		return unchanged(edge, call, &same, ret_result);
	}
	txn_begin(&txn, edge, call);
	result = txn_end(&txn, build, SESSION_CANCEL, "cancel");
	return result < 0 ? txn_give_up(&txn, result) : finish_call(&txn, build, ret_result);
}
