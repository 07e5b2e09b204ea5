/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etcd/txn.h"
#include "fleet/state/fleet.h"
#include "fleet/state/holder.h"
#include "fleet/state/roll.h"
#include "fleet/state/write.h"
#include "fleet/store/claims.h"
#include "fleet/sync_state.h"
#include "host/config.h"

#define AT_ONCE 8
#define TRIES	8
#define BYTES_MOST                                                                                 \
	((size_t)256 << 10) /* etcd takes 1.5 MiB, of which one record may be the most             \
			     */

static void go_on(struct sync *sync);

static void put_todo(struct sync *sync, size_t place)
{
	sync->todo[(sync->first + sync->nr_todo++) % sync->nr_items] = place;
}

static struct sync_item *first_todo(const struct sync *sync)
{
	return sync->nr_todo ? &sync->item[sync->todo[sync->first]] : NULL;
}

static size_t take_todo(struct sync *sync)
{
	size_t place = sync->todo[sync->first];

	sync->first = (sync->first + 1) % sync->nr_items;
	sync->nr_todo--;
	return place;
}

static void note_revision(struct sync *sync, const struct record *record)
{
	if (record->mod_revision > sync->revision)
		sync->revision = record->mod_revision;
	if (record->ended_ns && record->mod_revision > sync->removal_revision)
		sync->removal_revision = record->mod_revision;
}

/* What is in the store already may not be made on all edges yet, nor on this one. */
static void note_what_is(struct sync *sync)
{
	sync->revision = state_roll_revision(sync->fleet);
	sync->removal_revision = state_roll_ended(sync->fleet);
}

/* It is in the store. */
static void note_done(struct sync *sync, const struct sync_item *item, int64_t revision)
{
	item->after->mod_revision = revision;
	note_revision(sync, item->after);
}

static struct sync_item *find_item(const struct sync_txn *txn, const char *id)
{
	for (unsigned int i = 0; i < txn->nr_items; i++)
		if (strcmp(txn->sync->item[txn->item[i]].id, id) == 0)
			return &txn->sync->item[txn->item[i]];
	return NULL;
}

/* Another build has a VM of this set, and is none that ends with it. */
static void refuse_endpoint(const struct sync_txn *txn, const struct etcd_kv *kv)
{
	struct sync *sync = txn->sync;
	const char *holder = kv->value.data;

	for (unsigned int i = 0; i < txn->nr_items; i++) {
		const struct sync_item *item = &sync->item[txn->item[i]];
		struct store_claims claims = {0};
		char pointer[160];

		if (strcmp(item->id, holder) == 0 ||
		    store_claims_list(sync->fleet->config->fleet.prefix, item->after, &claims))
			continue;
		for (unsigned int j = 0; j < claims.nr; j++) {
			if (strcmp(claims.claim[j].key, kv->key.data) != 0)
				continue;
			snprintf(pointer, sizeof(pointer), "/builds/%zu%s", txn->item[i],
				 claims.claim[j].pointer);
			json_problem_add(&sync->problem, PROBLEM_ENDPOINT_IN_USE, pointer,
					 "it is held by build %s", holder);
			state_holder_find(sync->fleet, kv, &sync->problem.holder);
		}
		store_claims_clear(&claims);
	}
}

/* The store is not as it was thought to be, and says how it is. */
static void learn(const struct sync_txn *txn, const struct etcd_kv *kv)
{
	struct sync *sync = txn->sync;
	enum store_kind kind;
	const char *rest = store_keys_parse(sync->fleet->config->fleet.prefix, kv->key.data, &kind);
	struct sync_item *item;

	if (!rest) {
		if (kv->mod_revision != sync->mark_revision)
			json_problem_set(&sync->problem, PROBLEM_STALE_SYNC,
					 "A later set was begun, at this edge or another, while "
					 "this one was under way.");
	} else if (kind == STORE_PORTS) {
		json_object_set_new(sync->avoid, kv->key.data, json_true());
	} else if (kind == STORE_ENDPOINTS) {
		refuse_endpoint(txn, kv);
	} else if (kind == STORE_BUILDS) {
		item = find_item(txn, rest);
		if (item)
			store_record_read(rest, kv->value.data, kv->mod_revision, &item->before);
	}
}

static void retry(struct sync *sync, size_t place)
{
	struct sync_item *item = &sync->item[place];

	if (item->nr_tries++ >= TRIES)
		json_problem_set(&sync->problem, PROBLEM_STORE,
				 "Others change build %s again and again.", item->id);
	else if (fleet_sync_plan_item(sync, place) < 0)
		json_problem_set(&sync->problem, PROBLEM_INTERNAL, "Out of memory.");
	else if (item->after)
		put_todo(sync, place);
	else if (item->before) /* it is so already */
		note_revision(sync, item->before);
}

/* Something is in the way of one of them, or it was done by an earlier try: which, each says for
 * itself. */
static void try_singly(const struct sync_txn *txn)
{
	struct sync *sync = txn->sync;

	for (unsigned int i = 0; i < txn->nr_items; i++) {
		sync->item[txn->item[i]].nr_tries++;
		put_todo(sync, txn->item[i]);
	}
}

