/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "answer/answer.h"
#include "api/call/call.h"
#include "api/call/context.h"
#include "api/call/turns.h"
#include "api/call/wait.h"
#include "api/events.h"
#include "api/pages.h"
#include "api/routes.h"
#include "host/addr.h"
#include "host/boottime.h"
#include "host/config.h"
#include "host/spell.h"
#include "metrics/requests.h"
#include "roles/roles.h"
#include "roster/roster.h"
#include "watch/capture/captures.h"

#define IDLE_S		60
#define METRICS_CLIENTS 64
#define ANSWER_S	60
#define RETRY_AFTER_S	1

/* One socket and what whoever comes through it can be at most. */
struct door {
	struct api *api;
	struct http_server *server;
	enum api_role at_most;
	bool pages; /* the status page is behind it, if that is on */
};

struct api {
	struct api_context context;
	struct roster_heard fleet;
	sd_event *event;
	struct roles *roles;
	struct door doors[API_DOORS_NR];
	char *late; /* what a client is told that is too slow */
	bool (*logs)(void *user);
	void (*answered)(void *user, const struct api_answered *answered);
};

#define BODIES_OF_LIMIT 4 /* all bodies of a door, by the longest that one may be */

static const enum api_role door_roles[] = {
	[API_DOOR_MAIN] = API_ROLE_ORCHESTRATOR,
	[API_DOOR_VIEWERS] = API_ROLE_VIEWER,
	[API_DOOR_METRICS] = API_ROLE_NONE,
};

static const char *const door_names[] = {
	[API_DOOR_MAIN] = "api",
	[API_DOOR_VIEWERS] = "viewers",
	[API_DOOR_METRICS] = "metrics",
};

static bool check_found(struct api_call *call, enum api_match match)
{
	switch (match) {
	case API_MATCH_FOUND:
		return true;
	case API_MATCH_NO_PATH:
		call_refuse_with(call, PROBLEM_NOT_FOUND, "There is nothing at this path.");
		break;
	case API_MATCH_NO_METHOD:
		call_refuse_method(call);
		break;
	case API_MATCH_BAD_ID:
		call_refuse_with(call, PROBLEM_INVALID,
				 "An id is 1 to 128 of A-Z a-z 0-9 . _ -, beginning with a "
				 "letter, a digit or _.");
		break;
	}
	return false;
}

/* The server lets in a few more than may stay, to tell them so. */
static bool check_admission(struct api_call *call)
{
	int error = http_request_error(call->request);

	if (error != -EUSERS && error != -EBUSY)
		return true;
	call->problem.retry_after_s = RETRY_AFTER_S;
	if (error == -EUSERS && call->edge.peer.uid == (uid_t)-1)
		call_refuse_with(call, PROBLEM_TOO_MANY,
				 "One address has as many connections as it may have here.");
	else if (error == -EUSERS)
		call_refuse_with(call, PROBLEM_TOO_MANY,
				 "uid %u has as many connections as api.clients_per_user "
				 "allows.",
				 call->edge.peer.uid);
	else
		call_refuse_with(call, PROBLEM_TOO_MANY_CLIENTS,
				 "There are as many connections as api.clients allows.");
	return false;
}

static bool check_form(struct api_call *call)
{
	if (http_request_error(call->request) != -EBADMSG)
		return true;
	call_refuse_with(call, PROBLEM_MALFORMED, "%s", http_request_wrong(call->request));
	return false;
}

static bool check_page(struct api_call *call)
{
	return call->routes != api_routes_pages || api_pages_check(call);
}

static bool check_role(struct api_call *call)
{
	if (call->role >= call->route->role)
		return true;
	if (call->edge.peer.uid == (uid_t)-1) {
		call_refuse_with(
			call, PROBLEM_FORBIDDEN,
			"The API is on the UNIX socket that api.socket names; this "
			"listener has metrics, and the status page if metrics.page says so.");
		return false;
	}
	call_refuse_with(
		call, PROBLEM_FORBIDDEN, "This needs the role %s; uid %u has the role %s here.",
		roles_name(call->route->role), call->edge.peer.uid, roles_name(call->role));
	return false;
}

static bool is_parameter(void *context, const char *name)
{
	struct api_call *call = context;
	const struct api_parameter *parameter = call->route->parameter;
	struct spell_guess guess = {.word = name};

	for (unsigned int i = 0; i < API_PARAMETERS_MAX && parameter[i].name; i++) {
		if (strcmp(parameter[i].name, name) == 0)
			return true;
		spell_consider(&guess, parameter[i].name);
	}
	json_problem_set(&call->problem, PROBLEM_INVALID,
			 "There is no query argument \"%.40s\" here%s%s%s", name,
			 guess.name ? "; did you mean \"" : ".", guess.name ? guess.name : "",
			 guess.name ? "\"?" : "");
	return false;
}

static bool check_query(struct api_call *call)
{
	http_request_each_query(call->request, is_parameter, call);
	if (!problem_is_set(&call->problem))
		return true;
	call_refuse(call);
	return false;
}

