/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/edge.h"
#include "edge/put/build.h"
#include "edge/put/put.h"
#include "edge/state/state.h"
#include "edge/txn/txn.h"

/* Builds looked at or journaled in one step. */
#define A_STEP 128

struct edge_sync_work;

/* One step of a stage. Result: -EAGAIN: another one; 0: on to the next stage; or -errno. */
typedef int sync_stage(struct edge_sync_work *work);

struct edge_sync_work {
	struct txn txn;
	const struct edge_sync *sync;
	sync_stage *const *stage; /* NULL: it is over */
	uint64_t looked_serial;	  /* the last build looked at, of those that are here */
	unsigned int nr_put;
	const struct build_spec **by_id; /* the specs, sorted */
	edge_sync_visitor *visit;
	void *context;
	struct edge_sync_result result;
};

static int compare_specs(const void *a, const void *b)
{
	const struct build_spec *const *left = a, *const *right = b;

	return strcmp((*left)->id, (*right)->id);
}

static int compare_id(const void *id, const void *spec)
{
	return strcmp(id, (*(const struct build_spec *const *)spec)->id);
}

static bool in_set(const struct edge_sync_work *work, const char *id)
{
	return bsearch(id, work->by_id, work->sync->nr_specs, sizeof(*work->by_id), compare_id);
}

static int sort_specs(struct edge_sync_work *work)
{
	unsigned int nr = work->sync->nr_specs;

	work->by_id = calloc(nr + 1, sizeof(*work->by_id));
	if (!work->by_id)
		return -ENOMEM;
	for (unsigned int i = 0; i < nr; i++)
		work->by_id[i] = &work->sync->specs[i];
	qsort(work->by_id, nr, sizeof(*work->by_id), compare_specs);
	for (unsigned int i = 1; i < nr; i++)
		if (compare_specs(&work->by_id[i - 1], &work->by_id[i]) == 0)
			json_problem_add(work->txn.problem, PROBLEM_INVALID, "/builds",
					 "build %s is there twice", work->by_id[i]->id);
	return problem_is_set(work->txn.problem) ? -EINVAL : 0;
}

static int check_guards(struct edge_sync_work *work)
{
	const struct edge_sync *sync = work->sync;
	struct problem *problem = work->txn.problem;

	if (sync->nr_specs == 0 && !sync->allow_empty) {
		json_problem_set(
			problem, PROBLEM_EMPTY_SYNC,
			"An empty set would end every session: say allow_empty if it is meant.");
		return -EINVAL;
	}
	if (sync->generation != BUILD_DEFAULT &&
	    sync->generation < work->txn.edge->sync_generation) {
		json_problem_set(
			problem, PROBLEM_STALE_SYNC,
			"Generation %llu is older than %llu, which was synchronised already.",
			(unsigned long long)sync->generation,
			(unsigned long long)work->txn.edge->sync_generation);
		return -ESTALE;
	}
	return 0;
}

static void tell(const struct edge_sync_work *work, const char *id, enum edge_change change,
		 bool cancelled)
{
	if (work->visit)
		work->visit(id, change, cancelled, work->context);
}

static int cancel(struct edge_sync_work *work, struct build *build)
{
	if (!build_is_open(build) || in_set(work, build->id))
		return 0;
	tell(work, build->id, EDGE_CHANGED, true);
	work->result.nr_cancelled++;
	return txn_end(&work->txn, build, SESSION_CANCEL, "sync");
}

/* First, since a build of the set may be given the VM of one that is not. */
static int cancel_others(struct edge_sync_work *work)
{
	for (unsigned int i = 0; i < A_STEP; i++) {
		struct build *build =
			state_registry_after(work->txn.edge->registry, work->looked_serial);
		int result = build ? cancel(work, build) : 0;

		if (!build || result < 0)
			return result;
		work->looked_serial = build->serial;
	}
	return -EAGAIN;
}

static void count(struct edge_sync_work *work, enum edge_change change)
{
	work->result.nr_created += change == EDGE_CREATED;
	work->result.nr_changed += change == EDGE_CHANGED;
	work->result.nr_unchanged += change == EDGE_UNCHANGED;
}

