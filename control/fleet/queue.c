/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/queue.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "fleet/edges/owed.h"
#include "fleet/state/backlog.h"
#include "fleet/state/epoch.h"
#include "fleet/state/fleet.h"
#include "fleet/state/roll.h"
#include "fleet/state/stale.h"
#include "fleet/store/keys.h"
#include "fleet/store/mirror.h"
#include "fleet/store/record.h"
#include "fleet/talk/apply.h"
#include "fleet/talk/batch.h"
#include "fleet/talk/local.h"
#include "host/boottime.h"
#include "host/config.h"
#include "host/log.h"
#include "transfer/transfer.h"

#define AGAIN_NS   (NS_PER_S / 2) /* sallyportd did not answer */
#define CUT_NS	   (2 * NS_PER_S) /* a lifetime that is left is cut to whole seconds */
#define REFUSED_NS (5 * NS_PER_S)
#define BATCH_MOST 1024 /* longer ones are no faster, and others wait for their turn */

/* While very many come, a short batch is put off until it is a longer one: each is a commit. */
#define MANY	  16
#define WORTHY	  512
#define GATHER_NS (100 * NS_PER_MS)

struct item {
	char id[STORE_ID_BYTES];
	struct roll_task task;
	bool made; /* else it ends */
};

struct queue {
	struct fleet *fleet;
	struct backlog waiting;
	char id[STORE_ID_BYTES]; /* at work */
	struct roll_task task;	 /* likewise */
	struct item *item;	 /* of a batch that is at work */
	unsigned int nr_items;
	unsigned int most; /* in the next one */
	bool gathering;	   /* it is put off */
	bool away; /* sallyportd is, which has been logged: it is asked again by the timer alone */
	struct apply *apply;
	int64_t revision;	   /* of the record at work; 0: none */
	struct stale stale;	   /* what is here and not in the store */
	struct transfer *transfer; /* a batch */
	sd_event_source *timer;
};

static void wake(struct queue *queue, uint64_t after_ns)
{
	sd_event_source_set_time_relative(queue->timer, after_ns / NS_PER_US);
	sd_event_source_set_enabled(queue->timer, SD_EVENT_ONESHOT);
}

static bool is_idle(const struct queue *queue)
{
	return !queue->apply && !state_stale_is_busy(&queue->stale) && !queue->transfer;
}

void fleet_queue_add(struct fleet *fleet, const char *id, int64_t revision)
{
	const struct record *record = store_mirror_find(fleet->mirror, id);
	struct queue *queue = fleet->queue;

	state_backlog_put(&queue->waiting, id, (struct roll_task){-1, -1});
	state_roll_note(fleet, revision, !record || record->ended_ns);
	if (is_idle(queue) && !queue->away &&
	    (!queue->gathering || json_object_size(queue->waiting.ends)))
		wake(queue, 0);
}

/* sallyportd did not answer: all waits. */
static void note_away(struct queue *queue, const char *reason)
{
	if (!queue->away)
		log_write(LOG_WARNING,
			  "sallyportd does not answer: the fleet's builds wait for it.",
			  log_string("reason", reason));
	queue->away = true;
	wake(queue, AGAIN_NS);
}

/* The one at work is done, or what is not done of it is no matter of its own. */
static void finish(struct queue *queue)
{
	struct roll_task task = queue->task;

	queue->task = (struct roll_task){-1, -1};
	state_roll_finish(queue->fleet, task);
}

static void put_back(struct queue *queue)
{
	struct roll_task task = queue->task;

	queue->task = (struct roll_task){-1, -1};
	state_backlog_put(&queue->waiting, queue->id, task);
}

/* A build that is refused is dealt with; an end that is refused is not, and others count on it. */
static void note_refusal(struct queue *queue, const struct transfer_end *answer)
{
	bool told = json_object_get(queue->waiting.refused, queue->id) != NULL;
	json_t *task = json_true();

	if (queue->task.end >= 0) {
		task = json_pack("[i, i]", queue->task.build, queue->task.end);
		queue->task = (struct roll_task){-1, -1};
	}
	json_object_set_new(queue->waiting.refused, queue->id, task);
	if (told)
		return;
	log_write(LOG_WARNING, "sallyportd refuses a build of the fleet.",
		  log_string("build", queue->id), log_number("status", answer->status),
		  log_string("answer", answer->body));
}

/* What goes well is a sign that a longer batch does. */
static void grow(struct queue *queue)
{
	queue->most = queue->most * 2 < BATCH_MOST ? queue->most * 2 : BATCH_MOST;
}

/* A refusal is of this build alone. */
static void end_one(struct queue *queue, const struct transfer_end *answer, bool made)
{
	if (answer->error) {
		put_back(queue);
		note_away(queue, answer->reason);
		return;
	}
	queue->away = false;
	json_object_del(queue->waiting.alone, queue->id);
	if (made) {
		json_object_del(queue->waiting.refused, queue->id);
		grow(queue);
	} else {
		note_refusal(queue, answer);
	}
	finish(queue);
	wake(queue, 0);
}