static void fill_peer(struct api_call *call, const struct door *door)
{
	struct ucred peer = http_request_peer(call->request);

	call->edge.peer = (struct peer){.uid = peer.uid, .pid = peer.pid};
	call->role = roles_find(door->api->roles, &peer, http_request_fd(call->request));
	if (call->role > door->at_most)
		call->role = door->at_most;
}

static void take_turn(struct api_call *call)
{
	bool others = call_turns_waiting(call->api->turns) > 0 || edge_is_busy(call->api->edge);

	if (call_turns_add(call->api->turns, call) < 0)
		call_refuse(call);
	else if (others && call->route->ahead)
		call->route->ahead(call);
}

static enum api_match look_for(struct api_call *call, const struct api_route *routes)
{
	call->routes = routes;
	return call_route_find(routes, http_request_method(call->request),
			       http_request_path(call->request), call->id, &call->route);
}

/* The page is on the listener of metrics alone. */
static enum api_match find_route(struct api_call *call, const struct door *door)
{
	enum api_match match = API_MATCH_NO_PATH;

	if (door->pages && door->api->context.pages->on)
		match = look_for(call, api_routes_pages);
	if (match == API_MATCH_NO_PATH)
		match = look_for(call, api_routes);
	if (match == API_MATCH_FOUND)
		http_request_tag(call->request, call->route);
	return match;
}

static void print_address(int fd, char ret_text[ADDR_TEXT_BYTES])
{
	struct sockaddr_storage peer = {0};
	socklen_t bytes = sizeof(peer);
	struct sp_addr addr;

	if (getpeername(fd, (struct sockaddr *)&peer, &bytes) == 0 &&
	    addr_from_sockaddr((const struct sockaddr *)&peer, &addr) == 0)
		addr_format(&addr, ret_text);
}

static void tell_answer(const struct door *door, const struct http_request *request,
			const struct http_answered *http)
{
	const struct api_route *route = http->tag;
	const struct ucred peer = http_request_peer(request);
	struct api_answered answered = {
		.socket = door_names[door - door->api->doors],
		.method = http_request_method(request),
		.route = route ? route->path : NULL,
		.path = http_request_path(request),
		.id = http_request_header(request, "X-Request-Id"),
		.status = http->status,
		.took_ns = http->took_ns,
		.bytes_out = http->body_bytes,
		.uid = peer.uid,
		.pid = peer.pid,
	};

	http_request_body(request, &answered.bytes_in);
	if (peer.uid == (uid_t)-1)
		print_address(http_request_fd(request), answered.address);
	door->api->answered(door->api->context.user, &answered);
}

static void count_answer(void *context, const struct http_request *request,
			 const struct http_answered *answered)
{
	const struct door *door = context;
	const struct api_route *route = answered->tag;
	const struct api *api = door->api;

	metrics_requests_count(api->context.requests, route ? route->method : NULL,
			       route ? route->path : NULL, answered->status, answered->took_ns);
	if (api->logs && api->logs(api->context.user))
		tell_answer(door, request, answered);
}

static void handle(void *context, struct http_request *request)
{
	const struct door *door = context;
	struct api_call call;

	call_init(&call, &door->api->context, request);
	model_clock_read(&call.edge.now);
	fill_peer(&call, door);
	if (check_admission(&call) && check_form(&call) &&
	    check_found(&call, find_route(&call, door)) && check_page(&call) && check_role(&call) &&
	    check_query(&call) && call_check_time(&call) && call_check_body(&call)) {
		if (call.route->in_turn)
			take_turn(&call);
		else
			call.route->handle(&call);
	}
	call_receipt_end(&call);
}

/* Whoever has no role sends nothing that would be looked at. */
static size_t body_limit(void *context, const char *path)
{
	const struct door *door = context;
	uint32_t builds = edge_settings(door->api->context.edge)->builds;

	return door->at_most == API_ROLE_NONE ? 0 : call_route_body_limit(api_routes, path, builds);
}

/* A sync of the largest set, which is kept in twice its bytes at most while it comes in, and
 * others.
 */
static size_t bodies_limit(void *context)
{
	return BODIES_OF_LIMIT * body_limit(context, "/v1/sync");
}

/* Result: 0 or -ENOMEM. */
static int make_late(struct api *api, uint64_t request_ns)
{
	struct http_answer answer = {0};
	struct problem problem;
	int r;

	json_problem_clear(&problem);
	json_problem_set(&problem, PROBLEM_TOO_SLOW,
			 "A request must have arrived within api.request_timeout, %u s.",
			 (unsigned int)(request_ns / NS_PER_S));
	r = answer_problem(&answer, &problem);
	if (r == 0 && asprintf(&api->late,
			       "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"
			       "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
			       answer.content_type, answer.body_bytes, answer.body) < 0)
		r = -ENOMEM;
	http_answer_clear(&answer);
	return r;
}

