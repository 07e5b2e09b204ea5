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
#include "fleet/epoch.h"
#include "fleet/fleet.h"
#include "fleet/queue.h"
#include "fleet/roll.h"
#include "fleet/talk/answer.h"
#include "fleet/talk/local.h"
#include "http/server.h"
#include "model/build.h"
#include "roles/roles.h"
#include "transfer/transfer.h"
#include "json/problem.h"

#define BODY_BYTES  ((size_t)1 << 20)
#define CONNECTIONS 64
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
};

static const struct route {
	const char *method;
	const char *verb; /* behind the id */
	enum fleet_change_kind kind;
	enum api_role role; /* as sallyportd asks for */
	bool needs_body;
} routes[] = {
	{"PUT", "", FLEET_PUT, API_ROLE_ORCHESTRATOR, true},
	{"DELETE", "", FLEET_DELETE, API_ROLE_OPERATOR, false},
	{"POST", "/finish", FLEET_FINISH, API_ROLE_OPERATOR, false},
	{"POST", "/extend", FLEET_EXTEND, API_ROLE_OPERATOR, true},
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
static void show(const struct fleet *fleet, struct http_request *request)
{
	json_t *shown = fleet_roll_show(fleet);
	struct http_answer answer = {.status = 200, .content_type = "application/json"};

	answer.body = shown ? json_dumps(shown, JSON_COMPACT) : NULL;
	answer.body_bytes = answer.body ? strlen(answer.body) : 0;
	json_decref(shown);
	if (answer.body)
		http_request_answer(request, &answer);
	else
		refuse(request, PROBLEM_INTERNAL, "Out of memory.");
}

/* What waited for it goes on, and the next round compares what is open here. */
static void adopt(struct fleet *fleet, struct http_request *request)
{
	struct problem problem = {0};
	int error = fleet_epoch_adopt(fleet);

	if (!error) {
		fleet_queue_wake(fleet);
		show(fleet, request);
		return;
	}
	json_problem_set(&problem, PROBLEM_STORE, "The store cannot be adopted: %s.",
			 error == -EAGAIN ? fleet->reason : strerror(-error));
	talk_answer_problem(request, &problem);
}

/* Result: whether the request can be served; if not, it was answered. */
static bool is_sound(struct http_request *request)
{
	switch (http_request_error(request)) {
	case 0:
		return true;
	case -EUSERS:
	case -EBUSY:
		refuse(request, PROBLEM_TOO_MANY_CLIENTS, "Too many clients are connected.");
		return false;
	case -E2BIG:
		refuse(request, PROBLEM_TOO_LARGE, "The body is longer than 1 MiB.");
		return false;
	case -EBADMSG:
		refuse(request, PROBLEM_MALFORMED, http_request_wrong(request));
		return false;
	default:
		refuse(request, PROBLEM_INTERNAL, "Out of memory.");
		return false;
	}
}

/* Splits /v1/builds/ID/verb. Result: its route, NULL for another path, method or id. */
static const struct route *find_route(const struct http_request *request,
				      char ret_id[BUILD_ID_MAX + 1])
{
	const char *path = http_request_path(request), *rest, *verb;

	if (strncmp(path, BUILDS, strlen(BUILDS)) != 0)
		return NULL;
	rest = path + strlen(BUILDS);
	verb = strchrnul(rest, '/');
	if (verb - rest > BUILD_ID_MAX)
		return NULL;
	snprintf(ret_id, BUILD_ID_MAX + 1, "%.*s", (int)(verb - rest), rest);
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (strcmp(http_request_method(request), routes[i].method) == 0 &&
		    strcmp(verb, routes[i].verb) == 0 && model_build_id_valid(ret_id))
			return &routes[i];
	return NULL;
}

static void start_change(struct fleet_serve *serve, struct http_request *request,
			 const struct route *route, const char *id)
{
	json_error_t error;
	size_t bytes;
	const char *text = http_request_body(request, &bytes);
	json_t *body =
		bytes ? json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error) : json_object();
	char detail[sizeof(error.text) + 64];

	if (!json_is_object(body)) {
		snprintf(detail, sizeof(detail), "The body is no JSON object: %s.",
			 body ? "it is another value" : error.text);
		refuse(request, PROBLEM_MALFORMED, detail);
	} else if (route->needs_body && !bytes) {
		refuse(request, PROBLEM_MALFORMED, "The body is empty.");
	} else {
		fleet_change_start(serve->changes,
				   &(struct fleet_change_ask){route->kind, id, body, request});
	}
	json_decref(body);
}

/* Result: whether the peer may; if not, it was answered. */
static bool may(const struct fleet_serve *serve, struct http_request *request, enum api_role needed)
{
	static const char *const names[] = {[API_ROLE_NONE] = "none",
					    [API_ROLE_VIEWER] = "viewer",
					    [API_ROLE_OPERATOR] = "operator",
					    [API_ROLE_ORCHESTRATOR] = "orchestrator"};
	struct ucred peer = http_request_peer(request);
	enum api_role role = roles_find(serve->roles, &peer, http_request_fd(request));
	struct problem problem = {0};

	if (role >= needed)
		return true;
	json_problem_set(&problem, PROBLEM_FORBIDDEN, "This call needs the role %s; uid %u has %s.",
			 names[needed], peer.uid, names[role]);
	talk_answer_problem(request, &problem);
	return false;
}

static bool is_stream(const struct http_request *request)
{
	const char *path = http_request_path(request);
	size_t bytes = strlen(path);

	return strcmp(path, "/v1/events") == 0 ||
	       (bytes > 8 && strcmp(path + bytes - 8, "/capture") == 0);
}

/* Result: whether it is this call of the fleet itself. */
static bool is_call(const struct http_request *request, const char *method, const char *path)
{
	return strcmp(http_request_method(request), method) == 0 &&
	       strcmp(http_request_path(request), path) == 0;
}

static void handle(void *context, struct http_request *request)
{
	struct fleet_serve *serve = context;
	char id[BUILD_ID_MAX + 1];
	const struct route *route;
	bool adopts;

	if (!is_sound(request))
		return;
	route = find_route(request, id);
	adopts = is_call(request, "POST", "/v1/fleet/adopt");
	if (!may(serve, request,
		 route	  ? route->role
		 : adopts ? API_ROLE_ORCHESTRATOR
			  : API_ROLE_VIEWER))
		return;
	if (route)
		start_change(serve, request, route, id);
	else if (adopts)
		adopt(serve->fleet, request);
	else if (is_call(request, "GET", "/v1/fleet"))
		show(serve->fleet, request);
	else if (strcmp(http_request_method(request), "GET") == 0 && !is_stream(request))
		pass_look(serve, request);
	else
		refuse(request, PROBLEM_NOT_FOUND,
		       "The fleet serves changes of one build, and looks; ask sallyportd for the "
		       "rest.");
}

static size_t body_limit(void *context, const char *path)
{
	return BODY_BYTES;
}

int fleet_serve_open(struct fleet *fleet, struct fleet_changes *changes, int listen_fd,
		     struct fleet_serve **ret_serve, char **ret_reason)
{
	struct fleet_serve *serve = calloc(1, sizeof(*serve));
	const struct http_server_options options = {
		.listen_fd = listen_fd,
		.nr_connections = CONNECTIONS,
		.idle_s = IDLE_S,
		.request_s = REQUEST_S,
		.late = LATE,
		.body_limit = body_limit,
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
	http_server_close(serve->server);
	roles_free(serve->roles);
	free(serve);
}
