/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/events.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <jansson.h>

#include "api/call/call.h"
#include "api/call/context.h"
#include "api/event_lines.h"
#include "api/handlers.h"
#include "model/clock.h"

#define BATCH_EVENTS  32
#define HEARTBEAT_NS  (15 * CLOCK_SECOND_NS)
#define HEARTBEAT_US  (HEARTBEAT_NS / 1000)
#define LATE_US	      1000000 /* who reads goes by three missed ones */
#define RETRY_AFTER_S 5

struct stream {
	struct api_streams *streams;
	LIST_ENTRY(stream) link;
	struct http_request *request;
	uid_t uid;
	uint64_t seq; /* the last one sent or being sent */
	bool follow;
	const char *end; /* why it ends; NULL: it does not yet */
	bool ended;	 /* the line that says so is in text */
	bool beat_due;
	char *text; /* lines being sent */
	size_t bytes;
	size_t sent_bytes;
};

struct api_streams {
	struct edge *edge;
	sd_event_source *timer;
	unsigned int nr;
	unsigned int max;
	uint64_t notified_seq;
	LIST_HEAD(streams_list, stream) list;
};

static void wake_all(struct api_streams *streams)
{
	struct stream *stream;

	for (stream = LIST_FIRST(&streams->list); stream; stream = LIST_NEXT(stream, link))
		http_request_wake(stream->request);
}

