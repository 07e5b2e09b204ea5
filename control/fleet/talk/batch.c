/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/talk/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/store/record.h"
#include "fleet/talk/local.h"
#include "host/boottime.h"
#include "transfer/transfer.h"

#define LIMIT_MS 120000
#define POINTER	 "/builds/"

int talk_batch_init(struct talk_batch *batch)
{
	batch->builds = json_array();
	batch->cancel = json_array();
	return batch->builds && batch->cancel ? 0 : -ENOMEM;
}

void talk_batch_clear(struct talk_batch *batch)
{
	json_decref(batch->builds);
	json_decref(batch->cancel);
	*batch = (struct talk_batch){0};
}

bool talk_batch_suits(const struct record *record)
{
	if (record->ended_ns) /* an end that is a finish is told as such */
		return !record->finished_ns || store_record_lingers(record);
	return !record->finished_ns && !record->until_ns && store_record_left_s(record) > 0;
}

static int add_build(struct talk_batch *batch, const struct record *record)
{
	json_t *body = json_copy(record->body);
	json_int_t left_s = (json_int_t)store_record_left_s(record);

	if (body && json_object_set_new(body, "id", json_string(record->id)) == 0 &&
	    json_object_set_new(body, "max_lifetime_s", json_integer(left_s)) == 0)
		return json_array_append_new(batch->builds, body) < 0 ? -ENOMEM : 0;
	json_decref(body);
	return -ENOMEM;
}

int talk_batch_add(struct talk_batch *batch, const struct record *record)
{
	if (!record->ended_ns)
		return add_build(batch, record);
	return json_array_append_new(batch->cancel, json_string(record->id)) < 0 ? -ENOMEM : 0;
}

int talk_batch_send(const struct talk_batch *batch, const struct talk_local *local,
		    const struct talk_batch_call *call, struct transfer **ret_transfer)
{
	json_t *body = json_pack("{s:b, s:b, s:O, s:O}", "partial", true, "dry_run", call->dry_run,
				 "cancel", batch->cancel, "builds", batch->builds);
	const struct talk_local_call local_call = {
		.method = "POST",
		.path = "/v1/sync",
		.body = body,
		.limit_ms = LIMIT_MS,
		.since_ns = boottime_now_ns(),
		.done = call->done,
		.context = call->context,
	};
	int error = body ? talk_local_ask(local, &local_call, ret_transfer) : -ENOMEM;

	json_decref(body);
	return error;
}

struct talk_batch_answer talk_batch_read(const struct transfer_end *end)
{
	struct talk_batch_answer answer = {
		.object = end->error ? NULL : json_loadb(end->body, end->body_bytes, 0, NULL),
	};

	answer.made = !end->error && end->status == 200;
	answer.ended = json_integer_value(json_object_get(answer.object, "ended")) > 0;
	return answer;
}

int talk_batch_place(const json_t *error, const char **ret_rest)
{
	const char *pointer = json_string_value(json_object_get(error, "pointer"));
	char *rest;
	long place;

	if (!pointer || strncmp(pointer, POINTER, strlen(POINTER)) != 0)
		return -1;
	place = strtol(pointer + strlen(POINTER), &rest, 10);
	if (rest == pointer + strlen(POINTER) || place < 0)
		return -1;
	*ret_rest = rest;
	return (int)place;
}
