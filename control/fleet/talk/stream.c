/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/talk/stream.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/talk/answer.h"
#include "fleet/talk/local.h"
#include "http/server.h"
#include "transfer/transfer.h"
#include "json/problem.h"

#define URL_BYTES     4096
#define BYTES_MOST    ((size_t)4 << 20) /* of what the reader has not taken yet */
#define ANSWER_BYTES  ((size_t)1 << 20)
#define HEAD_MS	      20000
#define RETRY_AFTER_S 5

struct talk_stream {
	LIST_ENTRY(talk_stream) link;
	struct http_request *request;
	uid_t uid;
	struct transfer *transfer;
	char *text;
	size_t bytes, sent_bytes;
	bool begun;  /* the request is answered with it */
	bool over;   /* there is no more */
	bool broken; /* there is, but it does not come */
};

static void free_stream(struct talk_stream *stream)
{
	LIST_REMOVE(stream, link);
	transfer_cancel(stream->transfer);
	free(stream->text);
	free(stream);
}

static ssize_t read_stream(void *context, char *buffer, size_t size_bytes)
{
	struct talk_stream *stream = context;
	size_t left = stream->bytes - stream->sent_bytes;

	if (!left && stream->broken)
		return HTTP_STREAM_BREAK;
	if (!left && stream->over)
		return HTTP_STREAM_END;
	if (left > size_bytes)
		left = size_bytes;
	if (left)
		memcpy(buffer, stream->text + stream->sent_bytes, left);
	stream->sent_bytes += left;
	if (stream->sent_bytes == stream->bytes)
		stream->bytes = stream->sent_bytes = 0;
	return (ssize_t)left;
}

static void release_stream(void *context)
{
	free_stream(context);
}

static void refuse(struct talk_stream *stream)
{
	struct problem problem = {0};

	json_problem_set(&problem, PROBLEM_INTERNAL, "Out of memory.");
	talk_answer_problem(stream->request, &problem);
	free_stream(stream);
}

/* Result: whether the stream is still there. */
static bool begin(struct talk_stream *stream, const struct transfer_end *part)
{
	const struct http_stream http = {
		.content_type = talk_answer_type(part->content_type),
		.read = read_stream,
		.release = release_stream,
		.context = stream,
	};

	if (http_request_stream(stream->request, &http) < 0) {
		refuse(stream);
		return false;
	}
	stream->begun = true;
	return true;
}

/* Whoever reads too slowly, or when there is no memory, must not take a part for the whole. */
static void append(struct talk_stream *stream, const struct transfer_end *part)
{
	size_t bytes = stream->bytes + part->body_bytes;
	char *grown = NULL;

	if (!part->body_bytes)
		return;
	if (bytes - stream->sent_bytes <= BYTES_MOST)
		grown = realloc(stream->text, bytes);
	if (!grown) {
		stream->broken = true;
		transfer_cancel(stream->transfer);
		stream->transfer = NULL;
		return;
	}
	memcpy(grown + stream->bytes, part->body, part->body_bytes);
	stream->text = grown;
	stream->bytes = bytes;
}

static void on_part(void *context, const struct transfer_end *part)
{
	struct talk_stream *stream = context;

	if (!stream->begun && !begin(stream, part))
		return;
	append(stream, part);
	http_request_wake(stream->request);
}

static void on_end(void *context, const struct transfer_end *end)
{
	struct talk_stream *stream = context;

	stream->transfer = NULL;
	if (!stream->begun) {
		talk_answer_pass(stream->request, end, 0);
		free_stream(stream);
		return;
	}
	stream->over = true;
	stream->broken = end->error != 0;
	http_request_wake(stream->request);
}

/* Result: whether there is room for one more; otherwise the request is answered. One user leaves a
 * quarter to others. */
static bool check_room(const struct talk_streams *streams, const struct talk_local *local,
		       struct http_request *request)
{
	unsigned int nr = 0, nr_of_user = 0, most = local->nr_streams;
	uid_t uid = http_request_peer(request).uid;
	struct problem problem = {.retry_after_s = RETRY_AFTER_S};
	const struct talk_stream *stream;

	LIST_FOREACH (stream, streams, link) {
		nr++;
		nr_of_user += stream->uid == uid;
	}
	if (nr < most && nr_of_user < most - most / 4)
		return true;
	json_problem_set(&problem, PROBLEM_TOO_MANY,
			 "%u streams are open already, %u of them of uid %u.", nr, nr_of_user, uid);
	talk_answer_problem(request, &problem);
	return false;
}

void talk_stream_start(struct talk_streams *streams, const struct talk_local *local,
		       const char *path, struct http_request *request)
{
	/* Of a HEAD sallyportd begins nothing, and there is nothing to be passed on. */
	bool head = http_request_is_head(request);
	struct talk_stream *stream;
	struct problem problem = {0};
	char url[URL_BYTES];
	struct transfer_request ask = {
		.method = head ? "HEAD" : "GET",
		.url = url,
		.socket = local->socket,
		.answer_bytes = ANSWER_BYTES,
		.limit_ms = head ? HEAD_MS : 0,
		.part = head ? NULL : on_part,
		.end = on_end,
	};

	if (!check_room(streams, local, request))
		return;
	snprintf(url, sizeof(url), "http://sallyport%s", path);
	stream = calloc(1, sizeof(*stream));
	if (!stream) {
		json_problem_set(&problem, PROBLEM_INTERNAL, "Out of memory.");
		talk_answer_problem(request, &problem);
		return;
	}
	stream->request = request;
	stream->uid = http_request_peer(request).uid;
	ask.context = stream;
	LIST_INSERT_HEAD(streams, stream, link);
	if (transfer_start(local->streams, &ask, &stream->transfer) < 0)
		refuse(stream);
}

void talk_stream_cancel_all(struct talk_streams *streams)
{
	struct talk_stream *stream, *next;

	for (stream = LIST_FIRST(streams); stream; stream = next) {
		next = LIST_NEXT(stream, link);
		transfer_cancel(stream->transfer);
		stream->transfer = NULL;
		if (!stream->begun)
			free_stream(stream);
	}
}