static int put_one(struct edge_sync_work *work, unsigned int i)
{
	const struct build_spec *spec = &work->sync->specs[i];
	const struct build *build = state_registry_find(work->txn.edge->registry, spec->id);
	enum edge_change change;
	char prefix[32];
	int result;

	if (build && (build->cut_ahead || !build_is_open(build))) {
		work->result.nr_ended++;
		tell(work, spec->id, EDGE_UNCHANGED, false);
		return 0;
	}
	snprintf(prefix, sizeof(prefix), "/builds/%u", i);
	result = put_build_work_in(&work->txn, spec, prefix, &change);
	if (result < 0)
		return result;
	count(work, change);
	tell(work, spec->id, change, false);
	return 0;
}

static int put_all(struct edge_sync_work *work)
{
	for (unsigned int i = 0; i < A_STEP; i++) {
		int result = work->nr_put < work->sync->nr_specs ? put_one(work, work->nr_put) : 0;

		if (result < 0 || work->nr_put == work->sync->nr_specs)
			return result;
		work->nr_put++;
	}
	return -EAGAIN;
}

static int begin_commit(struct edge_sync_work *work)
{
	work->txn.sync_generation = work->sync->generation;
	work->txn.outcome.sync = &work->result;
	return txn_commit_begin(&work->txn);
}

static int commit_some(struct edge_sync_work *work)
{
	return txn_commit_some(&work->txn, A_STEP);
}

static int end_commit(struct edge_sync_work *work)
{
	int result = txn_commit_end(&work->txn);

	work->result.removed = work->txn.removed;
	return result;
}

/* Those before the commit change nothing that is not given back. */
static sync_stage *const stages[] = {check_guards, sort_specs,	cancel_others, put_all,
				     begin_commit, commit_some, end_commit,    NULL};
#define STAGE_COMMIT (&stages[4])

/* A dry run is the whole thing, given back at the end. Serials are spent; nothing else is. */
static bool is_done(const struct edge_sync_work *work)
{
	return !*work->stage || (work->sync->dry_run && work->stage == STAGE_COMMIT);
}

/* What fails in the commit has given everything back already. */
static int conclude(struct edge_sync_work *work, int result)
{
	struct txn *txn = &work->txn;
	bool planning = work->stage < STAGE_COMMIT || (work->stage == STAGE_COMMIT && result == 0);

	if (result < 0 && !problem_is_set(txn->problem))
		json_problem_set(txn->problem, PROBLEM_INTERNAL, "There is not enough memory.");
	if (planning)
		txn_abort(txn);
	work->stage = NULL;
	txn->edge->busy = false;
	return result;
}

int edge_sync_step(struct edge_sync_work *work, struct edge_sync_result *ret_result)
{
	int result = (*work->stage)(work);

	if (result == 0) {
		work->stage++;
		if (!is_done(work))
			result = -EAGAIN;
	}
	if (result == -EAGAIN)
		return result;
	result = conclude(work, result);
	if (result == 0)
		*ret_result = work->result;
	return result;
}

int edge_sync_begin(struct edge *edge, const struct edge_call *call, const struct edge_sync *sync,
		    edge_sync_visitor *visit, void *context, struct edge_sync_work **ret_work)
{
	struct edge_sync_work *work = calloc(1, sizeof(*work));

	if (!work)
		return -ENOMEM;
	assert(!edge->busy);
	edge->busy = true;
	work->sync = sync;
	work->visit = visit;
	work->context = context;
	work->stage = stages;
	txn_begin(&work->txn, edge, call);
	*ret_work = work;
	return 0;
}

void edge_sync_free(struct edge_sync_work *work)
{
	if (!work)
		return;
	if (work->stage > STAGE_COMMIT)
		txn_commit_abort(&work->txn);
	else if (work->stage)
		txn_abort(&work->txn);
	if (work->stage)
		work->txn.edge->busy = false;
	free(work->by_id);
	free(work);
}

int edge_sync(struct edge *edge, const struct edge_call *call, const struct edge_sync *sync,
	      edge_sync_visitor *visit, void *context, struct edge_sync_result *ret_result)
{
	struct edge_sync_work *work;
	int result = edge_sync_begin(edge, call, sync, visit, context, &work);

	if (result < 0) {
		json_problem_set(call->problem, PROBLEM_INTERNAL, "There is not enough memory.");
		return result;
	}
	do
		result = edge_sync_step(work, ret_result);
	while (result == -EAGAIN);
	edge_sync_free(work);
	return result;
}