/* None of it was done, but by an earlier try whose answer was lost. */
static void try_again(const struct sync_txn *txn, const struct etcd_txn_result *result)
{
	struct sync *sync = txn->sync;

	for (unsigned int i = 0; i < txn->nr_items; i++) {
		struct sync_item *item = &sync->item[txn->item[i]];

		store_record_free(item->before);
		item->before = NULL;
	}
	for (unsigned int i = 0; i < result->nr_kvs; i++)
		learn(txn, &result->kvs[i]);
	for (unsigned int i = 0; i < txn->nr_items && !problem_is_set(&sync->problem); i++) {
		struct sync_item *item = &sync->item[txn->item[i]];

		if (item->before && strcmp(item->before->change, item->after->change) == 0)
			note_done(sync, item, item->before->mod_revision);
		else
			retry(sync, txn->item[i]);
	}
}

static void note_error(const struct sync_txn *txn, const struct etcd_txn_result *result)
{
	struct sync *sync = txn->sync;

	if (result->error == -EINVAL || result->error == -EREMOTEIO ||
	    ++sync->nr_errors > 2 * AT_ONCE) {
		json_problem_set(&sync->problem, PROBLEM_STORE,
				 "The fleet's etcd cannot be written: %s. A part of the set may be "
				 "there: say it again.",
				 result->reason);
		return;
	}
	for (unsigned int i = 0; i < txn->nr_items; i++)
		put_todo(sync, txn->item[i]);
}

static void free_txn(struct sync_txn *txn)
{
	LIST_REMOVE(txn, link);
	txn->sync->nr_txns--;
	etcd_txn_cancel(txn->call);
	free(txn);
}

static void on_written(void *context, const struct etcd_txn_result *result)
{
	struct sync_txn *txn = context;
	struct sync *sync = txn->sync;

	txn->call = NULL;
	if (result->error)
		note_error(txn, result);
	else if (!result->succeeded && txn->telling)
		try_again(txn, result);
	else if (!result->succeeded)
		try_singly(txn);
	else
		for (unsigned int i = 0; i < txn->nr_items; i++)
			note_done(sync, &sync->item[txn->item[i]], result->revision);
	free_txn(txn);
	go_on(sync);
}

static size_t guess_bytes(const struct sync_item *item)
{
	return 1024 + json_dumpb(item->after->body, NULL, 0, JSON_COMPACT);
}

/* As many as one transaction takes; one, if it is large. Result: 0 or -errno. */
static int fill(struct sync *sync, struct etcd_txn *request, struct sync_txn *txn)
{
	unsigned int most = sync->fleet->config->fleet.txn_ops, size = 1;
	struct etcd_bytes mark = gateway_value_text(sync->mark_key);
	size_t bytes = 0;
	struct sync_item *item;

	txn->telling = first_todo(sync)->nr_tries != 0;
	etcd_txn_compare(request, mark, sync->mark_revision);
	if (txn->telling)
		etcd_txn_else_read(request, mark);
	while ((item = first_todo(sync))) {
		const struct fleet_write write = {.before = item->before, .after = item->after};
		int error;

		size += state_write_size(&write);
		bytes += guess_bytes(item);
		if (txn->nr_items && (size > most || bytes > BYTES_MOST || txn->nr_items == most ||
				      txn->telling || item->nr_tries))
			break;
		snprintf(item->after->change, sizeof(item->after->change), "%s-%" PRIu64,
			 sync->fleet->name, ++sync->fleet->nr_changes);
		error = state_write_add(sync->fleet, &write, txn->telling, request);
		if (error)
			return error;
		txn->item[txn->nr_items++] = take_todo(sync);
	}
	return 0;
}

static int send_some(struct sync *sync)
{
	struct etcd_txn *request = etcd_txn_new();
	struct sync_txn *txn =
		calloc(1, sizeof(*txn) + sync->fleet->config->fleet.txn_ops * sizeof(txn->item[0]));
	int error;

	if (!request || !txn) {
		etcd_txn_free(request);
		free(txn);
		return -ENOMEM;
	}
	txn->sync = sync;
	LIST_INSERT_HEAD(&sync->txns, txn, link);
	sync->nr_txns++;
	error = fill(sync, request, txn);
	if (!error)
		error = etcd_txn_send(sync->fleet->etcd, request, on_written, txn, &txn->call);
	if (error)
		free_txn(txn);
	etcd_txn_free(request);
	return error;
}

/* Those that are not named are through before any other is begun: it may be given their VMs. */
static bool next_part(struct sync *sync)
{
	if (sync->setting)
		return false;
	sync->setting = true;
	for (size_t i = 0; i < sync->nr_set; i++)
		if (sync->item[i].after)
			put_todo(sync, i);
	return sync->nr_todo > 0;
}

static void go_on(struct sync *sync)
{
	while (!problem_is_set(&sync->problem) && sync->nr_txns < AT_ONCE &&
	       (sync->nr_todo || (!sync->nr_txns && next_part(sync))))
		if (send_some(sync) < 0)
			json_problem_set(&sync->problem, PROBLEM_INTERNAL, "Out of memory.");
	if (!sync->nr_txns)
		sync->next(sync);
}

void fleet_sync_write(struct sync *sync)
{
	note_what_is(sync);
	sync->todo = calloc(sync->nr_items + 1, sizeof(*sync->todo));
	if (!sync->todo)
		json_problem_set(&sync->problem, PROBLEM_INTERNAL, "Out of memory.");
	for (size_t i = sync->nr_set; sync->todo && i < sync->nr_items; i++)
		put_todo(sync, i);
	go_on(sync);
}

void fleet_sync_write_cancel(struct sync *sync)
{
	while (!LIST_EMPTY(&sync->txns))
		free_txn(LIST_FIRST(&sync->txns));
}
