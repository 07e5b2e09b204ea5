/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/sync.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etcd/range.h"
#include "etcd/txn.h"
#include "fleet/queue.h"
#include "fleet/state/await.h"
#include "fleet/state/epoch.h"
#include "fleet/state/fleet.h"
#include "fleet/sync_state.h"
#include "fleet/talk/answer.h"
#include "host/config.h"
#include "http/server.h"
#include "transfer/transfer.h"

TAILQ_HEAD(sync_list, sync);

struct fleet_syncs {
	struct fleet *fleet;
	struct sync_list list; /* the first is under way */
};

static void look_at_mark(struct sync *sync);

static void free_sync(struct sync *sync)
{
	TAILQ_REMOVE(&sync->syncs->list, sync, link);
	fleet_sync_write_cancel(sync);
	etcd_range_cancel(sync->look);
	etcd_txn_cancel(sync->take);
	transfer_cancel(sync->transfer);
	state_await_cancel(sync->wait);
	sd_event_source_disable_unref(sync->turn);
	for (size_t i = 0; i < sync->nr_items; i++) {
		store_record_free(sync->item[i].before);
		store_record_free(sync->item[i].after);
		json_decref(sync->item[i].body);
	}
	free(sync->item);
	free(sync->tried);
	free(sync->todo);
	json_decref(sync->set);
	json_decref(sync->ids);
	json_decref(sync->avoid);
	free(sync);
}

static void begin_first(struct fleet_syncs *syncs)
{
	struct sync *sync = TAILQ_FIRST(&syncs->list);

	if (sync)
		sd_event_source_set_enabled(sync->turn, SD_EVENT_ONESHOT);
}

static void end(struct sync *sync)
{
	struct fleet_syncs *syncs = sync->syncs;
	bool first = sync == TAILQ_FIRST(&syncs->list);

	free_sync(sync);
	if (first)
		begin_first(syncs);
}

static void refuse(struct sync *sync)
{
	json_problem_set(&sync->problem, PROBLEM_INTERNAL, "Out of memory.");
	talk_answer_problem(sync->request, &sync->problem);
	end(sync);
}

static void print_result(const struct sync *sync, FILE *out)
{
	static const char *const words[] = {[SYNC_CREATED] = "created",
					    [SYNC_CHANGED] = "changed",
					    [SYNC_CANCELLED] = "cancelled"};
	unsigned int nr[SYNC_CHANGES_NR] = {0}, nr_printed = 0;

	for (size_t i = 0; i < sync->nr_items; i++)
		nr[sync->item[i].change]++;
	fprintf(out,
		"{\"dry_run\":%s,\"created\":%u,\"changed\":%u,\"cancelled\":%u,\"unchanged\":%u,"
		"\"ended\":%u,\"changes\":[",
		sync->dry_run ? "true" : "false", nr[SYNC_CREATED], nr[SYNC_CHANGED],
		nr[SYNC_CANCELLED], nr[SYNC_UNCHANGED], nr[SYNC_ENDED]);
	for (size_t i = 0; i < sync->nr_items; i++) {
		/* Those that the set does not name come first, as they ended first. */
		const struct sync_item *item = &sync->item[(i + sync->nr_set) % sync->nr_items];

		if (item->change < sizeof(words) / sizeof(words[0]) && words[item->change])
			fprintf(out, "%s{\"id\":\"%s\",\"change\":\"%s\"}", nr_printed++ ? "," : "",
				item->id, words[item->change]);
	}
	fputs("]}\n", out);
}

/* unconfirmed: the edges that have not removed what ended; NULL: all have. */
static void answer(struct sync *sync, const char *unconfirmed)
{
	struct http_answer answer = {.status = unconfirmed ? 202 : 200,
				     .content_type = "application/json"};
	FILE *out = open_memstream(&answer.body, &answer.body_bytes);

	if (!out) {
		refuse(sync);
		return;
	}
	print_result(sync, out);
	fclose(out);
	if (unconfirmed)
		http_answer_header(&answer, "Sallyport-Unconfirmed", "%s", unconfirmed);
	http_request_answer(sync->request, &answer);
	end(sync);
}

static void on_confirmed(void *context, const char *unconfirmed)
{
	struct sync *sync = context;

	sync->wait = NULL;
	answer(sync, unconfirmed);
}

/* Result: the id of one that is to be live and that this edge refuses; NULL: none. */
static const char *find_refused(const struct sync *sync)
{
	for (size_t i = 0; i < sync->nr_set; i++)
		if (sync->item[i].change != SYNC_ENDED &&
		    fleet_queue_refused(sync->fleet, sync->item[i].id))
			return sync->item[i].id;
	return NULL;
}

