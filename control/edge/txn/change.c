/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/txn/change.h"

#include <errno.h>

#include "edge/state/state.h"
#include "model/deadline.h"

/* Neither after now nor before the build was declared; measured back from now on the wall. */
static uint64_t finished_at_ns(const struct txn *txn, const struct build *build, uint64_t wall_ns)
{
	uint64_t ago_ns;

	if (wall_ns < build->created_wall_ns)
		wall_ns = build->created_wall_ns;
	ago_ns = wall_ns < txn->now.wall_ns ? txn->now.wall_ns - wall_ns : 0;
	return ago_ns < txn->now.boot_ns ? txn->now.boot_ns - ago_ns : 0;
}

static int add_event(struct txn *txn, const struct build *copy, enum event_type type)
{
	struct event *event = txn_event(txn, type, copy);

	if (!event)
		return -ENOMEM;
	event->value = clock_wall_at(&txn->now, copy->deadline_ns);
	return 0;
}

int txn_change_finish(struct txn *txn, struct build *copy, uint64_t finished_wall_ns)
{
	struct session_move move;
	int result = model_session_next(copy->state, SESSION_FINISH, &move);
	uint64_t finished_ns;

	if (result < 0)
		return result;
	finished_ns = finished_at_ns(txn, copy, finished_wall_ns);
	copy->state = move.state;
	copy->finished_wall_ns = txn->now.wall_ns - (txn->now.boot_ns - finished_ns);
	model_deadline_finish(copy, finished_ns, txn->now.boot_ns);
	return add_event(txn, copy, EVENT_BUILD_FINISHED);
}

bool txn_change_is_overdue(const struct txn *txn, const struct build *build)
{
	return build_is_open(build) && build->deadline_ns <= txn->now.boot_ns;
}

int txn_change_extend(struct txn *txn, struct build *copy, uint64_t deadline_ns)
{
	struct session_move move;
	int result = model_session_next(copy->state, SESSION_EXTEND, &move);

	if (result < 0)
		return result;
	model_deadline_move(copy, deadline_ns, txn->now.boot_ns);
	return add_event(txn, copy, EVENT_BUILD_EXTENDED);
}
