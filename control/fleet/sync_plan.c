/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/edges/owed.h"
#include "fleet/state/fleet.h"
#include "fleet/state/roll.h"
#include "fleet/store/claims.h"
#include "fleet/store/merge.h"
#include "fleet/store/mirror.h"
#include "fleet/sync_state.h"
#include "host/boottime.h"
#include "host/config.h"
#include "model/build.h"
#include "model/wall_time.h"

#define A_TURN 256

static int refuse(struct sync *sync, size_t place, const char *pointer, const char *what)
{
	char whole[128];

	snprintf(whole, sizeof(whole), "/builds/%zu%s", place, pointer);
	json_problem_add(&sync->problem, PROBLEM_INVALID, whole, "%s", what);
	return -EINVAL;
}

/* What is wrong with one build becomes what is wrong with the set. */
static int take_problem(struct sync *sync, size_t place, const struct problem *problem)
{
	char whole[160];

	for (unsigned int i = 0; i < problem->nr_errors; i++) {
		snprintf(whole, sizeof(whole), "/builds/%zu%.100s", place,
			 problem->errors[i].pointer);
		json_problem_add(&sync->problem, problem->type, whole, "%s",
				 problem->errors[i].detail);
	}
	json_problem_set(&sync->problem, problem->type, "%s", problem->detail);
	return -EINVAL;
}

/* The ports of one are none for the next. */
static int avoid_ports(const struct sync *sync, const struct record *record)
{
	struct store_claims claims = {0};
	int error = store_claims_list(sync->fleet->config->fleet.prefix, record, &claims);

	for (unsigned int i = 0; !error && i < claims.nr; i++)
		if (claims.claim[i].kind == STORE_PORTS)
			error = json_object_set_new(sync->avoid, claims.claim[i].key, json_true());
	store_claims_clear(&claims);
	return error;
}

static bool is_same(const struct record *before, const struct record *after)
{
	return before && before->finished_ns == after->finished_ns &&
	       json_equal(before->body, after->body);
}

static int merge(struct sync *sync, size_t place)
{
	struct sync_item *item = &sync->item[place];
	struct problem problem = {0};
	const struct store_merge merge = {
		.config = sync->fleet->config,
		.mirror = sync->fleet->mirror,
		.avoid = sync->avoid,
		.id = item->id,
		.before = item->before,
		.body = item->body,
		.now_ns = boottime_wall_ns(),
	};
	int error = store_merge_make(&merge, &item->after, &problem);

	if (problem_is_set(&problem))
		return take_problem(sync, place, &problem);
	if (error == -E2BIG)
		return refuse(sync, place, "/nodes",
			      "has more ports than fleet.txn_ops allows in one transaction");
	if (!error && item->finished_ns && !item->after->finished_ns)
		store_record_finish(item->after, item->finished_ns);
	if (!error && !is_same(item->before, item->after))
		error = avoid_ports(sync, item->after);
	return error == -EBADMSG ? refuse(sync, place, "", "has a node without port or address")
				 : error;
}

static int plan_named(struct sync *sync, size_t place)
{
	struct sync_item *item = &sync->item[place];
	int error;

	if ((item->before && item->before->ended_ns) ||
	    edges_owed_has(sync->fleet->owed, item->id)) {
		item->change = SYNC_ENDED;
		return 0;
	}
	error = merge(sync, place);
	if (error)
		return error;
	if (is_same(item->before, item->after)) {
		store_record_free(item->after);
		item->after = NULL;
	} else if (item->change == SYNC_UNCHANGED) {
		item->change = item->before ? SYNC_CHANGED : SYNC_CREATED;
	}
	return 0;
}

/* One that has gone meanwhile needs no end. */
static int plan_end(struct sync_item *item)
{
	if (!item->before || item->before->ended_ns)
		return 0;
	item->after = store_record_copy(item->before);
	if (!item->after)
		return -ENOMEM;
	item->after->ended_ns = boottime_wall_ns();
	return 0;
}

