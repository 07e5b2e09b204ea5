/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/queue.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "etcd/range.h"
#include "fleet/edges/owed.h"
#include "fleet/epoch.h"
#include "fleet/fleet.h"
#include "fleet/roll.h"
#include "fleet/store/keys.h"
#include "fleet/store/mirror.h"
#include "fleet/store/record.h"
#include "fleet/talk/apply.h"
#include "fleet/talk/local.h"
#include "host/boottime.h"
#include "host/config.h"
#include "host/log.h"
#include "transfer/transfer.h"

#define AGAIN_NS   (2 * NS_PER_S) /* sallyportd did not answer */
#define REFUSED_NS (5 * NS_PER_S)

struct queue {
	struct fleet *fleet;
	json_t *ends, *ids;	 /* as keys, in the order in which they came; with their tasks */
	json_t *refused;	 /* likewise, and told already; with the task of an end, which is
				  * not done */
	char id[STORE_ID_BYTES]; /* at work */
	struct roll_task task;	 /* likewise */
	struct apply *apply;
	struct etcd_range *look;   /* whether the store has a record, ahead of a cancellation */
	bool seen;		   /* it has */
	struct transfer *transfer; /* a cancellation */
	sd_event_source *timer;
};

static void wake(struct queue *queue, uint64_t after_ns)
{
	sd_event_source_set_time_relative(queue->timer, after_ns / NS_PER_US);
	sd_event_source_set_enabled(queue->timer, SD_EVENT_ONESHOT);
}

static bool is_idle(const struct queue *queue)
{
	return !queue->apply && !queue->look && !queue->transfer;
}

/* Result: the task of one that waits. */
static struct roll_task find_task(const struct queue *queue, const char *id)
{
	struct roll_task task = {-1, -1};
	const json_t *value = json_object_get(queue->ends, id);

	if (!value)
		value = json_object_get(queue->ids, id);
	json_unpack((json_t *)value, "[i, i]", &task.build, &task.end);
	return task;
}

/* One that waits is begun again by another: the one that began first lasts. Result: that. */
static int keep_first(int first, int *second)
{
	int kept = first >= 0 ? first : *second;

	if (first < 0)
		*second = -1;
	return kept;
}

/* Result: the task of one that was refused, which belongs to it no more. */
static struct roll_task take_refused(struct queue *queue, const char *id)
{
	struct roll_task task = {-1, -1};
	json_t *value = json_object_get(queue->refused, id);

	if (!json_is_array(value))
		return task;
	json_unpack(value, "[i, i]", &task.build, &task.end);
	json_object_set_new(queue->refused, id, json_true());
	return task;
}

/* With the task that it has already. Without memory it is forgotten, until the store is read again.
 */
static void put_in(struct queue *queue, const char *id, struct roll_task task)
{
	const struct record *record = store_mirror_find(queue->fleet->mirror, id);
	struct roll_task other = find_task(queue, id), over = {-1, -1};
	struct roll_task refused = take_refused(queue, id);
	bool end = !record || record->ended_ns;

	if (refused.build >= 0) /* it is not at work then */
		task = refused;
	task.build = keep_first(task.build, &other.build);
	task.end = keep_first(task.end, &other.end);
	if (!end) {
		over.end = task.end;
		task.end = -1;
	}
	fleet_roll_add(queue->fleet, &task, end);
	json_object_del(end ? queue->ids : queue->ends, id);
	json_object_set_new(end ? queue->ends : queue->ids, id,
			    json_pack("[i, i]", task.build, task.end));
	fleet_roll_finish(queue->fleet, other);
	fleet_roll_finish(queue->fleet, over);
}

void fleet_queue_add(struct fleet *fleet, const char *id, int64_t revision)
{
	struct queue *queue = fleet->queue;

	put_in(queue, id, (struct roll_task){-1, -1});
	fleet_roll_see(fleet, revision);
	if (is_idle(queue))
		wake(queue, 0);
}

/* The one at work is done, or what is not done of it is no matter of its own. */
static void finish(struct queue *queue)
{
	struct roll_task task = queue->task;

	queue->task = (struct roll_task){-1, -1};
	fleet_roll_finish(queue->fleet, task);
}

static void put_back(struct queue *queue)
{
	struct roll_task task = queue->task;

	queue->task = (struct roll_task){-1, -1};
	put_in(queue, queue->id, task);
}

/* A build that is refused is dealt with; an end that is refused is not, and others count on it. */
static void note_refusal(struct queue *queue, const struct transfer_end *answer)
{
	bool told = json_object_get(queue->refused, queue->id) != NULL;
	json_t *task = json_true();

	if (queue->task.end >= 0) {
		task = json_pack("[i, i]", queue->task.build, queue->task.end);
		queue->task = (struct roll_task){-1, -1};
	}
	json_object_set_new(queue->refused, queue->id, task);
	if (told)
		return;
	log_write(LOG_WARNING, "sallyportd refuses a build of the fleet.",
		  log_string("build", queue->id), log_number("status", answer->status),
		  log_string("answer", answer->body));
}