static int open_door(struct api *api, enum api_door door, int fd, const struct config *config)
{
	bool metrics = door == API_DOOR_METRICS;
	const struct http_server_options options = {
		.listen_fd = fd,
		.nr_connections = metrics ? METRICS_CLIENTS : config->api.clients,
		.nr_connections_per_user = metrics ? 0 : config_connections_per_user(config),
		.nr_connections_per_addr = metrics ? METRICS_CLIENTS - METRICS_CLIENTS / 4 : 0,
		.idle_s = IDLE_S,
		.request_s = (unsigned int)(config->api.request_timeout_ns / NS_PER_S),
		.answer_s = metrics ? ANSWER_S : 0,
		.late = api->late,
		.body_limit = body_limit,
		.bodies_limit = bodies_limit,
		.handle = handle,
		.answered = count_answer,
		.context = &api->doors[door],
	};

	api->doors[door].api = api;
	api->doors[door].at_most = door_roles[door];
	api->doors[door].pages = metrics;
	return fd < 0 ? 0 : http_server_open(api->event, &options, &api->doors[door].server);
}

/* Every socket belongs to its door afterwards, or is closed. */
static int open_doors(struct api *api, const struct api_options *options)
{
	int r = 0;

	for (unsigned int i = 0; i < API_DOORS_NR; i++) {
		if (r == 0)
			r = open_door(api, i, options->fds[i], options->config);
		else if (options->fds[i] >= 0)
			close(options->fds[i]);
	}
	return r;
}

static int open_parts(struct api *api, const struct api_options *options)
{
	const struct api_waits_options waits = {
		.event = options->event,
		.quiescer = options->quiescer,
		.stuck = options->stuck,
		.context = options->context,
	};
	/* The other half of the connections is left to those who do not stay. */
	unsigned int nr_streams = options->config->api.clients / 2;
	int r = make_late(api, options->config->api.request_timeout_ns);

	if (r == 0)
		r = call_wait_open(&waits, &api->context.waits);
	if (r == 0)
		r = call_turns_open(options->event, options->edge, &api->context.turns);
	if (r == 0)
		r = capture_captures_open(options->event, options->edge, options->table,
					  &api->context.captures);
	return r < 0 ? r
		     : api_events_streams_open(options->event, options->edge,
					       nr_streams ? nr_streams : 1, &api->context.streams);
}

static void set_names(struct api *api, const struct config *config)
{
	snprintf(api->context.name, sizeof(api->context.name), "%s", config->edge.name);
	snprintf(api->context.hooks_cursor, sizeof(api->context.hooks_cursor), "%s/hooks.cursor",
		 config->edge.state_dir);
	snprintf(api->context.interfaces[SP_TOWARD_VM], IF_NAMESIZE, "%s",
		 config->public.interface);
	snprintf(api->context.interfaces[SP_TOWARD_CLIENT], IF_NAMESIZE, "%s",
		 config->builds.interface);
}

int api_server_open(const struct api_options *options, struct api **ret_api, char **ret_reason)
{
	struct api *api = calloc(1, sizeof(*api));
	struct instant now;
	int r = -ENOMEM;

	model_clock_read(&now);
	if (api) {
		api->event = options->event;
		api->logs = options->logs;
		api->answered = options->answered;
		api->context = (struct api_context){
			.edge = options->edge,
			.table = options->table,
			.kernel = options->kernel,
			.announce = options->announce,
			.fleet = options->config->fleet.nr_etcd ? &api->fleet : NULL,
			.explain = options->explain,
			.watch = options->watch,
			.audit = options->audit,
			.routes = api_routes,
			.started_wall_ns = now.wall_ns,
			.refused = options->refused,
			.user = options->context,
		};
		set_names(api, options->config);
		api->context.requests = metrics_requests_new();
		api->context.pages = api_pages_new(options->config);
	}
	if (api && api->context.requests && api->context.pages)
		r = roles_new(options->config, &api->roles, ret_reason);
	if (r == 0)
		r = open_parts(api, options);
	if (r < 0) {
		for (unsigned int i = 0; i < API_DOORS_NR; i++) {
			if (options->fds[i] >= 0)
				close(options->fds[i]);
		}
	} else {
		r = open_doors(api, options);
	}
	if (r < 0) {
		api_server_close(api);
		return r;
	}
	*ret_api = api;
	return 0;
}

void api_server_close(struct api *api)
{
	if (!api)
		return;
	call_turns_close(api->context.turns);
	call_wait_close(api->context.waits);
	for (unsigned int i = 0; i < API_DOORS_NR; i++)
		http_server_close(api->doors[i].server);
	api_events_streams_close(api->context.streams);
	capture_captures_close(api->context.captures);
	roles_free(api->roles);
	metrics_requests_free(api->context.requests);
	api_pages_free(api->context.pages);
	json_decref(api->fleet.said);
	free(api->late);
	free(api);
}

int api_server_reload(struct api *api, const struct config *config, char **ret_reason)
{
	struct roles *roles;
	int r = roles_new(config, &roles, ret_reason);

	if (r < 0)
		return r;
	roles_free(api->roles);
	api->roles = roles;
	api_pages_reload(api->context.pages, config);
	return 0;
}

void api_server_notify(struct api *api)
{
	api_events_streams_notify(api->context.streams);
}

void api_server_confirm_removal(struct api *api)
{
	struct http_answer none = {0};

	call_wait_send(api->context.waits, NULL, &none, 0);
}
