/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/change.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "etcd/range.h"
#include "fleet/change_state.h"
#include "fleet/edges/owed.h"
#include "fleet/settle.h"
#include "fleet/state/await.h"
#include "fleet/state/epoch.h"
#include "fleet/state/fleet.h"
#include "fleet/state/former.h"
#include "fleet/state/roll.h"
#include "fleet/state/write.h"
#include "fleet/store/keys.h"
#include "fleet/store/merge.h"
#include "fleet/store/mirror.h"
#include "fleet/store/record.h"
#include "host/boottime.h"
#include "host/config.h"
#include "model/build.h"
#include "model/wall_time.h"
#include "transfer/transfer.h"
#include "json/problem.h"

#define EXTENSION_MAX_S (366 * 24 * 3600)

LIST_HEAD(change_list, change);

struct fleet_changes {
	struct fleet *fleet;
	struct change_list list;
};

static void begin(struct change *change);

static void on_superseded(void *context, const struct fleet_change_end *end)
{
	struct change *change = context;

	if (end->problem)
		fleet_settle_refuse(change, end->problem);
	else if (end->unconfirmed)
		fleet_settle_refuse_unconfirmed(change, end->unconfirmed);
	else
		begin(change);
}

/* The older build ends, on all edges that are alive, before its VM is promised again. */
static void supersede(struct change *change, const char *holder)
{
	fleet_change_start(change->changes, &(struct fleet_change_ask){.kind = FLEET_DELETE,
								       .id = holder,
								       .then = on_superseded,
								       .context = change});
}

static int set_before(struct change *change, const struct record *record)
{
	struct record *copy = record ? store_record_copy(record) : NULL;

	if (record && !copy)
		return -ENOMEM;
	store_record_free(change->before);
	change->before = copy;
	return 0;
}

/* What the store has of the record. Result: whether it is what was to be written. */
static bool take_record(struct change *change, const struct etcd_kv *kv)
{
	struct record *record;

	if (store_record_read(change->id, kv->value.data, kv->mod_revision, &record))
		return false;
	if (strcmp(record->change, change->after->change) == 0) {
		store_record_free(record);
		change->revision = kv->mod_revision;
		return true;
	}
	store_record_free(change->before);
	change->before = record;
	return false;
}

static bool may_supersede(const struct change *change)
{
	return json_is_true(json_object_get(change->body, "supersede"));
}

static bool supersedes(const struct change *change, const struct etcd_kv *kv)
{
	return may_supersede(change) && model_build_id_valid(kv->value.data) &&
	       strcmp(kv->value.data, change->id) != 0;
}

/* It was not as it was thought to be: the store has said how it is. */
static void try_again(struct change *change, const struct etcd_txn_result *result)
{
	const char *prefix = change->fleet->config->fleet.prefix;
	bool seen = false;

	for (unsigned int i = 0; i < result->nr_kvs; i++) {
		const struct etcd_kv *kv = &result->kvs[i];
		enum store_kind kind;

		if (!store_keys_parse(prefix, kv->key.data, &kind))
			continue;
		/* What it has itself, by way of another edge a moment ago, is in nobody's way. */
		if (kind != STORE_BUILDS && strcmp(kv->value.data, change->id) == 0)
			continue;
		if (kind == STORE_ENDPOINTS && supersedes(change, kv)) {
			supersede(change, kv->value.data);
			return;
		}
		if (kind == STORE_ENDPOINTS) {
			fleet_settle_refuse_endpoint(change, kv);
			return;
		}
		if (kind == STORE_PORTS)
			json_object_set_new(change->avoid, kv->key.data, json_true());
		else if (take_record(change, kv)) {
			fleet_settle_apply(change); /* an answer was lost, and it was asked again */
			return;
		} else
			seen = true;
	}
	/* That it is over was judged by the record of before, and is judged anew. */
	if (change_is_own(change)) {
		fleet_settle_free(change);
		return;
	}
	if (!seen && change->before)
		set_before(change, NULL);
	begin(change);
}

static void on_written(void *context, const struct etcd_txn_result *result)
{
	struct change *change = context;

	change->txn = NULL;
	if ((result->error == -EINVAL || result->error == -EREMOTEIO) &&
	    change->kind != FLEET_DELETE)
		fleet_settle_refuse_as(change, PROBLEM_STORE, result->reason);
	else if (result->error)
		fleet_settle_refuse_store(change, result->reason, result->error == -ETIMEDOUT);
	else if (!result->succeeded)
		try_again(change, result);
	else {
		change->revision = result->revision;
		fleet_settle_apply(change);
	}
}

