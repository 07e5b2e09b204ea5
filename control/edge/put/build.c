/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/put/build.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/put/put.h"
#include "edge/put/spec.h"
#include "edge/state/state.h"
#include "edge/txn/change.h"
#include "edge/txn/settle.h"
#include "model/deadline.h"

static int compare_prefixes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct sp_prefix));
}

static void sort_allow(struct put *put)
{
	unsigned int kept = 0;

	if (put->spec->nr_allow)
		memcpy(put->allow, put->spec->allow, put->spec->nr_allow * sizeof(put->allow[0]));
	qsort(put->allow, put->spec->nr_allow, sizeof(put->allow[0]), compare_prefixes);
	for (unsigned int i = 0; i < put->spec->nr_allow; i++)
		if (kept == 0 || compare_prefixes(&put->allow[kept - 1], &put->allow[i]) != 0)
			put->allow[kept++] = put->allow[i];
	put->nr_allow = kept;
}

static uint64_t given_or(uint64_t given, uint64_t otherwise)
{
	return given == BUILD_DEFAULT ? otherwise : given;
}

static int set_title(struct build *build, const struct build_spec *spec)
{
	build->title = strdup(spec->title ? spec->title : spec->id);
	return build->title ? 0 : -ENOMEM;
}

/* A build with no nodes yet; the merge adds them. */
static int begin_build(struct put *put)
{
	const struct model_settings *settings = &put->txn->edge->settings;
	const struct build_spec *spec = put->spec;
	struct build *build = calloc(1, sizeof(*build));
	int result;

	if (!build)
		return -ENOMEM;
	result = txn_create(put->txn, build, "put");
	if (result < 0) {
		model_build_free(build);
		return result;
	}
	put->copy = build;
	snprintf(build->id, sizeof(build->id), "%s", spec->id);
	build->created_wall_ns = put->txn->now.wall_ns;
	build->linger_ns = given_or(spec->linger_ns, settings->linger_ns);
	build->max_lifetime_ns = given_or(spec->max_lifetime_ns, settings->max_lifetime_ns);
	build->connect_within_ns = given_or(spec->connect_within_ns, settings->connect_within_ns);
	model_deadline_begin(build, settings, put->txn->now.boot_ns);
	result = model_build_set_allow(&build->allow, &build->nr_allow, put->allow, put->nr_allow);
	return result < 0 ? result : set_title(build, spec);
}

static bool all_bound(const struct build *build)
{
	for (unsigned int i = 0; i < build->nr_nodes; i++)
		if (!build->nodes[i].has_address)
			return false;
	return true;
}

static void move_state(struct build *copy)
{
	enum session_event event = all_bound(copy) ? SESSION_BIND : SESSION_UNBIND;
	struct session_move move;

	if (model_session_next(copy->state, event, &move) == 0)
		copy->state = move.state;
}

/* The time to connect runs from when that is possible: a build may be queued for long. */
static void begin_connecting(const struct put *put)
{
	struct build *copy = put->copy;

	if (copy->connect_within_ns && !copy->connect_by_ns && !copy->connected_wall_ns &&
	    all_bound(copy))
		copy->connect_by_ns = put->txn->now.boot_ns + copy->connect_within_ns;
}

/* A build of a sync may be over already. */
static int finish_too(struct put *put)
{
	const struct build *now = put->copy ? put->copy : put->build;

	if (put->spec->finished_wall_ns == BUILD_DEFAULT || now->state == SESSION_FINISHED)
		return 0;
	if (!put_edit(put))
		return -ENOMEM;
	return txn_change_finish(put->txn, put->copy, put->spec->finished_wall_ns);
}

static int add_event(struct put *put)
{
	struct event *event = txn_event(
		put->txn, put->build ? EVENT_BUILD_CHANGED : EVENT_BUILD_ENABLED, put->copy);

	if (!event)
		return -ENOMEM;
	event->value = clock_wall_at(&put->txn->now, put->copy->deadline_ns);
	return 0;
}

static int work_in(struct put *put)
{
	int result = put->build ? put_check(put) : begin_build(put);

	if (result == 0)
		result = put_merge(put);
	if (result < 0 || !put->copy)
		return result;
	move_state(put->copy);
	begin_connecting(put);
	result = put_claim(put);
	return result < 0 ? result : add_event(put);
}

static int refuse_ended(const struct put *put)
{
	const struct build *build = put->build;

	if (build->cut_ahead) {
		put_wrong(put, PROBLEM_BUILD_ENDED, "", "build %s is being cancelled", build->id);
		return -EEXIST;
	}
	if (build_is_open(txn_current(build)))
		return 0;
	put_wrong(put, PROBLEM_BUILD_ENDED, "",
		  "build %s has ended (%s); a new session needs a new"
		  " id",
		  build->id, model_session_reason_name(txn_current(build)->reason));
	return -EEXIST;
}

int put_build_work_in(struct txn *txn, const struct build_spec *spec, const char *prefix,
		      enum edge_change *ret_change)
{
	struct put put = {.txn = txn, .spec = spec, .prefix = prefix};
	int result = put_spec_check(txn->edge, spec, prefix, txn->problem);

	if (result < 0)
		return result;
	put.build = state_registry_find(txn->edge->registry, spec->id);
	if (put.build)
		result = refuse_ended(&put);
	if (result < 0)
		return result;
	sort_allow(&put);
	result = work_in(&put);
	if (result == 0)
		result = finish_too(&put);
	if (result < 0)
		return result;
	*ret_change = !put.copy ? EDGE_UNCHANGED : put.build ? EDGE_CHANGED : EDGE_CREATED;
	return 0;
}

/* Result: the build as it will be. */
static const struct build *build_after(const struct txn *txn, const char *id)
{
	const struct build *build = state_registry_find(txn->edge->registry, id);

	for (unsigned int i = 0; !build && i < txn->nr_changes; i++)
		if (txn->change[i].after && strcmp(txn->change[i].after->id, id) == 0)
			build = txn->change[i].after;
	return txn_current(build);
}

int put_build(struct edge *edge, const struct edge_call *call, const struct build_spec *spec,
	      struct edge_result *ret_result)
{
	enum edge_change change;
	struct txn txn;
	int result = txn_settle_overdue(edge, call, spec->id);

	if (result < 0)
		return result;
	txn_begin(&txn, edge, call);
	result = put_build_work_in(&txn, spec, "", &change);
	if (result < 0)
		return txn_give_up(&txn, result);
	txn.outcome.build = (struct edge_result){
		.build = build_after(&txn, spec->id),
		.change = change,
		.removed = txn_commit_removes(&txn) || spec->supersede,
	};
	result = txn_commit(&txn);
	if (result < 0)
		return result;
	/* Said again, since the first time may not have been confirmed. */
	*ret_result = (struct edge_result){
		.build = state_registry_find(edge->registry, spec->id),
		.change = change,
		.removed = txn.removed || spec->supersede,
	};
	return 0;
}
