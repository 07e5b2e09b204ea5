/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/request.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/boottime.h"
#include "http/form.h"
#include "http/target.h"

/* How much of a body that is too long is read and dropped, so that its sender gets to our answer.
 */
#define DRAIN_BYTES ((size_t)16 << 20)

#define STREAM_BLOCK_BYTES 16384

void *http_request_begin(void *server, const char *uri, struct MHD_Connection *connection)
{
	struct http_request *request = calloc(1, sizeof(*request));
	const struct http_target target = http_target_parse(uri);

	if (!request)
		return NULL;
	request->wrong = target.wrong;
	request->path = strndup(target.path, target.path_bytes);
	if (!request->path) {
		free(request);
		return NULL;
	}
	request->server = server;
	request->connection = connection;
	request->began_ns = boottime_now_ns();
	request->client = http_client_of(connection);
	http_client_begun(request->client, request->server->options.request_s);
	LIST_INSERT_HEAD(&request->server->requests, request, link);
	return request;
}

void http_request_end(void *server, struct MHD_Connection *connection, void **cursor,
		      enum MHD_RequestTerminationCode reason)
{
	struct http_request *request = *cursor;

	if (!request)
		return;
	*cursor = NULL;
	LIST_REMOVE(request, link);
	http_client_answered(request->client,
			     request->server->options.idle_s + request->server->options.request_s);
	if (request->stream.release)
		request->stream.release(request->stream.context);
	http_answer_clear(&request->answer);
	free(request->path);
	request->server->bodies_space -= request->body_space;
	free(request->body);
	free(request);
}

static void read_headers(struct http_request *request, const char *method, const char *version)
{
	const struct http_server_options *options = &request->server->options;
	const union MHD_ConnectionInfo *info;
	socklen_t len = sizeof(request->peer);

	request->head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
	request->method = request->head ? MHD_HTTP_METHOD_GET : method;
	info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	request->fd = info ? info->connect_fd : -1;
	if (getsockopt(request->fd, SOL_SOCKET, SO_PEERCRED, &request->peer, &len) < 0)
		request->peer = (struct ucred){.uid = (uid_t)-1, .gid = (gid_t)-1};
	request->body_limit = options->body_limit(options->context, request->path);
	if (!request->wrong)
		request->wrong = http_form_check(request->connection, version);
	request->phase = HTTP_PHASE_BODY;
}

/*
 * One too many is told at once, and so is who asks before sending ("Expect: 100-continue"). What
 * follows a head of wrong form may be anything: answered now, the connection is closed after it.
 */
static bool refuse_early(struct http_request *request)
{
	const char *length = http_request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);

	if (request->client && request->client->refused) {
		request->error = request->client->refused;
		return true;
	}
	if (request->wrong) {
		request->error = -EBADMSG;
		return true;
	}
	if (!length || !http_request_header(request, MHD_HTTP_HEADER_EXPECT) ||
	    strtoull(length, NULL, 10) <= request->body_limit)
		return false;
	request->error = -E2BIG;
	return true;
}

static int grow_body(struct http_request *request, size_t need_bytes)
{
	size_t space = request->body_space ? request->body_space : 1024, all;
	struct http_server *server = request->server;
	char *grown;

	while (space < need_bytes)
		space *= 2;
	if (space == request->body_space)
		return 0;
	all = server->bodies_space - request->body_space + space;
	if (server->options.bodies_limit &&
	    all > server->options.bodies_limit(server->options.context))
		return -ENOBUFS;
	grown = realloc(request->body, space);
	if (!grown)
		return -ENOMEM;
	request->body = grown;
	request->body_space = space;
	server->bodies_space = all;
	return 0;
}