/* It cannot be written as it is. */
static void refuse_write(struct change *change, int error)
{
	if (error == -E2BIG)
		fleet_settle_refuse_as(
			change, PROBLEM_OVER_LIMIT,
			"It has more ports than fleet.txn_ops allows in one transaction of etcd.");
	else if (error == -EBADMSG)
		fleet_settle_refuse_as(change, PROBLEM_INVALID,
				       "A node has no port or address of sense.");
	else
		fleet_settle_refuse_as(change, PROBLEM_INTERNAL, "Out of memory.");
}

static void write_it(struct change *change)
{
	const struct fleet_write write = {change->before, change->after, on_written, change};
	int error;

	snprintf(change->after->change, sizeof(change->after->change), "%s-%" PRIu64,
		 change->fleet->name, ++change->fleet->nr_changes);
	error = state_write_send(change->fleet, &write, &change->txn);
	if (error)
		refuse_write(change, error);
}

/* Result: whether the record was written here the last time. What another edge wrote it may take
 * back, if its sallyportd refuses it, and it may have changed again: a PUT that only says the same
 * is written as well, so that it holds. */
static bool is_ours(const struct change *change)
{
	const char *name = change->fleet->name;

	return strncmp(change->before->change, name, strlen(name)) == 0;
}

static void on_former(void *context, const char *unconfirmed)
{
	struct change *change = context;

	change->wait = NULL;
	if (unconfirmed)
		fleet_settle_refuse_unconfirmed(change, unconfirmed);
	else
		begin(change);
}

/* What it supersedes may have ended before, as when it is said again: the claims are free then, and
 * not all edges have cut. Result: whether that is waited for, or it was refused. */
static bool wait_for_former(struct change *change)
{
	int64_t revision =
		may_supersede(change) ? state_former_find(change->fleet, change->after) : 0;

	if (!revision)
		return false;
	if (state_await_begin(change->fleet, revision, on_former, change, &change->wait) < 0)
		fleet_settle_refuse_as(change, PROBLEM_INTERNAL, "Out of memory.");
	return true;
}

static void begin_put(struct change *change)
{
	struct problem problem = {0};
	const struct store_merge merge = {
		.config = change->fleet->config,
		.mirror = change->fleet->mirror,
		.avoid = change->avoid,
		.id = change->id,
		.before = change->before,
		.body = change->body,
		.now_ns = boottime_wall_ns(),
	};
	int error = 0;

	if (!change->before)
		state_roll_judge_clock(change->fleet, &problem);
	if (!problem_is_set(&problem))
		error = store_merge_make(&merge, &change->after, &problem);
	if (problem_is_set(&problem)) {
		fleet_settle_refuse(change, &problem);
	} else if (error) {
		refuse_write(change, error);
	} else if (change->before && json_equal(change->before->body, change->after->body) &&
		   is_ours(change)) {
		fleet_settle_apply(change);
	} else if (!wait_for_former(change)) {
		write_it(change);
	}
}

/* Result: a time of the body, 0 if it is not there. */
static uint64_t read_time(const struct change *change, const char *name)
{
	const char *text = json_string_value(json_object_get(change->body, name));
	uint64_t wall_ns;

	return text && model_wall_time_parse(text, &wall_ns) == 0 ? wall_ns : 0;
}

/* Without a linger it is an end, asked for as by a DELETE, and the VMs are free for others. */
static void begin_finish(struct change *change)
{
	uint64_t given_ns = read_time(change, "finished_at"), now_ns = boottime_wall_ns();

	if (change->after->finished_ns) {
		fleet_settle_apply(change);
		return;
	}
	store_record_finish(change->after, given_ns ? given_ns : now_ns);
	if (!store_record_lingers(change->after))
		change->after->ended_ns = now_ns;
	write_it(change);
}

/* All edges are told the time, not by how much it moves; and it moves from what the store says,
 * which this edge may not have yet. Result: 0: the body does not say. */
static uint64_t find_until(const struct change *change)
{
	json_int_t by_s = json_integer_value(json_object_get(change->body, "by_s"));
	uint64_t until_ns = read_time(change, "until");

	if (!json_object_get(change->body, "by_s"))
		return until_ns;
	if (until_ns || by_s <= 0 || by_s > EXTENSION_MAX_S)
		return 0;
	return store_record_deadline_ns(change->before) + (uint64_t)by_s * NS_PER_S;
}

static void begin_extend(struct change *change)
{
	uint64_t until_ns = find_until(change);

	if (until_ns <= store_record_deadline_ns(change->before)) {
		change->forward =
			true; /* that is none: sallyportd says so, once it has the build */
		fleet_settle_apply(change);
		return;
	}
	change->after->until_ns = until_ns;
	write_it(change);
}

static void begin_delete(struct change *change)
{
	change->after->ended_ns = boottime_wall_ns();
	write_it(change);
}

static void on_seen(void *context, const struct etcd_kv *kv)
{
	struct change *change = context;

	store_record_read(change->id, kv->value.data, kv->mod_revision, &change->before);
}

