/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/serve.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include <curl/curl.h>

#include "fleet/change.h"
#include "fleet/queue.h"
#include "fleet/show.h"
#include "fleet/state/epoch.h"
#include "fleet/state/fleet.h"
#include "fleet/sync.h"
#include "fleet/talk/answer.h"
#include "fleet/talk/local.h"
#include "fleet/talk/stream.h"
#include "host/config.h"
#include "http/server.h"
#include "model/build.h"
#include "roles/roles.h"
#include "transfer/transfer.h"
#include "json/problem.h"

#define BODY_BYTES  ((size_t)1 << 20)
#define SYNC	    "/v1/sync"
#define BODIES	    4 /* of the longest, as much as all may take */
#define CONNECTIONS 64
#define PER_USER    (CONNECTIONS - CONNECTIONS / 4)
#define IDLE_S	    60
#define REQUEST_S   30
#define PATH_BYTES  3072
#define BUILDS	    "/v1/builds/"
#define LATE	    "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

/* A look that sallyportd has not answered yet. */
struct look {
	LIST_ENTRY(look) link;
	struct http_request *request;
	struct transfer *transfer;
};

LIST_HEAD(looks, look);

struct fleet_serve {
	struct fleet *fleet;
	struct fleet_changes *changes;
	struct http_server *server;
	struct roles *roles;
	struct looks looks;
	struct talk_streams streams;
};

/* What the fleet serves itself. */
struct route {
	const char *method;
	const char *path; /* whole; of a build what is behind its id */
	bool of_build;
	enum api_role role; /* as sallyportd asks for */
	void (*serve)(struct fleet_serve *serve, struct http_request *request,
		      const struct route *route, const char *id);
	enum fleet_change_kind kind; /* of start_change() */
	bool needs_body;
};

static void refuse(struct http_request *request, enum problem_type type, const char *detail)
{
	struct problem problem = {0};

	json_problem_set(&problem, type, "%s", detail);
	talk_answer_problem(request, &problem);
}

static void on_looked(void *context, const struct transfer_end *end)
{
	struct look *look = context;

	LIST_REMOVE(look, link);
	talk_answer_pass(look->request, end, 0);
	free(look);
}

struct query {
	const struct http_request *request;
	FILE *out;
	unsigned int nr;
};

static bool print_argument(void *context, const char *name)
{
	struct query *query = context;
	const char *value = http_request_query(query->request, name);
	char *escaped = curl_easy_escape(NULL, value ? value : "", 0);

	fprintf(query->out, "%c%s=%s", query->nr++ ? '&' : '?', name, escaped ? escaped : "");
	curl_free(escaped);
	return true;
}

/* Result: whether the path fits. */
static bool print_path(const struct http_request *request, char ret_path[PATH_BYTES])
{
	struct query query = {.request = request, .out = fmemopen(ret_path, PATH_BYTES - 1, "w")};
	bool whole;

	memset(ret_path, 0, PATH_BYTES);
	if (!query.out)
		return false;
	fputs(http_request_path(request), query.out);
	http_request_each_query(request, print_argument, &query);
	whole = !ferror(query.out);
	return fclose(query.out) == 0 && whole;
}

static void pass_look(struct fleet_serve *serve, struct http_request *request)
{
	struct look *look = calloc(1, sizeof(*look));
	char path[PATH_BYTES];
	const struct talk_local_call call = {
		.method = "GET", .path = path, .done = on_looked, .context = look};

	if (!look || !print_path(request, path)) {
		refuse(request, PROBLEM_INTERNAL, "The path is too long, or there is no memory.");
		free(look);
		return;
	}
	look->request = request;
	LIST_INSERT_HEAD(&serve->looks, look, link);
	if (talk_local_ask(&serve->fleet->local, &call, &look->transfer) == 0)
		return;
	LIST_REMOVE(look, link);
	free(look);
	refuse(request, PROBLEM_INTERNAL, "Out of memory.");
}

/* The fleet itself. */
static void show(struct fleet_serve *serve, struct http_request *request, const struct route *route,
		 const char *id)
{
	talk_answer_json(request, fleet_show_make(serve->fleet));
}

