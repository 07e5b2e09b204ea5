/* SPDX-License-Identifier: BSD-3-Clause */
/* A sync may be of many builds: it is read, planned and journaled bit by bit. */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/body/body.h"
#include "api/call/call.h"
#include "api/call/context.h"
#include "api/call/turns.h"
#include "api/handlers.h"
#include "json/shape.h"

#define READ_BUILDS 128 /* in one step */
#define FREE_BUILDS 1024

static const struct json_shape change_shape = {
	.name = "SyncChange",
	.members =
		(const struct json_shape_member[]){
			{"id", JSON_SHAPE_STRING, .example = "48121"},
			{"change", JSON_SHAPE_STRING, .values = "created|changed|cancelled"},
			{0},
		},
};

/* It may be long, so it is printed: by make_result(). */
const struct json_shape api_sync_shape = {
	.name = "SyncResult",
	.members =
		(const struct json_shape_member[]){
			{"dry_run", JSON_SHAPE_BOOLEAN, .example = "false",
			 .help = "nothing was changed"},
			{"created", JSON_SHAPE_INTEGER, .example = "1"},
			{"changed", JSON_SHAPE_INTEGER, .example = "0"},
			{"cancelled", JSON_SHAPE_INTEGER, .example = "0"},
			{"unchanged", JSON_SHAPE_INTEGER, .example = "12"},
			{"ended", JSON_SHAPE_INTEGER, .example = "0",
			 .help = "of the set, that had ended before"},
			{"changes", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST,
			 .shape = &change_shape},
			{0},
		},
};

struct sync_job {
	struct api_call *call;
	struct api_sync_reading reading;
	struct api_sync sync;
	struct edge_sync set;
	struct edge_sync_work *work; /* NULL until the body is read */
	FILE *changes;		     /* as JSON, printed into: */
	char *text;
	size_t text_bytes;
	bool any_change;
	bool answered; /* the rest is to free it */
};

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

/* What stays as it is is only counted. An id has no letters that JSON would write otherwise. */
static void note_change(const char *id, enum edge_change change, bool cancelled, void *context)
{
	struct sync_job *job = context;

	if (change == EDGE_UNCHANGED && !cancelled)
		return;
	fprintf(job->changes, "%s{\"id\":\"%s\",\"change\":\"%s\"}", job->any_change ? "," : "", id,
		name_change(change, cancelled));
	job->any_change = true;
}

static int make_result(const struct api_call *call, const void *context,
		       const struct edge_outcome *outcome, struct api_reply *ret_reply)
{
	const struct edge_sync_result *result = outcome->sync;
	const struct sync_job *job = context;
	char *text;

	if (fflush(job->changes) != 0 ||
	    asprintf(&text,
		     "{\"dry_run\":%s,\"created\":%u,\"changed\":%u,\"cancelled\":%u,"
		     "\"unchanged\":%u,\"ended\":%u,\"changes\":[%s]}\n",
		     job->sync.dry_run ? "true" : "false", result->nr_created, result->nr_changed,
		     result->nr_cancelled, result->nr_unchanged, result->nr_ended, job->text) < 0)
		return -ENOMEM;
	*ret_reply = (struct api_reply){
		.status = 200,
		.text = text,
		.removed = !job->sync.dry_run,
	};
	return 0;
}

/* Its time begins here: what was waited for is not taken off. */
static int begin_work(struct sync_job *job)
{
	const struct api_sync *sync = &job->sync;
	struct api_call *call = job->call;

	job->set = (struct edge_sync){
		.specs = sync->specs,
		.nr_specs = sync->nr_specs,
		.dry_run = sync->dry_run,
		.allow_empty = sync->allow_empty,
		.generation = sync->generation,
		.partial = sync->partial,
		.cancel = (const char *const *)sync->cancel,
		.nr_cancel = sync->nr_cancel,
	};
	model_clock_read(&call->edge.now);
	return edge_sync_begin(call->api->edge, &call->edge, &job->set, note_change, job,
			       &job->work);
}

static int read_some(struct sync_job *job)
{
	int r = body_read_some(&job->reading, READ_BUILDS, &job->sync, &job->call->problem);

	if (r == 0)
		r = begin_work(job);
	return r == 0 ? -EAGAIN : r;
}

static int step(void *context)
{
	struct sync_job *job = context;
	struct edge_sync_result result = {0};
	const struct edge_outcome outcome = {.sync = &result};
	int r;

	if (job->answered)
		return body_sync_free_some(&job->sync, FREE_BUILDS) ? -EAGAIN : 0;
	r = job->work ? edge_sync_step(job->work, &result) : read_some(job);

	if (r == -EAGAIN || r == -EINPROGRESS)
		return r;
	if (r < 0)
		call_refuse(job->call);
	else
		call_receipt_reply(job->call, &outcome);
	job->answered = true;
	return -EAGAIN;
}

static void free_job(void *context)
{
	struct sync_job *job = context;
	bool many = job->set.nr_specs > FREE_BUILDS;

	edge_sync_free(job->work);
	body_end_sync(&job->reading);
	body_sync_free(&job->sync);
	if (job->changes)
		fclose(job->changes);
	free(job->text);
	free(job);
	if (many)
		malloc_trim(0); /* most of it was needed for no longer */
}

/* Result: NULL without memory. */
static struct sync_job *new_job(struct api_call *call)
{
	struct sync_job *job = calloc(1, sizeof(*job));
	size_t bytes;
	const char *text = http_request_body(call->request, &bytes);

	if (!job)
		return NULL;
	job->call = call;
	call_receipt_expect(call, make_result, job);
	job->changes = open_memstream(&job->text, &job->text_bytes);
	if (job->changes && body_begin_sync(text, bytes, &job->reading) == 0)
		return job;
	free_job(job);
	return NULL;
}

void api_sync_post(struct api_call *call)
{
	struct sync_job *job = new_job(call);

	if (job)
		call_turns_go_on(call->api->turns, &(struct api_work){step, free_job, job});
	else
		call_refuse(call);
}