/* sallyportd away: all waits. Otherwise a refusal is of this build alone. */
static void end_one(struct queue *queue, const struct transfer_end *answer, bool made)
{
	if (answer->error) {
		log_write(LOG_WARNING,
			  "sallyportd does not answer: the fleet's builds wait for it.",
			  log_string("reason", answer->reason));
		put_back(queue);
		wake(queue, AGAIN_NS);
		return;
	}
	if (made)
		json_object_del(queue->refused, queue->id);
	else
		note_refusal(queue, answer);
	finish(queue);
	wake(queue, 0);
}

static void on_applied(void *context, const struct talk_apply_end *end)
{
	struct queue *queue = context;

	queue->apply = NULL;
	if (end->ended)
		edges_owed_note(queue->fleet->owed, queue->id, end->by_clock);
	end_one(queue, end->answer, end->made || end->ended);
}

static void on_cancelled(void *context, const struct transfer_end *end)
{
	struct queue *queue = context;

	queue->transfer = NULL;
	end_one(queue, end, end->status / 100 == 2 || end->status == 404);
}

/* A build that has no record is no longer one of the fleet. */
static int cancel(struct queue *queue)
{
	const struct talk_local_call call = {
		.method = "DELETE", .done = on_cancelled, .context = queue};

	return talk_local_build(&queue->fleet->local, &call, queue->id, "", &queue->transfer);
}

/* What has ended here comes to life no more, also if sallyportd has forgotten it meanwhile. */
static bool is_over_here(const struct queue *queue, const struct record *record)
{
	return record && !record->ended_ns && edges_owed_has(queue->fleet->owed, record->id);
}

static void on_seen(void *context, const struct etcd_kv *kv)
{
	struct queue *queue = context;

	queue->seen = true;
}

/* Without an answer it stays: all is compared again when the store is back. */
static void on_looked(void *context, const struct etcd_range_end *end)
{
	struct queue *queue = context;

	queue->look = NULL;
	if (!end->error && !queue->seen && !fleet_epoch_lack(queue->fleet) &&
	    !store_mirror_find(queue->fleet->mirror, queue->id) && cancel(queue) == 0)
		return;
	finish(queue);
	wake(queue, 0);
}

/* It may have been declared a moment ago, which the watch has not told yet, or have a record of a
 * later version: it is cancelled if the store itself says that there is none. */
static int look(struct queue *queue)
{
	char key[STORE_KEY_BYTES];
	struct etcd_range_request request = {
		.page = 1, .visit = on_seen, .end = on_looked, .context = queue};

	queue->seen = false;
	store_keys_build(queue->fleet->config->fleet.prefix, queue->id, key);
	request.key = gateway_value_text(key);
	return etcd_range_start(queue->fleet->etcd, &request, &queue->look);
}

/* Result: whether there is one; it is taken out. */
static bool take(struct queue *queue)
{
	json_t *from = json_object_size(queue->ends) ? queue->ends : queue->ids;
	void *first = json_object_iter(from);

	if (!first || fleet_epoch_lack(queue->fleet) ||
	    (from == queue->ids && queue->fleet->reading))
		return false;
	snprintf(queue->id, sizeof(queue->id), "%s", json_object_iter_key(first));
	queue->task = find_task(queue, queue->id);
	json_object_del(from, queue->id);
	return true;
}

/* Those that were refused, when there is nothing else. */
static void rest(struct queue *queue)
{
	const char *id;
	json_t *value;

	if (queue->fleet->reading || fleet_epoch_lack(queue->fleet) ||
	    !json_object_size(queue->refused))
		return;
	json_object_foreach (queue->refused, id, value)
		put_in(queue, id, (struct roll_task){-1, -1});
	wake(queue, REFUSED_NS);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	struct queue *queue = context;
	const struct record *record;
	int error;

	if (!is_idle(queue))
		return 0;
	if (!take(queue)) {
		rest(queue);
		return 0;
	}
	record = store_mirror_find(queue->fleet->mirror, queue->id);
	if (is_over_here(queue, record)) {
		finish(queue);
		wake(queue, 0);
		return 0;
	}
	error = record ? talk_apply_start(&queue->fleet->local, record, on_applied, queue,
					  &queue->apply)
		       : look(queue);
	if (error) {
		put_back(queue);
		wake(queue, AGAIN_NS);
	}
	return 0;
}

int fleet_queue_open(struct fleet *fleet)
{
	struct queue *queue = calloc(1, sizeof(*queue));
	int r = -ENOMEM;

	if (!queue)
		return r;
	queue->fleet = fleet;
	queue->ends = json_object();
	queue->ids = json_object();
	queue->refused = json_object();
	fleet->queue = queue;
	if (queue->ends && queue->ids && queue->refused)
		r = sd_event_add_time(fleet->event, &queue->timer, CLOCK_BOOTTIME, UINT64_MAX, 1,
				      on_timer, queue);
	return r < 0 ? r : 0;
}

void fleet_queue_close(struct fleet *fleet)
{
	struct queue *queue = fleet->queue;

	if (!queue)
		return;
	talk_apply_cancel(queue->apply);
	etcd_range_cancel(queue->look);
	transfer_cancel(queue->transfer);
	sd_event_source_disable_unref(queue->timer);
	json_decref(queue->ends);
	json_decref(queue->ids);
	json_decref(queue->refused);
	free(queue);
	fleet->queue = NULL;
}

void fleet_queue_wake(struct fleet *fleet)
{
	struct queue *queue = fleet->queue;

	if (is_idle(queue))
		wake(queue, 0);
}