/* It is live here: if it had ended by the clock, it was extended elsewhere. */
static void note_made(struct queue *queue, const char *id)
{
	if (edges_owed_is_by_clock(queue->fleet->owed, id))
		edges_owed_drop(queue->fleet->owed, id);
	edges_owed_ignore(queue->fleet->owed, id, false);
}

/* Another build of the same id lives on here, on a port or before a VM that may be others' by now.
 * If it is an earlier one it is cancelled, and the id free once sallyportd has forgotten it. */
static void on_applied(void *context, const struct talk_apply_end *end)
{
	struct queue *queue = context;

	queue->apply = NULL;
	if (end->earlier && end->open && state_stale_look(&queue->stale, queue->revision) == 0)
		return;
	if (end->ended)
		edges_owed_note(queue->fleet->owed, queue->id, end->by_clock);
	else if (end->made)
		note_made(queue, queue->id);
	end_one(queue, end->answer,
		end->made || (end->ended && !edges_owed_ignores(queue->fleet->owed, queue->id)));
}

/* It is no longer one of the fleet, and what it was has been cancelled; or it was let be. */
static void on_stale(void *context, const struct transfer_end *end)
{
	struct queue *queue = context;
	bool earlier = queue->stale.revision != 0;

	if (end && end->status == 404) /* so no end of it will be told */
		edges_owed_ignore(queue->fleet->owed, queue->id, false);
	if (end) {
		end_one(queue, end, !earlier && (end->status / 100 == 2 || end->status == 404));
		return;
	}
	finish(queue);
	wake(queue, 0);
}

bool fleet_queue_goes_on(const struct fleet *fleet, const struct record *record)
{
	return record && !record->ended_ns && edges_owed_is_by_clock(fleet->owed, record->id) &&
	       store_record_deadline_ns(record) > boottime_wall_ns() + CUT_NS;
}

/* What has ended here comes to life no more, also if sallyportd has forgotten it meanwhile; but for
 * what was extended elsewhere before this edge heard of it. */
static bool is_over_here(const struct queue *queue, const struct record *record)
{
	return record && !record->ended_ns && edges_owed_has(queue->fleet->owed, record->id) &&
	       !fleet_queue_goes_on(queue->fleet, record);
}

static bool is_for_batch(const struct queue *queue, const char *id)
{
	const struct record *record = store_mirror_find(queue->fleet->mirror, id);

	return record && !is_over_here(queue, record) && talk_batch_suits(record) &&
	       !json_object_get(queue->waiting.alone, id);
}

/* All of the batch wait again. */
static void put_back_batch(struct queue *queue)
{
	for (unsigned int i = 0; i < queue->nr_items; i++)
		state_backlog_put(&queue->waiting, queue->item[i].id, queue->item[i].task);
	queue->nr_items = 0;
}

static void finish_batch(struct queue *queue)
{
	for (unsigned int i = 0; i < queue->nr_items; i++) {
		const struct item *item = &queue->item[i];

		json_object_del(queue->waiting.refused, item->id);
		if (item->made)
			note_made(queue, item->id);
		state_roll_finish(queue->fleet, item->task);
	}
	queue->nr_items = 0;
	grow(queue);
}

/* Who is to blame goes alone; if that is not said, batches are shorter until it is seen. */
static void blame(struct queue *queue, const struct talk_batch_answer *answer)
{
	json_t *error;
	const char *rest;
	bool known = answer->ended;
	size_t i;

	for (i = 0; answer->ended && i < queue->nr_items; i++)
		json_object_set_new(queue->waiting.alone, queue->item[i].id, json_true());
	json_array_foreach (json_object_get(answer->object, "errors"), i, error) {
		int place = talk_batch_place(error, &rest);

		if (place < 0 || (unsigned int)place >= queue->nr_items)
			continue;
		json_object_set_new(queue->waiting.alone, queue->item[place].id, json_true());
		known = true;
	}
	if (!known)
		queue->most = queue->most / 4 > 1 ? queue->most / 4 : 1;
}

static void on_batch(void *context, const struct transfer_end *end)
{
	struct queue *queue = context;
	struct talk_batch_answer answer = talk_batch_read(end);

	queue->transfer = NULL;
	if (!end->error)
		queue->away = false;
	if (end->error) {
		put_back_batch(queue);
		note_away(queue, end->reason);
	} else if (answer.made && !answer.ended) {
		queue->gathering =
			queue->nr_items >= MANY && state_backlog_count(&queue->waiting) < WORTHY;
		finish_batch(queue);
	} else {
		blame(queue, &answer);
		put_back_batch(queue);
	}
	json_decref(answer.object);
	if (!end->error)
		wake(queue, queue->gathering ? GATHER_NS : 0);
}