static enum MHD_Result take_body(struct http_request *request, const char *data, size_t bytes)
{
	if (!request->error && bytes > request->body_limit - request->body_bytes)
		request->error = -E2BIG;
	if (!request->error)
		request->error = grow_body(request, request->body_bytes + bytes + 1);
	if (request->error) {
		request->dropped_bytes += bytes;
		return request->dropped_bytes > DRAIN_BYTES ? MHD_NO : MHD_YES;
	}
	memcpy(request->body + request->body_bytes, data, bytes);
	request->body_bytes += bytes;
	request->body[request->body_bytes] = '\0';
	return MHD_YES;
}

static ssize_t read_stream(void *cursor, uint64_t position, char *buffer, size_t size_bytes)
{
	struct http_request *request = cursor;
	ssize_t read;

	if (request->server->closing && !request->finishing) {
		if (!request->stream.finish)
			return MHD_CONTENT_READER_END_WITH_ERROR;
		request->stream.finish(request->stream.context);
		request->finishing = true;
	}
	read = request->stream.read(request->stream.context, buffer, size_bytes);
	if (read == HTTP_STREAM_END)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (read < 0 || (read == 0 && request->finishing))
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (read == 0) {
		request->stream_idle = true;
		MHD_suspend_connection(request->connection);
	}
	return read;
}

static struct MHD_Response *make_response(struct http_request *request)
{
	struct http_answer *answer = &request->answer;
	struct MHD_Response *response;

	if (request->stream.read)
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES,
							 read_stream, request, NULL);
	response = MHD_create_response_from_buffer(answer->body_bytes, answer->body,
						   MHD_RESPMEM_MUST_FREE);
	if (response)
		answer->body = NULL;
	return response;
}

static enum MHD_Result queue_answer(struct http_request *request)
{
	struct http_answer *answer = &request->answer;
	struct MHD_Response *response = make_response(request);
	enum MHD_Result queued = MHD_YES;

	if (!response)
		return MHD_NO;
	if (answer->content_type)
		queued = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
						 answer->content_type);
	for (unsigned int i = 0; queued == MHD_YES && i < answer->nr_headers; i++)
		queued = MHD_add_response_header(response, answer->header[i].name,
						 answer->header[i].value);
	if (queued == MHD_YES)
		queued = MHD_queue_response(request->connection, answer->status, response);
	MHD_destroy_response(response);
	request->phase = HTTP_PHASE_SENDING;
	if (!request->stream.read)
		http_client_answering(request->client, request->server->options.answer_s);
	return queued;
}

static void send_away(struct http_request *request)
{
	struct http_answer away = {.status = MHD_HTTP_SERVICE_UNAVAILABLE};

	http_request_answer(request, &away);
}

/* While the server closes, what the handler needs may be gone already. */
static void handle(struct http_request *request)
{
	const struct http_server_options *options = &request->server->options;

	request->phase = HTTP_PHASE_HANDLING;
	http_client_complete(request->client);
	if (request->server->closing)
		send_away(request);
	else
		options->handle(options->context, request);
	if (request->phase == HTTP_PHASE_HANDLING) {
		request->phase = HTTP_PHASE_WAITING;
		MHD_suspend_connection(request->connection);
	}
}

enum MHD_Result http_request_advance(void *server, struct MHD_Connection *connection,
				     const char *url, const char *method, const char *version,
				     const char *upload, size_t *upload_bytes, void **cursor)
{
	struct http_request *request = *cursor;

	if (!request)
		return MHD_NO;
	if (request->phase == HTTP_PHASE_HEADERS) {
		read_headers(request, method, version);
		if (!refuse_early(request))
			return MHD_YES;
	}
	if (*upload_bytes) {
		size_t bytes = *upload_bytes;

		*upload_bytes = 0;
		return take_body(request, upload, bytes);
	}
	if (request->phase == HTTP_PHASE_BODY)
		handle(request);
	return request->phase == HTTP_PHASE_ANSWERED ? queue_answer(request) : MHD_YES;
}

/* Without a thread of its own libmicrohttpd looks at resumed connections only when it is run. */
static void resume(struct http_request *request)
{
	request->server->resumed = true;
	MHD_resume_connection(request->connection);
}

