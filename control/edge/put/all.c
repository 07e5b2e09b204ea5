/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/put/all.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "edge/put/build.h"
#include "edge/state/state.h"
#include "edge/txn/txn.h"

/* Consecutive PUTs in one transaction. */
struct group {
	struct edge *edge;
	struct txn txn;
	struct edge_put *puts; /* its first */
	enum edge_change *change;
	unsigned int nr;
};

static void tell(struct edge_put *put, int result, const struct edge_result *put_result)
{
	put->done(put, result, put_result);
}

static void tell_member(struct group *group, unsigned int i, int result)
{
	struct edge_put *put = &group->puts[i];
	const struct edge_result put_result = {
		.build = state_registry_find(group->edge->registry, put->spec->id),
		.change = group->change[i],
		.removed = group->txn.removed,
	};

	if (result < 0 && put->call.problem != group->txn.problem)
		*put->call.problem = *group->txn.problem;
	tell(put, result, result < 0 ? NULL : &put_result);
}

/* What the commit says is said to all of them. */
static void commit(struct group *group)
{
	int result;

	if (group->nr == 0)
		return;
	result = txn_commit(&group->txn);
	for (unsigned int i = 0; i < group->nr; i++)
		tell_member(group, i, result);
	group->puts += group->nr;
	group->change += group->nr;
	group->nr = 0;
}

static void put_alone(struct group *group)
{
	struct edge_put *put = group->puts++;
	struct edge_result put_result;
	int result = put_build(group->edge, &put->call, put->spec, &put_result);

	group->change++;
	tell(put, result, result < 0 ? NULL : &put_result);
}

static bool in_group(const struct group *group, const char *id)
{
	for (unsigned int i = 0; i < group->nr; i++)
		if (strcmp(group->puts[i].spec->id, id) == 0)
			return true;
	return false;
}

/* What may touch other builds than its own is not put together with them. */
static bool is_alone(const struct group *group, const struct edge_put *put)
{
	const struct build *build = state_registry_find(group->edge->registry, put->spec->id);

	return put->spec->supersede || put->call.receipt ||
	       (build && build->due_ns <= put->call.now.boot_ns);
}

/* Result: whether it was worked in; if not, it is as if it had not been tried. */
static bool join(struct group *group, struct edge_put *put)
{
	struct txn_mark mark;
	int result;

	if (group->nr == 0)
		txn_begin(&group->txn, group->edge, &put->call);
	group->txn.now = put->call.now;
	group->txn.peer = put->call.peer;
	group->txn.problem = put->call.problem;
	mark = txn_mark(&group->txn);
	result = put_build_work_in(&group->txn, put->spec, "", &group->change[group->nr]);
	if (result == 0) {
		group->nr++;
		return true;
	}
	json_problem_clear(put->call.problem);
	txn_abort_to(&group->txn, &mark);
	if (group->nr == 0)
		txn_abort(&group->txn);
	return false;
}

/* One that does not go with those before it is tried again without them, which decides. */
static void take(struct group *group, struct edge_put *put)
{
	bool alone = is_alone(group, put);

	if (alone || in_group(group, put->spec->id))
		commit(group);
	if (!alone && join(group, put))
		return;
	commit(group);
	put_alone(group);
}

void put_all_builds(struct edge *edge, struct edge_put *puts, unsigned int nr_puts)
{
	enum edge_change *change = calloc(nr_puts + 1, sizeof(*change));
	struct group group = {.edge = edge, .puts = puts, .change = change};

	for (unsigned int i = 0; i < nr_puts; i++) {
		if (change)
			take(&group, &puts[i]);
		else
			put_alone(&group);
	}
	commit(&group);
	free(change);
}