static void on_looked(void *context, const struct etcd_range_end *end)
{
	struct change *change = context;

	change->look = NULL;
	if (end->error)
		fleet_settle_refuse_store(change, end->reason, false);
	else
		begin(change);
}

/* Another edge may have declared it, or extended it, which is not told here yet: the store itself
 * is asked. */
static void look(struct change *change)
{
	char key[STORE_KEY_BYTES];
	struct etcd_range_request request = {
		.page = 1, .visit = on_seen, .end = on_looked, .context = change};

	change->looked = true;
	store_record_free(change->before);
	change->before = NULL;
	store_keys_build(change->fleet->config->fleet.prefix, change->id, key);
	request.key = gateway_value_text(key);
	if (etcd_range_start(change->fleet->etcd, &request, &change->look) < 0)
		fleet_settle_refuse_as(change, PROBLEM_INTERNAL, "Out of memory.");
}

/* Result: whether its removal was answered here, and the store is only to be told. */
static bool is_removed_here(const struct change *change)
{
	const struct owed *owed = change->fleet->owed;

	return edges_owed_has(owed, change->id) && !edges_owed_is_by_clock(owed, change->id);
}

/* Result: whether its time is over, as far as is known, which the store is told once all clocks say
 * so. */
static bool is_late(const struct change *change)
{
	const struct record *record = change->before;

	return record && !record->ended_ns && change->kind != FLEET_DELETE &&
	       store_record_deadline_ns(record) <= boottime_wall_ns();
}

/* Result: whether there is nothing to be changed any more. */
static bool is_over(const struct change *change)
{
	const struct record *record = change->before;

	if (!record || record->ended_ns)
		return record != NULL;
	return is_late(change) || (change->kind != FLEET_DELETE && is_removed_here(change));
}

/* Once, and again whenever the store was not as it was thought to be. */
static void begin(struct change *change)
{
	store_record_free(change->after);
	change->after = NULL;
	if (change->nr_tries++ > FLEET_CHANGE_TRIES) {
		fleet_settle_refuse_store(change, "others change the same again and again", false);
		return;
	}
	if (change->kind == FLEET_PUT && !is_over(change)) {
		begin_put(change);
		return;
	}
	if ((!change->before || is_late(change)) && !change->looked) {
		look(change);
		return;
	}
	if (!change->before || is_over(change)) {
		if (change->before && (change->kind == FLEET_PUT || !change->before->ended_ns))
			fleet_settle_refuse_as(change, PROBLEM_BUILD_ENDED, "The build has ended.");
		else if (change->request || (change->then && change->before)) {
			if (change->before) /* asked again: it may be on its way to others */
				change->revision = change->before->mod_revision;
			fleet_settle_over(change);
		} else
			fleet_settle_free(change);
		return;
	}
	change->after = store_record_copy(change->before);
	if (!change->after)
		fleet_settle_refuse_as(change, PROBLEM_INTERNAL, "Out of memory.");
	else if (change->kind == FLEET_FINISH)
		begin_finish(change);
	else if (change->kind == FLEET_EXTEND)
		begin_extend(change);
	else
		begin_delete(change);
}

struct fleet_changes *fleet_change_open(struct fleet *fleet)
{
	struct fleet_changes *changes = calloc(1, sizeof(*changes));

	if (changes)
		changes->fleet = fleet;
	return changes;
}

void fleet_change_close(struct fleet_changes *changes)
{
	if (!changes)
		return;
	while (!LIST_EMPTY(&changes->list)) {
		LIST_FIRST(&changes->list)->then = NULL;
		fleet_settle_free(LIST_FIRST(&changes->list));
	}
	free(changes);
}

void fleet_change_start(struct fleet_changes *changes, const struct fleet_change_ask *ask)
{
	struct fleet *fleet = changes->fleet;
	struct change *change = calloc(1, sizeof(*change));

	assert(change); /* handled as the rest is: without memory we end, and are started again */
	change->fleet = fleet;
	change->changes = changes;
	change->then = ask->then;
	change->context = ask->context;
	change->begin = begin;
	change->task = (struct roll_task){-1, -1};
	change->kind = ask->kind;
	change->request = ask->request;
	snprintf(change->id, sizeof(change->id), "%s", ask->id);
	change->body = json_incref((json_t *)ask->body);
	change->avoid = json_object();
	LIST_INSERT_HEAD(&changes->list, change, link);
	if (change_is_own(change))
		edges_owed_tell(fleet->owed, change->id);
	if (set_before(change, store_mirror_find(fleet->mirror, change->id)) < 0)
		fleet_settle_refuse_as(change, PROBLEM_INTERNAL, "Out of memory.");
	else if (!fleet->current)
		fleet_settle_refuse_store(change, fleet->reason, false);
	else if (state_epoch_lack(fleet))
		fleet_settle_refuse_store(change, state_epoch_lack(fleet), false);
	else
		begin(change);
}
