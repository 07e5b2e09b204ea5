/* SPDX-License-Identifier: BSD-3-Clause */
/* control/http on the virtual network: servers of virtual hosts, found by the paths of their
 * sockets. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "http/server.h"
#include "http/socket.h"
#include "loop.h"
#include "net.h"

#define SOCKETS	    1024
#define FD_FIRST    (1 << 20) /* no descriptor of the kernel's */
#define LINE_BYTES  (1 << 16)
#define QUERIES_MAX 4

struct http_request {
	LIST_ENTRY(http_request) link;
	struct http_server *server;
	struct sim_flight *flight;
	char *path; /* its query is cut off, into names and values */
	char *name[QUERIES_MAX], *value[QUERIES_MAX];
	const void *tag;
	struct http_stream stream;
	char *rest; /* of a line that has no end yet */
	size_t rest_bytes;
};

struct http_server {
	sd_event *event;
	struct http_server_options options;
	LIST_HEAD(, http_request) requests;
};

static struct {
	char *path;
	struct http_server *server;
} sockets[SOCKETS];

int http_socket_group(const char *name, gid_t *ret_group)
{
	*ret_group = HTTP_SOCKET_KEEP_GROUP;
	return 0;
}

int http_socket_unix(const char *path, struct http_socket_access access, int *ret_fd)
{
	unsigned int i = 0;

	while (sockets[i].path && strcmp(sockets[i].path, path) != 0)
		i++;
	assert(i < SOCKETS && !sockets[i].server);
	if (!sockets[i].path)
		sockets[i].path = strdup(path);
	*ret_fd = FD_FIRST + (int)i;
	return 0;
}

int http_server_open(sd_event *event, const struct http_server_options *options,
		     struct http_server **ret_server)
{
	struct http_server *server = calloc(1, sizeof(*server));

	assert(server && options->listen_fd >= FD_FIRST);
	server->event = event;
	server->options = *options;
	sockets[options->listen_fd - FD_FIRST].server = server;
	*ret_server = server;
	return 0;
}

static void free_request(struct http_request *request)
{
	LIST_REMOVE(request, link);
	if (request->stream.release)
		request->stream.release(request->stream.context);
	free(request->rest);
	free(request->path);
	free(request);
}

/* As if it had been killed: whoever waits hears that the connection was broken off. */
void http_server_close(struct http_server *server)
{
	struct http_request *request;

	if (!server)
		return;
	while ((request = LIST_FIRST(&server->requests))) {
		struct sim_flight *flight = request->flight;

		free_request(request);
		sim_net_end(flight, true);
	}
	sockets[server->options.listen_fd - FD_FIRST].server = NULL;
	free(server);
}

static void on_nothing(void *context)
{
}

/* Of a request that is not answered yet the server knows only then; its handler has it until then.
 */
static void on_gone(void *context)
{
	struct http_request *request = context;

	if (request->stream.release)
		free_request(request);
	else
		sim_net_serve(request->flight, on_nothing, request);
}

static void parse_query(struct http_request *request)
{
	char *at = strchr(request->path, '?');

	for (unsigned int i = 0; at && i < QUERIES_MAX; i++) {
		*at++ = '\0';
		request->name[i] = at;
		request->value[i] = strchr(at, '=');
		at = strchr(at, '&');
		if (request->value[i])
			*request->value[i]++ = '\0';
	}
}

static struct http_server *find_server(const char *socket)
{
	for (unsigned int i = 0; i < SOCKETS && sockets[i].path; i++)
		if (strcmp(sockets[i].path, socket) == 0)
			return sockets[i].server;
	return NULL;
}

/* Result: whether a sallyportd is asked that has no room. */
static bool is_refused(const struct sim_flight *flight)
{
	const struct sim_send *asked = sim_net_asked(flight);
	const char *build = asked->path + strlen("/v1/builds/");
	int host = sim_net_host(flight);

	if (host < 0 || !strstr(asked->socket, "/api.sock"))
		return false;
	if (strcmp(asked->method, "PUT") == 0 && strncmp(asked->path, "/v1/builds/", 11) == 0)
		sim_net.nr_puts[host]++;
	else if (strcmp(asked->method, "DELETE") == 0)
		return sim_net.full[host] && strcmp(build, sim_net.stuck) == 0;
	else if (strcmp(asked->path, "/v1/sync") != 0 || strstr(asked->body, "\"dry_run\":true") ||
		 strstr(asked->body, "\"dry_run\": true"))
		return false;
	return sim_net.full[host];
}

