/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/edge.h"
#include "edge/put/build.h"
#include "edge/put/put.h"
#include "edge/state/state.h"
#include "edge/txn/save.h"
#include "edge/txn/txn.h"

/* Builds looked at or journaled in one step. */
#define A_STEP 128

struct edge_sync_work;

/* One step of a stage. Result: -EAGAIN: another one; 0: on to the next stage; or -errno. */
typedef int sync_stage(struct edge_sync_work *work);

struct edge_sync_work {
	struct txn txn;
	const struct edge_sync *sync;
	sync_stage *const *stage;      /* NULL: it is over */
	uint64_t looked_serial;	       /* the last build looked at, of those that are here */
	unsigned int nr_put, nr_named; /* put, and cancelled by name */
	uint32_t *by_id;	       /* places of specs from 1, by open addressing; 0: free */
	uint32_t nr_places;
	unsigned int nr_listed;
	edge_sync_visitor *visit;
	void *context;
	struct edge_sync_result result;
};

static uint32_t hash_id(const char *id)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (; *id; id++)
		hash = (hash ^ (unsigned char)*id) * 0x100000001b3ULL;
	return (uint32_t)(hash ^ hash >> 32);
}

/* Result: where the id is, or would be put. */
static uint32_t *place_of(const struct edge_sync_work *work, const char *id)
{
	uint32_t mask = work->nr_places - 1, place = hash_id(id) & mask;

	while (work->by_id[place] && strcmp(work->sync->specs[work->by_id[place] - 1].id, id) != 0)
		place = (place + 1) & mask;
	return &work->by_id[place];
}

static bool in_set(const struct edge_sync_work *work, const char *id)
{
	return *place_of(work, id) != 0;
}

static int make_places(struct edge_sync_work *work)
{
	work->nr_places = 16;
	while (work->nr_places / 2 < work->sync->nr_specs)
		work->nr_places *= 2;
	work->by_id = calloc(work->nr_places, sizeof(*work->by_id));
	return work->by_id ? 0 : -ENOMEM;
}

static void list_one(struct edge_sync_work *work, unsigned int i)
{
	const char *id = work->sync->specs[i].id;
	uint32_t *place = place_of(work, id);

	if (*place)
		json_problem_add(work->txn.problem, PROBLEM_INVALID, "/builds",
				 "build %s is there twice", id);
	*place = i + 1;
}

static int list_ids(struct edge_sync_work *work)
{
	unsigned int nr = work->sync->nr_specs;

	if (!work->by_id && make_places(work) < 0)
		return -ENOMEM;
	for (unsigned int i = 0; i < A_STEP && work->nr_listed < nr; i++)
		list_one(work, work->nr_listed++);
	if (work->nr_listed < nr)
		return -EAGAIN;
	return problem_is_set(work->txn.problem) ? -EINVAL : 0;
}

static int check_guards(struct edge_sync_work *work)
{
	const struct edge_sync *sync = work->sync;
	struct problem *problem = work->txn.problem;

	if (sync->nr_specs == 0 && !sync->allow_empty && !sync->partial) {
		json_problem_set(problem, PROBLEM_EMPTY_SYNC,
				 "An empty set would end every session: say allow_empty (sallyport "
				 "sync: --allow-empty) if it is meant.");
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
	if (!build || !build_is_open(build) || in_set(work, build->id))
		return 0;
	tell(work, build->id, EDGE_CHANGED, true);
	work->result.nr_cancelled++;
	return txn_end(&work->txn, build, SESSION_CANCEL, "sync");
}

/* A build that is not here has ended long ago. */
static int cancel_named(struct edge_sync_work *work)
{
	const struct edge_sync *sync = work->sync;

	for (unsigned int i = 0; i < A_STEP && work->nr_named < sync->nr_cancel; i++) {
		const char *id = sync->cancel[work->nr_named++];
		int result = cancel(work, state_registry_find(work->txn.edge->registry, id));

		if (result < 0)
			return result;
	}
	return work->nr_named < sync->nr_cancel ? -EAGAIN : 0;
}

/* First, since a build of the set may be given the VM of one that is not. */
static int cancel_others(struct edge_sync_work *work)
{
	if (work->sync->partial)
		return cancel_named(work);
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
	struct build_spec spec = work->sync->specs[i]; /* its pointers are not ours */
	const struct build *build = state_registry_find(work->txn.edge->registry, spec.id);
	enum edge_change change;
	char prefix[32];
	int result;

	if (build && (build->cut_ahead || !build_is_open(build))) {
		work->result.nr_ended++;
		tell(work, spec.id, EDGE_UNCHANGED, false);
		return 0;
	}
	if (build && work->sync->partial)
		spec.max_lifetime_ns = BUILD_DEFAULT;
	snprintf(prefix, sizeof(prefix), "/builds/%u", i);
	result = put_build_work_in(&work->txn, &spec, prefix, &change);
	if (result < 0)
		return result;
	count(work, change);
	tell(work, spec.id, change, false);
	return 0;
}

/* The journal's thread writes what is planned already. */
static int put_all(struct edge_sync_work *work)
{
	for (unsigned int i = 0; i < A_STEP; i++) {
		int result = work->nr_put < work->sync->nr_specs ? put_one(work, work->nr_put) : 0;

		if (result < 0 || work->nr_put == work->sync->nr_specs)
			return result;
		work->nr_put++;
	}
	if (!work->sync->dry_run)
		txn_save_more(&work->txn);
	return -EAGAIN;
}

static int begin_commit(struct edge_sync_work *work)
{
	work->txn.sync_generation = work->sync->generation;
	work->txn.outcome.sync = &work->result;
	return txn_commit_begin(&work->txn);
}

static int save(struct edge_sync_work *work)
{
	return txn_commit_save(&work->txn);
}

static int apply_some(struct edge_sync_work *work)
{
	int result = txn_commit_some(&work->txn, A_STEP);

	work->result.removed = work->txn.removed;
	return result;
}

/* Those before the commit change nothing that is not given back, nor do those before it is saved.
 */
static sync_stage *const stages[] = {check_guards, list_ids, cancel_others, put_all,
				     begin_commit, save,     apply_some,    NULL};
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
		txn_commit_abort(txn);
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
	if (result == -EAGAIN || result == -EINPROGRESS)
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
	if (work->stage) {
		txn_commit_stop(&work->txn);
		work->txn.edge->busy = false;
	}
	free(work->by_id);
	free(work);
}

static void await_journal(const struct edge *edge)
{
	struct pollfd wait = {.fd = journal_thread_fd(edge->journal), .events = POLLIN};

	poll(&wait, 1, -1);
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
	do {
		result = edge_sync_step(work, ret_result);
		if (result == -EINPROGRESS)
			await_journal(edge);
	} while (result == -EAGAIN || result == -EINPROGRESS);
	edge_sync_free(work);
	return result;
}