void http_request_answer(struct http_request *request, struct http_answer *answer)
{
	const struct http_server_options *options = &request->server->options;
	bool waiting = request->phase == HTTP_PHASE_WAITING;

	assert(waiting || request->phase == HTTP_PHASE_HANDLING);
	request->answer = *answer;
	memset(answer, 0, sizeof(*answer));
	request->phase = HTTP_PHASE_ANSWERED;
	if (options->answered)
		options->answered(options->context, request,
				  &(struct http_answered){
					  .tag = request->tag,
					  .status = request->answer.status,
					  .took_ns = boottime_now_ns() - request->began_ns,
					  .body_bytes = request->answer.body_bytes,
				  });
	if (waiting)
		resume(request);
}

int http_request_stream(struct http_request *request, const struct http_stream *stream)
{
	struct http_answer answer = {
		.status = MHD_HTTP_OK,
		.content_type = stream->content_type,
	};
	int r = http_answer_header(&answer, "Cache-Control", "no-store");

	if (r < 0)
		return r;
	/* libmicrohttpd would end a HEAD's answer with the last chunk of a body that it has not. */
	if (!request->head)
		request->stream = *stream;
	else if (stream->release)
		stream->release(stream->context);
	http_request_answer(request, &answer);
	return 0;
}

void http_request_wake(struct http_request *request)
{
	if (!request->stream_idle)
		return;
	request->stream_idle = false;
	resume(request);
}

void http_request_dismiss(struct http_request *request)
{
	http_request_wake(request);
	if (request->phase == HTTP_PHASE_WAITING)
		send_away(request);
}

const char *http_request_method(const struct http_request *request)
{
	return request->method;
}

bool http_request_is_head(const struct http_request *request)
{
	return request->head;
}

const char *http_request_path(const struct http_request *request)
{
	return request->path;
}

const char *http_request_body(const struct http_request *request, size_t *ret_bytes)
{
	*ret_bytes = request->body_bytes;
	return request->body ? request->body : "";
}

int http_request_error(const struct http_request *request)
{
	return request->error;
}

size_t http_request_body_limit(const struct http_request *request)
{
	return request->body_limit;
}

const char *http_request_wrong(const struct http_request *request)
{
	return request->wrong;
}

void http_request_tag(struct http_request *request, const void *tag)
{
	request->tag = tag;
}

struct ucred http_request_peer(const struct http_request *request)
{
	return request->peer;
}

int http_request_fd(const struct http_request *request)
{
	return request->fd;
}

struct query_search {
	const char *name; /* NULL: visit all */
	const char *value;
	bool (*visit)(void *context, const char *name);
	void *context;
};

static enum MHD_Result search_query(void *cursor, enum MHD_ValueKind kind, const char *key,
				    const char *value)
{
	struct query_search *search = cursor;

	if (search->visit)
		return search->visit(search->context, key) ? MHD_YES : MHD_NO;
	if (strcmp(key, search->name) != 0)
		return MHD_YES;
	search->value = value ? value : "";
	return MHD_NO;
}

const char *http_request_query(const struct http_request *request, const char *name)
{
	struct query_search search = {.name = name};

	MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, search_query,
				  &search);
	return search.value;
}

void http_request_each_query(const struct http_request *request,
			     bool (*visit)(void *context, const char *name), void *context)
{
	struct query_search search = {.visit = visit, .context = context};

	MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, search_query,
				  &search);
}

const char *http_request_header(const struct http_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

struct header_count {
	const char *name;
	unsigned int nr;
};

static enum MHD_Result count_header(void *cursor, enum MHD_ValueKind kind, const char *name,
				    const char *value)
{
	struct header_count *count = cursor;

	count->nr += strcasecmp(name, count->name) == 0;
	return MHD_YES;
}

unsigned int http_request_count_headers(const struct http_request *request, const char *name)
{
	struct header_count count = {.name = name};

	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count_header, &count);
	return count.nr;
}