int fleet_sync_plan_item(struct sync *sync, size_t place)
{
	struct sync_item *item = &sync->item[place];

	store_record_free(item->after);
	item->after = NULL;
	return item->body ? plan_named(sync, place) : plan_end(item);
}

/* Result: NULL without memory. */
static struct sync_item *add_item(struct sync *sync, const char *id, const struct record *before)
{
	struct sync_item *item;

	if (sync->nr_items == sync->room) {
		size_t room = sync->room ? 2 * sync->room : 1024;

		item = reallocarray(sync->item, room, sizeof(*item));
		if (!item)
			return NULL;
		sync->item = item;
		sync->room = room;
	}
	item = &sync->item[sync->nr_items];
	*item = (struct sync_item){.before = before ? store_record_copy(before) : NULL};
	if (before && !item->before)
		return NULL;
	snprintf(item->id, sizeof(item->id), "%s", id);
	sync->nr_items++;
	return item;
}

/* Takes out of a build what is no member of a PUT's body. */
static int read_build(struct sync *sync, size_t place, json_t *build)
{
	const char *id = json_string_value(json_object_get(build, "id"));
	const json_t *finished = json_object_get(build, "finished_at");
	struct sync_item *item;
	uint64_t finished_ns = 0;

	if (!json_is_object(build))
		return refuse(sync, place, "", "must be an object");
	if (!id || !model_build_id_valid(id))
		return refuse(sync, place, "/id", "must be the id of a build");
	if (json_object_get(sync->ids, id))
		return refuse(sync, place, "/id", "is there twice");
	if (finished && (!json_is_string(finished) ||
			 model_wall_time_parse(json_string_value(finished), &finished_ns)))
		return refuse(sync, place, "/finished_at",
			      "must be a time such as 2026-11-23T12:00:00Z");
	item = add_item(sync, id, store_mirror_find(sync->fleet->mirror, id));
	if (!item || json_object_set_new(sync->ids, id, json_true()) < 0)
		return -ENOMEM;
	item->finished_ns = finished_ns;
	item->body = json_incref(build);
	json_object_del(build, "id");
	json_object_del(build, "finished_at");
	json_object_del(build, "supersede"); /* what a set does not name ends first in any case */
	return fleet_sync_plan_item(sync, place);
}

struct ending {
	struct sync *sync;
	int error;
};

static void plan_other(void *context, const struct record *record)
{
	struct ending *ending = context;
	struct sync *sync = ending->sync;
	struct sync_item *item;

	if (ending->error || record->ended_ns || json_object_get(sync->ids, record->id))
		return;
	item = add_item(sync, record->id, record);
	if (item)
		item->change = SYNC_CANCELLED;
	ending->error = item ? plan_end(item) : -ENOMEM;
}

/* Whatever is new is a promise to other edges, by this one's clock. */
static void judge_clock(struct sync *sync)
{
	for (size_t i = 0; i < sync->nr_set; i++)
		if (sync->item[i].change == SYNC_CREATED) {
			state_roll_judge_clock(sync->fleet, &sync->problem);
			return;
		}
}

int fleet_sync_plan_some(struct sync *sync)
{
	const json_t *builds = json_object_get(sync->set, "builds");
	struct ending ending = {.sync = sync};
	int error = 0;

	for (unsigned int i = 0; i < A_TURN && sync->nr_planned < json_array_size(builds); i++) {
		error = read_build(sync, sync->nr_planned,
				   json_array_get(builds, sync->nr_planned));
		if (error)
			return error;
		sync->nr_planned++;
	}
	if (sync->nr_planned < json_array_size(builds))
		return -EAGAIN;
	sync->nr_set = sync->nr_items;
	store_mirror_each(sync->fleet->mirror, plan_other, &ending);
	judge_clock(sync);
	if (problem_is_set(&sync->problem))
		return -EINVAL;
	return ending.error;
}