static void on_here(void *context, const char *missing)
{
	struct sync *sync = context;
	const char *refused = find_refused(sync);

	sync->wait = NULL;
	if (missing || refused)
		json_problem_set(&sync->problem, PROBLEM_DAEMON,
				 "The set is in the store, and not all of it on this edge%s%s: say "
				 "it again, or see the log of sallyport-fleet.",
				 refused ? ", as not build " : "", refused ? refused : "");
	if (problem_is_set(&sync->problem))
		refuse(sync);
	else if (!sync->removal_revision)
		answer(sync, NULL);
	else if (state_await_begin(sync->fleet, sync->removal_revision, on_confirmed, sync,
				   &sync->wait) < 0)
		refuse(sync);
}

static void on_written(struct sync *sync)
{
	if (problem_is_set(&sync->problem))
		refuse(sync);
	else if (!sync->revision)
		answer(sync, NULL);
	else if (state_await_here(sync->fleet, sync->revision, on_here, sync, &sync->wait) < 0)
		refuse(sync);
}

static void on_taken(void *context, const struct etcd_txn_result *result)
{
	struct sync *sync = context;

	sync->take = NULL;
	if (result->error) {
		json_problem_set(&sync->problem, PROBLEM_STORE,
				 "The fleet's etcd cannot be written: %s.", result->reason);
		refuse(sync);
	} else if (!result->succeeded) {
		look_at_mark(sync); /* another one was begun in between */
	} else {
		sync->mark_revision = result->revision;
		sync->next = on_written;
		fleet_sync_write(sync);
	}
}

/* From here on a set that was begun before this one writes no more. */
static void take_mark(struct sync *sync)
{
	struct etcd_bytes key = gateway_value_text(sync->mark_key);
	struct etcd_txn *txn = etcd_txn_new();
	json_t *mark = json_pack("{s:I, s:s}", "generation",
				 sync->generation >= 0 ? sync->generation : sync->marked, "by",
				 sync->name);
	char *text = mark ? json_dumps(mark, JSON_COMPACT) : NULL;
	int error = -ENOMEM;

	if (txn && text) {
		etcd_txn_compare(txn, key, sync->mark_revision);
		etcd_txn_put(txn, key, gateway_value_text(text));
		error = etcd_txn_send(sync->fleet->etcd, txn, on_taken, sync, &sync->take);
	}
	etcd_txn_free(txn);
	json_decref(mark);
	free(text);
	if (error)
		refuse(sync);
}

static void on_mark(void *context, const struct etcd_kv *kv)
{
	struct sync *sync = context;
	json_t *mark = json_loads(kv->value.data, 0, NULL);
	const json_t *generation = json_object_get(mark, "generation");

	sync->mark_revision = kv->mod_revision;
	if (json_is_integer(generation))
		sync->marked = json_integer_value(generation);
	json_decref(mark);
}

/* Before anything is planned, and again when all is ready to be written. */
static void on_marks(void *context, const struct etcd_range_end *end)
{
	struct sync *sync = context;

	sync->look = NULL;
	if (end->error)
		json_problem_set(&sync->problem, PROBLEM_STORE,
				 "The fleet's etcd cannot be read: %s.", end->reason);
	else if (sync->generation >= 0 && sync->generation < sync->marked)
		json_problem_set(&sync->problem, PROBLEM_STALE_SYNC,
				 "Generation %lld is older than %lld, which was synchronised "
				 "already.",
				 (long long)sync->generation, (long long)sync->marked);
	if (problem_is_set(&sync->problem))
		refuse(sync);
	else if (!sync->nr_tries)
		sd_event_source_set_enabled(sync->turn, SD_EVENT_ONESHOT);
	else
		take_mark(sync);
}

static void look_at_mark(struct sync *sync)
{
	const struct etcd_range_request request = {
		.key = gateway_value_text(sync->mark_key),
		.page = 1,
		.visit = on_mark,
		.end = on_marks,
		.context = sync,
	};

	sync->mark_revision = 0;
	sync->marked = 0;
	if (etcd_range_start(sync->fleet->etcd, &request, &sync->look) < 0)
		refuse(sync);
}

static void on_tried(struct sync *sync)
{
	if (problem_is_set(&sync->problem))
		refuse(sync);
	else if (sync->dry_run)
		answer(sync, NULL);
	else
		take_mark(sync);
}

