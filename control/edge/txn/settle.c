/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/txn/settle.h"

#include <errno.h>

#include "edge/state/state.h"
#include "edge/txn/change.h"
#include "edge/txn/txn.h"

int txn_settle_overdue(struct edge *edge, const struct edge_call *call, const char *id)
{
	struct build *build = state_registry_find(edge->registry, id);
	struct txn txn;
	int result;

	txn_begin_own(&txn, edge, &call->now);
	txn.problem = call->problem;
	if (!build || !txn_change_is_overdue(&txn, build))
		return 0;
	result = txn_end(&txn, build, SESSION_EXPIRE, NULL);
	return result < 0 ? txn_give_up(&txn, result) : txn_commit(&txn);
}