/* What waited for it goes on, and the next round compares what is open here. */
static void adopt(struct fleet_serve *serve, struct http_request *request,
		  const struct route *route, const char *id)
{
	struct fleet *fleet = serve->fleet;
	struct problem problem = {0};
	int error = state_epoch_adopt(fleet);

	if (!error) {
		fleet_queue_wake(fleet);
		show(serve, request, route, id);
		return;
	}
	json_problem_set(&problem, PROBLEM_STORE, "The store cannot be adopted: %s.",
			 error == -EAGAIN ? fleet->reason : strerror(-error));
	talk_answer_problem(request, &problem);
}

/* Result: whether the request can be served; if not, it was answered. */
static bool is_sound(struct http_request *request)
{
	struct problem problem = {0};

	switch (http_request_error(request)) {
	case 0:
		return true;
	case -EUSERS:
		json_problem_set(&problem, PROBLEM_TOO_MANY,
				 "uid %u has as many connections as one user may have, %d.",
				 http_request_peer(request).uid, PER_USER);
		talk_answer_problem(request, &problem);
		return false;
	case -EBUSY:
		refuse(request, PROBLEM_TOO_MANY_CLIENTS, "Too many clients are connected.");
		return false;
	case -E2BIG:
		refuse(request, PROBLEM_TOO_LARGE, "The body is longer than this path takes.");
		return false;
	case -ENOBUFS:
		refuse(request, PROBLEM_TOO_MANY, "Other bodies take all the room that there is.");
		return false;
	case -EBADMSG:
		refuse(request, PROBLEM_MALFORMED, http_request_wrong(request));
		return false;
	default:
		refuse(request, PROBLEM_INTERNAL, "Out of memory.");
		return false;
	}
}

/* Result: the body, an object, an empty one if there is none and need not be; NULL: it was
 * answered. */
static json_t *read_body(struct http_request *request, bool needs_body)
{
	json_error_t error;
	size_t bytes;
	const char *text = http_request_body(request, &bytes);
	json_t *body =
		bytes ? json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error) : json_object();
	char detail[sizeof(error.text) + 64];

	if (json_is_object(body) && (bytes || !needs_body))
		return body;
	snprintf(detail, sizeof(detail), "The body is no JSON object: %s.",
		 !bytes ? "it is empty"
		 : body ? "it is another value"
			: error.text);
	refuse(request, PROBLEM_MALFORMED, detail);
	json_decref(body);
	return NULL;
}

static void start_change(struct fleet_serve *serve, struct http_request *request,
			 const struct route *route, const char *id)
{
	json_t *body = read_body(request, route->needs_body);

	if (body)
		fleet_change_start(serve->changes, &(struct fleet_change_ask){.kind = route->kind,
									      .id = id,
									      .body = body,
									      .request = request});
	json_decref(body);
}

static void start_sync(struct fleet_serve *serve, struct http_request *request,
		       const struct route *route, const char *id)
{
	json_t *body = read_body(request, true);

	if (body)
		fleet_sync_start(serve->fleet->syncs, body, request);
	json_decref(body);
}

static const struct route routes[] = {
	{"GET", "/v1/fleet", false, API_ROLE_VIEWER, show, 0, false},
	{"POST", "/v1/fleet/adopt", false, API_ROLE_ORCHESTRATOR, adopt, 0, false},
	{"POST", SYNC, false, API_ROLE_ORCHESTRATOR, start_sync, 0, false},
	{"PUT", "", true, API_ROLE_ORCHESTRATOR, start_change, FLEET_PUT, true},
	{"DELETE", "", true, API_ROLE_OPERATOR, start_change, FLEET_DELETE, false},
	{"POST", "/finish", true, API_ROLE_OPERATOR, start_change, FLEET_FINISH, false},
	{"POST", "/extend", true, API_ROLE_OPERATOR, start_change, FLEET_EXTEND, true},
};

/* Splits /v1/builds/ID/verb, ID "" for another path. Result: its route, NULL for another path,
 * method or id. */
static const struct route *find_route(const struct http_request *request,
				      char ret_id[BUILD_ID_MAX + 1])
{
	const char *path = http_request_path(request), *rest = path;
	bool of_build = strncmp(path, BUILDS, strlen(BUILDS)) == 0;

	ret_id[0] = '\0';
	if (of_build) {
		path += strlen(BUILDS);
		rest = strchrnul(path, '/');
		if (!model_build_id_decode(path, (size_t)(rest - path), ret_id))
			return NULL;
	}
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (routes[i].of_build == of_build && strcmp(rest, routes[i].path) == 0 &&
		    strcmp(http_request_method(request), routes[i].method) == 0)
			return &routes[i];
	return NULL;
}