void sim_http_arrive(struct sim_flight *flight)
{
	const struct sim_answer no_room = {.status = 503};
	struct http_server *server = find_server(sim_net_asked(flight)->socket);
	const struct sim_answer refused = {.error = -ENOTCONN,
					   .reason = "Couldn't connect to server"};
	struct http_request *request;

	if (!server) {
		sim_net_answer(flight, &refused);
		return;
	}
	if (is_refused(flight)) {
		sim_net_answer(flight, &no_room);
		return;
	}
	request = calloc(1, sizeof(*request));
	assert(request);
	request->server = server;
	request->flight = flight;
	request->path = strdup(sim_net_asked(flight)->path);
	parse_query(request);
	LIST_INSERT_HEAD(&server->requests, request, link);
	sim_net_serve(flight, on_gone, request);
	sim_loop_enter(server->event);
	server->options.handle(server->options.context, request);
	sim_loop_leave(server->event);
}

const char *http_request_method(const struct http_request *request)
{
	return sim_net_asked(request->flight)->method;
}

bool http_request_is_head(const struct http_request *request)
{
	return false;
}

const char *http_request_path(const struct http_request *request)
{
	return request->path;
}

const char *http_request_body(const struct http_request *request, size_t *ret_bytes)
{
	*ret_bytes = sim_net_asked(request->flight)->body_bytes;
	return sim_net_asked(request->flight)->body;
}

int http_request_error(const struct http_request *request)
{
	return 0;
}

size_t http_request_body_limit(const struct http_request *request)
{
	return SIZE_MAX;
}

const char *http_request_wrong(const struct http_request *request)
{
	return "";
}

struct ucred http_request_peer(const struct http_request *request)
{
	return (struct ucred){.pid = 1};
}

int http_request_fd(const struct http_request *request)
{
	return -1;
}

const char *http_request_query(const struct http_request *request, const char *name)
{
	for (unsigned int i = 0; i < QUERIES_MAX && request->name[i]; i++)
		if (strcmp(request->name[i], name) == 0)
			return request->value[i] ? request->value[i] : "";
	return NULL;
}

void http_request_each_query(const struct http_request *request,
			     bool (*visit)(void *context, const char *name), void *context)
{
	for (unsigned int i = 0; i < QUERIES_MAX && request->name[i]; i++)
		if (!visit(context, request->name[i]))
			return;
}

const char *http_request_header(const struct http_request *request, const char *name)
{
	size_t bytes = strlen(name);

	for (unsigned int i = 0; i < 3; i++) {
		const char *line = sim_net_asked(request->flight)->header[i];

		if (line && strncasecmp(line, name, bytes) == 0 && line[bytes] == ':')
			return line + bytes + 2;
	}
	return NULL;
}

unsigned int http_request_count_headers(const struct http_request *request, const char *name)
{
	return http_request_header(request, name) ? 1 : 0;
}

void http_request_tag(struct http_request *request, const void *tag)
{
	request->tag = tag;
}

void http_request_answer(struct http_request *request, struct http_answer *answer)
{
	struct sim_flight *flight = request->flight;
	struct sim_answer sent = {
		.status = answer->status,
		.content_type = answer->content_type,
		.body = answer->body,
		.body_bytes = answer->body ? answer->body_bytes : 0,
	};
	const struct http_server_options *options = &request->server->options;
	const struct http_answered answered = {.tag = request->tag, .status = answer->status};

	for (unsigned int i = 0; i < answer->nr_headers; i++)
		if (strcmp(answer->header[i].name, "Sallyport-Unconfirmed") == 0)
			sent.unconfirmed = answer->header[i].value;
	if (options->answered)
		options->answered(options->context, request, &answered);
	free_request(request);
	sim_net_answer(flight, &sent);
	http_answer_clear(answer);
}

/* Whole lines are sent, what comes behind the last waits. */
static void send_lines(struct http_request *request, const char *data, size_t bytes)
{
	char *at, *end;

	request->rest = realloc(request->rest, request->rest_bytes + bytes);
	memcpy(request->rest + request->rest_bytes, data, bytes);
	request->rest_bytes += bytes;
	at = request->rest;
	while ((end = memchr(at, '\n', request->rest_bytes - (size_t)(at - request->rest)))) {
		struct sim_text *line = sim_text_new(at, (size_t)(end - at));

		sim_net_line(request->flight, line);
		sim_text_drop(line);
		at = end + 1;
	}
	request->rest_bytes -= (size_t)(at - request->rest);
	memmove(request->rest, at, request->rest_bytes);
}

void http_request_wake(struct http_request *request)
{
	struct sim_flight *flight = request->flight;
	char buffer[LINE_BYTES];
	ssize_t bytes;

	while ((bytes = request->stream.read(request->stream.context, buffer, sizeof(buffer))) > 0)
		send_lines(request, buffer, (size_t)bytes);
	if (bytes == 0)
		return;
	free_request(request);
	sim_net_end(flight, bytes == HTTP_STREAM_BREAK);
}

int http_request_stream(struct http_request *request, const struct http_stream *stream)
{
	request->stream = *stream;
	http_request_wake(request);
	return 0;
}