static int on_heartbeat(sd_event_source *source, uint64_t usec, void *context)
{
	struct api_streams *streams = context;
	struct stream *stream;

	for (stream = LIST_FIRST(&streams->list); stream; stream = LIST_NEXT(stream, link))
		stream->beat_due = true;
	wake_all(streams);
	sd_event_source_set_time_relative(source, HEARTBEAT_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int api_events_streams_open(sd_event *event, struct edge *edge, unsigned int max,
			    struct api_streams **ret_streams)
{
	struct api_streams *streams = calloc(1, sizeof(*streams));
	int r;

	if (!streams)
		return -ENOMEM;
	streams->edge = edge;
	streams->max = max;
	LIST_INIT(&streams->list);
	r = sd_event_add_time_relative(event, &streams->timer, CLOCK_MONOTONIC, HEARTBEAT_US,
				       LATE_US, on_heartbeat, streams);
	if (r < 0) {
		free(streams);
		return r;
	}
	*ret_streams = streams;
	return 0;
}

void api_events_streams_close(struct api_streams *streams)
{
	if (!streams)
		return;
	sd_event_source_unref(streams->timer);
	free(streams);
}

void api_events_streams_notify(struct api_streams *streams)
{
	uint64_t newest_seq = edge_events(streams->edge)->newest_seq;

	if (newest_seq == streams->notified_seq)
		return;
	streams->notified_seq = newest_seq;
	wake_all(streams);
}

/* Appends one line to the stream's text. */
static int append(struct stream *stream, json_t *object)
{
	char *line = object ? json_dumps(object, JSON_COMPACT) : NULL, *grown = NULL;
	size_t bytes;

	json_decref(object);
	if (!line)
		return -ENOMEM;
	bytes = strlen(line);
	grown = realloc(stream->text, stream->bytes + bytes + 1);
	if (!grown) {
		free(line);
		return -ENOMEM;
	}
	memcpy(grown + stream->bytes, line, bytes);
	grown[stream->bytes + bytes] = '\n';
	stream->text = grown;
	stream->bytes += bytes + 1;
	free(line);
	return 0;
}

static int take_event(const struct event *event, void *context)
{
	struct stream *stream = context;
	int r = append(stream, api_event_lines_event(event));

	if (r == 0)
		stream->seq = event->seq;
	return r;
}

static int append_heartbeat(struct stream *stream)
{
	struct instant now;

	model_clock_read(&now);
	return append(stream, api_event_lines_heartbeat(stream->seq, now.wall_ns));
}

/* The last line, by which a stream that ends is told from one that breaks. */
static int append_end(struct stream *stream)
{
	struct instant now;

	model_clock_read(&now);
	stream->ended = true;
	return append(stream, api_event_lines_end(stream->seq, now.wall_ns, stream->end));
}

/* Fills the stream's text with what there is; nothing is fine too. Result: 0 or -errno. */
static int refill(struct stream *stream)
{
	int r;

	stream->bytes = stream->sent_bytes = 0;
	if (stream->end)
		return append_end(stream);
	r = state_events_read(edge_events(stream->streams->edge), stream->seq, BATCH_EVENTS,
			      take_event, stream);
	if (r == -ESTALE) {
		stream->end = "compacted";
		return append(stream, json_pack("{s:s, s:I}", "type", "compacted", "seq",
						(json_int_t)stream->seq));
	}
	if (r < 0)
		return r;
	if (stream->bytes == 0 && stream->beat_due)
		r = append_heartbeat(stream);
	stream->beat_due = false;
	if (r == 0 && stream->bytes == 0 && !stream->follow) {
		stream->end = "complete";
		r = append_end(stream);
	}
	return r;
}

static ssize_t read_stream(void *context, char *buffer, size_t size_bytes)
{
	struct stream *stream = context;
	size_t left = stream->bytes - stream->sent_bytes;

	if (left == 0 && stream->ended)
		return HTTP_STREAM_END;
	if (left == 0 && refill(stream) < 0)
		return HTTP_STREAM_BREAK;
	left = stream->bytes - stream->sent_bytes;
	if (left == 0)
		return 0; /* there may be no text at all */
	if (left > size_bytes)
		left = size_bytes;
	memcpy(buffer, stream->text + stream->sent_bytes, left);
	stream->sent_bytes += left;
	return (ssize_t)left;
}

static void finish_stream(void *context)
{
	struct stream *stream = context;

	if (!stream->end)
		stream->end = "stopping";
}

static void release_stream(void *context)
{
	struct stream *stream = context;

	LIST_REMOVE(stream, link);
	stream->streams->nr--;
	free(stream->text);
	free(stream);
}

/* Result: whether to go on; otherwise the call is answered. */
static bool read_since(struct api_call *call, uint64_t *ret_since)
{
	const struct events *events = edge_events(call->api->edge);
	uint64_t since = events->oldest_seq ? events->oldest_seq - 1 : 0;

	if (!call_query_number(call, "since", 0, INT64_MAX, &since))
		return false;
	if (since > events->newest_seq)
		call_refuse_with(call, PROBLEM_INVALID,
				 "The newest event is %" PRIu64 ": there is none after %" PRIu64
				 " yet, nor has there been.",
				 events->newest_seq, since);
	else if (since + 1 < events->oldest_seq)
		call_refuse_with(call, PROBLEM_COMPACTED,
				 "These events are no longer kept: the oldest kept is %" PRIu64 ".",
				 events->oldest_seq);
	*ret_since = since;
	return call->request != NULL;
}

static bool wants_follow(const struct api_call *call)
{
	return !http_request_query(call->request, "follow") || call_query_flag(call, "follow");
}

/* Result: whether to go on; otherwise the call is answered. One user leaves a quarter to others. */
static bool check_room(struct api_call *call, const struct api_streams *streams)
{
	unsigned int nr_of_user = 0;
	const struct stream *stream;

	LIST_FOREACH (stream, &streams->list, link)
		nr_of_user += stream->uid == call->edge.peer.uid;
	if (streams->nr < streams->max && nr_of_user < streams->max - streams->max / 4)
		return true;
	call->problem.retry_after_s = RETRY_AFTER_S;
	call_refuse_with(call, PROBLEM_TOO_MANY,
			 "%u streams are open already, %u of them of uid %u.", streams->nr,
			 nr_of_user, call->edge.peer.uid);
	return false;
}

void api_events_get(struct api_call *call)
{
	struct api_streams *streams = call->api->streams;
	struct http_stream http = {
		.content_type = "application/x-ndjson",
		.read = read_stream,
		.release = release_stream,
	};
	struct stream *stream;
	uint64_t since;

	if (!read_since(call, &since) || !check_room(call, streams))
		return;
	stream = calloc(1, sizeof(*stream));
	if (!stream) {
		call_refuse(call);
		return;
	}
	*stream = (struct stream){
		.streams = streams,
		.request = call->request,
		.uid = call->edge.peer.uid,
		.seq = since,
		.follow = wants_follow(call),
	};
	LIST_INSERT_HEAD(&streams->list, stream, link);
	streams->nr++;
	http.finish = stream->follow ? finish_stream : NULL;
	http.context = stream;
	if (http_request_stream(call->request, &http) < 0) {
		release_stream(stream);
		call_refuse(call);
		return;
	}
	call->request = NULL;
}