/* Result: whether the peer may; if not, it was answered. */
static bool may(const struct fleet_serve *serve, struct http_request *request, enum api_role needed)
{
	struct ucred peer = http_request_peer(request);
	enum api_role role = roles_find(serve->roles, &peer, http_request_fd(request));
	struct problem problem = {0};

	if (role >= needed)
		return true;
	json_problem_set(&problem, PROBLEM_FORBIDDEN, "This call needs the role %s; uid %u has %s.",
			 roles_name(needed), peer.uid, roles_name(role));
	talk_answer_problem(request, &problem);
	return false;
}

static bool is_capture(const struct http_request *request)
{
	const char *path = http_request_path(request);
	size_t bytes = strlen(path);

	return bytes > 8 && strcmp(path + bytes - 8, "/capture") == 0;
}

static bool is_stream(const struct http_request *request)
{
	return strcmp(http_request_path(request), "/v1/events") == 0 || is_capture(request);
}

static void pass(struct fleet_serve *serve, struct http_request *request)
{
	char path[PATH_BYTES];

	if (!is_stream(request))
		pass_look(serve, request);
	else if (print_path(request, path))
		talk_stream_start(&serve->streams, &serve->fleet->local, path, request);
	else
		refuse(request, PROBLEM_INTERNAL, "The path is too long, or there is no memory.");
}

static void handle(void *context, struct http_request *request)
{
	struct fleet_serve *serve = context;
	char id[BUILD_ID_MAX + 1];
	const struct route *route;

	if (!is_sound(request))
		return;
	route = find_route(request, id);
	if (!may(serve, request,
		 route		       ? route->role
		 : is_capture(request) ? API_ROLE_OPERATOR
				       : API_ROLE_VIEWER))
		return;
	if (route)
		route->serve(serve, request, route, id);
	else if (strcmp(http_request_method(request), "GET") == 0)
		pass(serve, request);
	else
		refuse(request, PROBLEM_NOT_FOUND,
		       "The fleet serves changes of builds, and looks; ask sallyportd for the "
		       "rest.");
}

static size_t sync_limit(const struct config *config)
{
	size_t bytes = config->limits.builds * (size_t)BUILD_SYNC_EACH_BYTES;

	return bytes > BUILD_SYNC_BYTES ? bytes : BUILD_SYNC_BYTES;
}

static size_t body_limit(void *context, const char *path)
{
	const struct fleet_serve *serve = context;

	return strcmp(path, SYNC) == 0 ? sync_limit(serve->fleet->config) : BODY_BYTES;
}

static size_t bodies_limit(void *context)
{
	const struct fleet_serve *serve = context;

	return BODIES * sync_limit(serve->fleet->config);
}

int fleet_serve_open(struct fleet *fleet, struct fleet_changes *changes, int listen_fd,
		     struct fleet_serve **ret_serve, char **ret_reason)
{
	struct fleet_serve *serve = calloc(1, sizeof(*serve));
	const struct http_server_options options = {
		.listen_fd = listen_fd,
		.nr_connections = CONNECTIONS,
		.nr_connections_per_user = PER_USER,
		.idle_s = IDLE_S,
		.request_s = REQUEST_S,
		.late = LATE,
		.body_limit = body_limit,
		.bodies_limit = bodies_limit,
		.handle = handle,
		.context = serve,
	};
	int error = serve ? roles_new(fleet->config, &serve->roles, ret_reason) : -ENOMEM;

	if (error < 0) {
		close(listen_fd);
		free(serve);
		return error;
	}
	serve->fleet = fleet;
	serve->changes = changes;
	error = http_server_open(fleet->event, &options, &serve->server);
	if (error < 0)
		fleet_serve_close(serve);
	else
		*ret_serve = serve;
	return error;
}

void fleet_serve_close(struct fleet_serve *serve)
{
	struct look *look;

	if (!serve)
		return;
	while ((look = LIST_FIRST(&serve->looks))) {
		LIST_REMOVE(look, link);
		transfer_cancel(look->transfer);
		free(look);
	}
	talk_stream_cancel_all(&serve->streams);
	http_server_close(serve->server);
	roles_free(serve->roles);
	free(serve);
}