static int plan(struct sync *sync)
{
	int error = fleet_sync_plan_some(sync);

	if (error == -EAGAIN)
		sd_event_source_set_enabled(sync->turn, SD_EVENT_ONESHOT);
	else if (error)
		refuse(sync);
	else
		fleet_sync_try(sync);
	return 0;
}

static void refuse_member(struct sync *sync, const char *name, const char *what)
{
	char pointer[64];

	snprintf(pointer, sizeof(pointer), "/%.60s", name);
	json_problem_add(&sync->problem, PROBLEM_INVALID, pointer, "%s", what);
}

static bool read_flag(struct sync *sync, const char *name)
{
	const json_t *value = json_object_get(sync->set, name);

	if (value && !json_is_boolean(value))
		refuse_member(sync, name, "must be true or false");
	return json_is_true(value);
}

/* Everything but the builds. */
static void read_set(struct sync *sync)
{
	static const char *const names[] = {"builds", "dry_run", "allow_empty", "generation"};
	const json_t *generation = json_object_get(sync->set, "generation");
	const json_t *builds = json_object_get(sync->set, "builds");
	const char *name;
	json_t *value;

	json_object_foreach (sync->set, name, value) {
		bool known = false;

		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			known = known || strcmp(name, names[i]) == 0;
		if (!known)
			refuse_member(sync, name, "is no member of a fleet's sync");
	}
	sync->dry_run = read_flag(sync, "dry_run");
	sync->allow_empty = read_flag(sync, "allow_empty");
	sync->generation = generation ? json_integer_value(generation) : -1;
	if (generation && (!json_is_integer(generation) || sync->generation < 0))
		refuse_member(sync, "generation", "must be an integer, 0 or more");
	if (!json_is_array(builds))
		refuse_member(sync, "builds", "must be a list");
	else if (!json_array_size(builds) && !sync->allow_empty)
		json_problem_set(&sync->problem, PROBLEM_EMPTY_SYNC,
				 "An empty set would end every session of the fleet: say "
				 "allow_empty if it is meant.");
}

/* Its turn has come. */
static int begin(struct sync *sync)
{
	const char *lack =
		sync->fleet->current ? state_epoch_lack(sync->fleet) : sync->fleet->reason;

	sync->step = plan;
	sync->next = on_tried;
	read_set(sync);
	if (lack)
		json_problem_set(&sync->problem, PROBLEM_STORE, "%s: %s.",
				 "The fleet's etcd cannot be written, so nothing new is promised",
				 lack);
	if (problem_is_set(&sync->problem))
		refuse(sync);
	else
		look_at_mark(sync);
	return 0;
}

static int on_turn(sd_event_source *source, void *context)
{
	struct sync *sync = context;

	return sync->step(sync);
}

struct fleet_syncs *fleet_sync_open(struct fleet *fleet)
{
	struct fleet_syncs *syncs = calloc(1, sizeof(*syncs));

	if (!syncs)
		return NULL;
	syncs->fleet = fleet;
	TAILQ_INIT(&syncs->list);
	return syncs;
}

void fleet_sync_close(struct fleet_syncs *syncs)
{
	if (!syncs)
		return;
	while (!TAILQ_EMPTY(&syncs->list))
		free_sync(TAILQ_FIRST(&syncs->list));
	free(syncs);
}

void fleet_sync_start(struct fleet_syncs *syncs, json_t *body, struct http_request *request)
{
	struct fleet *fleet = syncs->fleet;
	struct sync *sync = calloc(1, sizeof(*sync));

	assert(sync); /* as for a change: without memory we end, and are started again */
	sync->syncs = syncs;
	sync->fleet = fleet;
	sync->request = request;
	sync->step = begin;
	sync->end = end;
	sync->set = json_incref(body);
	sync->ids = json_object();
	sync->avoid = json_object();
	snprintf(sync->name, sizeof(sync->name), "%s-%" PRIu64, fleet->name, ++fleet->nr_changes);
	store_keys_sync(fleet->config->fleet.prefix, sync->mark_key);
	TAILQ_INSERT_TAIL(&syncs->list, sync, link);
	if (!sync->ids || !sync->avoid ||
	    sd_event_add_defer(fleet->event, &sync->turn, on_turn, sync) < 0) {
		refuse(sync);
		return;
	}
	sd_event_source_set_enabled(sync->turn, SD_EVENT_OFF);
	if (sync == TAILQ_FIRST(&syncs->list))
		begin_first(syncs);
}