static int send_batch(struct queue *queue)
{
	const struct talk_batch_call call = {.done = on_batch, .context = queue};
	struct talk_batch batch;
	int error = talk_batch_init(&batch);

	for (unsigned int i = 0; !error && i < queue->nr_items; i++) {
		const struct record *record =
			store_mirror_find(queue->fleet->mirror, queue->item[i].id);

		queue->item[i].made = !record->ended_ns;
		error = talk_batch_add(&batch, record);
	}
	if (!error)
		error = talk_batch_send(&batch, &queue->fleet->local, &call, &queue->transfer);
	talk_batch_clear(&batch);
	return error;
}

/* Those at the front that a batch can have, two or more. Result: whether there are; they are taken
 * out. */
static bool take_batch(struct queue *queue)
{
	json_t *from = state_backlog_next(&queue->waiting), *value;
	const char *id;

	queue->nr_items = 0;
	json_object_foreach (from, id, value) {
		struct item *item = &queue->item[queue->nr_items];

		if (queue->nr_items == queue->most || !is_for_batch(queue, id))
			break;
		snprintf(item->id, sizeof(item->id), "%s", id);
		item->task = state_backlog_task(&queue->waiting, id);
		queue->nr_items++;
	}
	if (queue->nr_items < 2)
		queue->nr_items = 0;
	for (unsigned int i = 0; i < queue->nr_items; i++)
		json_object_del(from, queue->item[i].id);
	return queue->nr_items > 0;
}

/* Result: whether there is one; it is taken out. */
static bool take(struct queue *queue)
{
	json_t *from = state_backlog_next(&queue->waiting);
	void *first = json_object_iter(from);

	if (!first)
		return false;
	snprintf(queue->id, sizeof(queue->id), "%s", json_object_iter_key(first));
	queue->task = state_backlog_task(&queue->waiting, queue->id);
	json_object_del(from, queue->id);
	return true;
}

/* Those that were refused, when there is nothing else. */
static void rest(struct queue *queue)
{
	const char *id;
	json_t *value;

	if (queue->fleet->reading || state_epoch_lack(queue->fleet) ||
	    !json_object_size(queue->waiting.refused))
		return;
	json_object_foreach (queue->waiting.refused, id, value)
		state_backlog_put(&queue->waiting, id, (struct roll_task){-1, -1});
	wake(queue, REFUSED_NS);
}

static void begin_one(struct queue *queue)
{
	const struct record *record;
	int error;

	record = store_mirror_find(queue->fleet->mirror, queue->id);
	if (is_over_here(queue, record)) {
		finish(queue);
		wake(queue, 0);
		return;
	}
	queue->revision = record ? record->mod_revision : 0;
	state_stale_begin(&queue->stale, queue->id);
	error = record ? talk_apply_start(&queue->fleet->local, record, on_applied, queue,
					  &queue->apply)
		       : state_stale_look(&queue->stale, 0);
	if (error) {
		put_back(queue);
		wake(queue, AGAIN_NS);
	}
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	struct queue *queue = context;

	if (!is_idle(queue))
		return 0;
	queue->gathering = false;
	if (!take_batch(queue)) {
		if (take(queue))
			begin_one(queue);
		else
			rest(queue);
	} else if (send_batch(queue) < 0) {
		put_back_batch(queue);
		wake(queue, AGAIN_NS);
	}
	return 0;
}

bool fleet_queue_refused(const struct fleet *fleet, const char *id)
{
	return json_object_get(fleet->queue->waiting.refused, id) != NULL;
}

bool fleet_queue_overtake(struct fleet *fleet, const char *id, struct stale_wait *wait)
{
	return state_stale_overtake(&fleet->queue->stale, id, wait);
}

int fleet_queue_open(struct fleet *fleet)
{
	struct queue *queue = calloc(1, sizeof(*queue));
	int r;

	if (!queue)
		return -ENOMEM;
	queue->fleet = fleet;
	queue->stale = (struct stale){.fleet = fleet, .done = on_stale, .context = queue};
	r = state_backlog_init(&queue->waiting, fleet);
	queue->most = BATCH_MOST;
	queue->item = calloc(BATCH_MOST, sizeof(*queue->item));
	fleet->queue = queue;
	if (!queue->item)
		r = -ENOMEM;
	if (r >= 0)
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
	state_stale_end(&queue->stale);
	transfer_cancel(queue->transfer);
	sd_event_source_disable_unref(queue->timer);
	state_backlog_clear(&queue->waiting);
	free(queue->item);
	free(queue);
	fleet->queue = NULL;
}

void fleet_queue_wake(struct fleet *fleet)
{
	struct queue *queue = fleet->queue;

	if (is_idle(queue))
		wake(queue, 0);
}

struct fleet_queue_figures fleet_queue_figures(const struct fleet *fleet)
{
	const struct queue *queue = fleet->queue;

	return (struct fleet_queue_figures){
		.waiting = state_backlog_count(&queue->waiting) +
			   (queue->nr_items ? queue->nr_items : !is_idle(queue)),
		.refused = json_object_size(queue->waiting.refused),
	};
}
