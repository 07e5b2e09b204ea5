/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

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

struct job {
	struct api_sync sync;
	json_t *changes;
};

static int make_result(const struct api_call *call, const void *context,
		       const struct edge_outcome *outcome, struct api_reply *ret_reply)
{
	const struct edge_sync_result *result = outcome->sync;
	const struct job *job = context;

	*ret_reply = (struct api_reply){
		.status = 200,
		.body = json_pack("{s:b, s:i, s:i, s:i, s:i, s:i, s:O}", "dry_run",
				  job->sync.dry_run, "created", result->nr_created, "changed",
				  result->nr_changed, "cancelled", result->nr_cancelled,
				  "unchanged", result->nr_unchanged, "ended", result->nr_ended,
				  "changes", job->changes),
		.removed = !job->sync.dry_run,
	};
	return ret_reply->body ? 0 : -ENOMEM;
}

static int run(struct api_call *call, const struct job *job, struct edge_sync_result *ret_result)
{
	const struct api_sync *sync = &job->sync;
	const struct edge_sync set = {
		.specs = sync->specs,
		.nr_specs = sync->nr_specs,
		.dry_run = sync->dry_run,
		.allow_empty = sync->allow_empty,
		.generation = sync->generation,
	};

	return edge_sync(api_edge(call->api), &call->edge, &set, note_change, job->changes,
			 ret_result);
}

void api_sync_post(struct api_call *call)
{
	struct edge_sync_result result = {0};
	const struct edge_outcome outcome = {.sync = &result};
	struct job job = {.changes = json_array()};
	size_t bytes;
	const char *text = http_request_body(call->request, &bytes);

	api_receipt_expect(call, make_result, &job);
	if (api_body_read_sync(text, bytes, &job.sync, &call->problem) < 0) {
		api_call_refuse(call);
		json_decref(job.changes);
		return;
	}
	if (!job.changes || run(call, &job, &result) < 0)
		api_call_refuse(call);
	else
		api_receipt_reply(call, &outcome);
	json_decref(job.changes);
	api_sync_free(&job.sync);
}
