/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/state/fleet.h"
#include "fleet/sync_state.h"
#include "fleet/talk/answer.h"
#include "fleet/talk/batch.h"
#include "http/server.h"
#include "transfer/transfer.h"

#define TRIES 8

/* Its pointers are into the trial, and become such into the set. */
static void point(const struct sync *sync, json_t *answer)
{
	char pointer[160];
	const char *rest;
	json_t *error;
	size_t i;

	json_array_foreach (json_object_get(answer, "errors"), i, error) {
		int place = talk_batch_place(error, &rest);

		if (place < 0)
			continue;
		snprintf(pointer, sizeof(pointer), "/builds/%zu%.120s", sync->tried[place], rest);
		json_object_set_new(error, "pointer", json_string(pointer));
	}
}

static void refuse(struct sync *sync, const struct transfer_end *end, json_t *object)
{
	struct http_answer answer = {.status = end->status,
				     .content_type = "application/problem+json"};

	point(sync, object);
	answer.body = object ? json_dumps(object, JSON_COMPACT) : NULL;
	answer.body_bytes = answer.body ? strlen(answer.body) : 0;
	if (answer.body)
		http_request_answer(sync->request, &answer);
	else
		talk_answer_pass(sync->request, end, 0);
	sync->end(sync);
}

/* Ports that rest on this edge alone: others are chosen. Result: whether there are such. */
static bool choose_others(struct sync *sync, const json_t *answer)
{
	const char *type = json_string_value(json_object_get(answer, "type")), *rest;
	bool any = false;
	json_t *error;
	size_t i;

	if (!type || !strstr(type, ":port-in-use") || sync->nr_tries >= TRIES)
		return false;
	json_array_foreach (json_object_get(answer, "errors"), i, error) {
		int place = talk_batch_place(error, &rest);

		if (place >= 0 && fleet_sync_plan_item(sync, sync->tried[place]) == 0)
			any = true;
	}
	return any;
}

static void on_tried(void *context, const struct transfer_end *end)
{
	struct sync *sync = context;
	struct talk_batch_answer answer = talk_batch_read(end);

	sync->transfer = NULL;
	if (end->error) {
		json_problem_set(&sync->problem, PROBLEM_DAEMON, "sallyportd does not answer: %s.",
				 end->reason);
		sync->next(sync);
	} else if (answer.made) {
		sync->next(sync);
	} else if (choose_others(sync, answer.object)) {
		fleet_sync_try(sync);
	} else {
		refuse(sync, end, answer.object);
	}
	json_decref(answer.object);
}

/* Result: 0 or -ENOMEM. */
static int collect(struct sync *sync, struct talk_batch *batch)
{
	size_t nr = 0;
	int error = talk_batch_init(batch);

	free(sync->tried);
	sync->tried = calloc(sync->nr_items + 1, sizeof(*sync->tried));
	if (!sync->tried)
		return -ENOMEM;
	for (size_t i = 0; !error && i < sync->nr_items; i++) {
		const struct record *after = sync->item[i].after;

		if (!after || (!after->ended_ns && !store_record_left_s(after)))
			continue;
		if (!after->ended_ns)
			sync->tried[nr++] = i;
		error = talk_batch_add(batch, after);
	}
	return error;
}

void fleet_sync_try(struct sync *sync)
{
	const struct talk_batch_call call = {.dry_run = true, .done = on_tried, .context = sync};
	struct talk_batch batch;
	int error = collect(sync, &batch);

	sync->nr_tries++;
	if (!error)
		error = talk_batch_send(&batch, &sync->fleet->local, &call, &sync->transfer);
	talk_batch_clear(&batch);
	if (!error)
		return;
	json_problem_set(&sync->problem, PROBLEM_INTERNAL, "Out of memory.");
	sync->next(sync);
}
