/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "api.h"
#include "api_body.h"
#include "api_call.h"

static const char *name_change(enum edge_change change, bool cancelled)
{
	if (cancelled)
		return "cancelled";
	switch (change) {
	case EDGE_CREATED:
		return "created";
	case EDGE_CHANGED:
		return "changed";
	case EDGE_UNCHANGED:
		break;
	}
	return "unchanged";
}

/* What stays as it is is only counted. */
static void note_change(const char *id, enum edge_change change, bool cancelled, void *context)
{
	json_t *changes = context;

	if (change == EDGE_UNCHANGED && !cancelled)
		return;
	json_array_append_new(changes, json_pack("{s:s, s:s}", "id", id, "change",
						 name_change(change, cancelled)));
}

static json_t *render_result(const struct api_sync *sync, const struct edge_sync_result *result,
			     json_t *changes)
{
	return json_pack("{s:b, s:i, s:i, s:i, s:i, s:i, s:o}", "dry_run", sync->dry_run, "created",
			 result->nr_created, "changed", result->nr_changed, "cancelled",
			 result->nr_cancelled, "unchanged", result->nr_unchanged, "ended",
			 result->nr_ended, "changes", changes);
}

static int run(struct api_call *call, const struct api_sync *sync, json_t *changes,
	       struct edge_sync_result *ret_result)
{
	const struct edge_sync set = {
		.specs = sync->specs,
		.nr_specs = sync->nr_specs,
		.dry_run = sync->dry_run,
		.allow_empty = sync->allow_empty,
		.generation = sync->generation,
	};

	return edge_sync(api_edge(call->api), &call->edge, &set, note_change, changes, ret_result);
}

void api_sync_post(struct api_call *call)
{
	struct edge_sync_result result = {0};
	struct api_reply reply = {.status = 200};
	struct api_sync sync;
	json_t *changes;
	size_t bytes;
	const char *text = http_request_body(call->request, &bytes);

	if (api_body_read_sync(text, bytes, &sync, &call->problem) < 0) {
		api_call_refuse(call);
		return;
	}
	changes = json_array();
	if (!changes || run(call, &sync, changes, &result) < 0) {
		json_decref(changes);
		api_sync_free(&sync);
		api_call_refuse(call);
		return;
	}
	reply.body = render_result(&sync, &result, changes);
	reply.removed = !sync.dry_run;
	api_sync_free(&sync);
	if (reply.body)
		api_call_reply(call, &reply);
	else
		api_call_refuse(call);
}
