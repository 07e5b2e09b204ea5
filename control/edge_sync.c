/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge_internal.h"
#include "edge_put.h"
#include "edge_txn.h"

struct work {
	struct txn txn;
	const struct edge_sync *sync;
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

static bool in_set(const struct work *work, const char *id)
{
	return bsearch(id, work->by_id, work->sync->nr_specs, sizeof(*work->by_id), compare_id);
}

static int sort_specs(struct work *work)
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
			problem_add(work->txn.problem, PROBLEM_INVALID, "/builds",
				    "build %s is there twice", work->by_id[i]->id);
	return problem_is_set(work->txn.problem) ? -EINVAL : 0;
}

static int check_guards(const struct work *work)
{
	const struct edge_sync *sync = work->sync;
	struct problem *problem = work->txn.problem;

	if (sync->nr_specs == 0 && !sync->allow_empty) {
		problem_set(
			problem, PROBLEM_EMPTY_SYNC,
			"An empty set would end every session: say allow_empty if it is meant.");
		return -EINVAL;
	}
	if (sync->generation != BUILD_DEFAULT &&
	    sync->generation < work->txn.edge->sync_generation) {
		problem_set(problem, PROBLEM_STALE_SYNC,
			    "Generation %llu was synchronised already.",
			    (unsigned long long)work->txn.edge->sync_generation);
		return -ESTALE;
	}
	return 0;
}

static void tell(const struct work *work, const char *id, enum edge_change change, bool cancelled)
{
	if (work->visit)
		work->visit(id, change, cancelled, work->context);
}

/* First, since a build of the set may be given the VM of one that is not. */
static int cancel_others(struct work *work)
{
	struct registry *registry = work->txn.edge->registry;
	struct build *build = NULL;
	int result = 0;

	while ((build = registry_after(registry, build ? build->serial : 0)) && result == 0) {
		if (!build_is_open(build) || in_set(work, build->id))
			continue;
		tell(work, build->id, EDGE_CHANGED, true);
		work->result.nr_cancelled++;
		result = txn_end(&work->txn, build, SESSION_CANCEL, "sync");
	}
	return result;
}

static void count(struct work *work, enum edge_change change)
{
	work->result.nr_created += change == EDGE_CREATED;
	work->result.nr_changed += change == EDGE_CHANGED;
	work->result.nr_unchanged += change == EDGE_UNCHANGED;
}

static int put_one(struct work *work, unsigned int i)
{
	const struct build_spec *spec = &work->sync->specs[i];
	const struct build *build = registry_find(work->txn.edge->registry, spec->id);
	enum edge_change change;
	char prefix[32];
	int result;

	if (build && !build_is_open(build)) {
		work->result.nr_ended++;
		tell(work, spec->id, EDGE_UNCHANGED, false);
		return 0;
	}
	snprintf(prefix, sizeof(prefix), "/builds/%u", i);
	result = edge_put_spec(&work->txn, spec, prefix, &change);
	if (result < 0)
		return result;
	count(work, change);
	tell(work, spec->id, change, false);
	return 0;
}

static int plan(struct work *work)
{
	int result = check_guards(work);

	if (result == 0)
		result = sort_specs(work);
	if (result == 0)
		result = cancel_others(work);
	for (unsigned int i = 0; i < work->sync->nr_specs && result == 0; i++)
		result = put_one(work, i);
	return result;
}

/* A dry run is the whole thing, given back at the end. Serials are spent; nothing else is. */
static int conclude(struct work *work, int result)
{
	if (result < 0 && !problem_is_set(work->txn.problem))
		problem_set(work->txn.problem, PROBLEM_INTERNAL, "There is not enough memory.");
	if (result < 0 || work->sync->dry_run) {
		txn_abort(&work->txn);
		return result;
	}
	work->txn.sync_generation = work->sync->generation;
	work->txn.outcome.sync = &work->result;
	result = txn_commit(&work->txn);
	work->result.removed = work->txn.removed;
	return result;
}

int edge_sync(struct edge *edge, const struct edge_call *call, const struct edge_sync *sync,
	      edge_sync_visitor *visit, void *context, struct edge_sync_result *ret_result)
{
	struct work work = {.sync = sync, .visit = visit, .context = context};
	int result;

	txn_begin(&work.txn, edge, call);
	result = conclude(&work, plan(&work));
	free(work.by_id);
	if (result == 0)
		*ret_result = work.result;
	return result;
}
