/* SPDX-License-Identifier: BSD-3-Clause */
#include "runner/serve.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/addr.h"
#include "host/boottime.h"
#include "host/config.h"
#include "http/server.h"
#include "runner/ask.h"
#include "runner/look.h"
#include "runner/runner.h"
#include "runner/sessions.h"
#include "runner/vms.h"

#define CONNECTIONS	   256
#define CONNECTIONS_OF_ONE 4
#define TIMEOUT_S	   5
#define BODY_BYTES	   4096
#define SSH_PORT	   22
#define CIRCLECI_LABEL	   "circleci"
#define CIRCLECI_PORT	   54782 /* of the task agent's own ssh server */
#define CIRCLECI_YOUNG_MS  60000 /* asked again by then, it is the same task */
#define LATE		   "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

/* Twenty at once, then one a second. */
static const struct allowance requests = {.burst = 20, .each_ns = NS_PER_S};

static const struct {
	unsigned int status;
	const char *host;
} said_rows[] = {
#define X(NAME, status, host, sentence) [SAID_##NAME] = {status, host},
	RUNNER_SAID(X)
#undef X
};

static void answer(struct http_request *request, unsigned int status, const char *text)
{
	struct http_answer answer = {
		.status = status,
		.content_type = "text/plain; charset=utf-8",
		.body = strdup(text),
	};

	answer.body_bytes = answer.body ? strlen(answer.body) : 0;
	http_request_answer(request, &answer);
}

static void answer_reply(struct http_request *request, const struct reply *reply, const char *words)
{
	char text[2 * RUNNER_SESSIONS_TEXT_BYTES];

	if (reply->said == SAID_OK) {
		answer(request, said_rows[SAID_OK].status, words);
		return;
	}
	snprintf(text, sizeof(text), "sallyport: %s%s%s\n", runner_sessions_sentence(reply->said),
		 reply->detail[0] ? " " : "", reply->detail);
	answer(request, said_rows[reply->said].status, text);
}

/* A refusal that its VM's operator may be asked about. NONE is an answer, and of AWAY ask.c tells.
 */
static void note(struct runner *runner, const struct vm *vm, const char *label,
		 const struct reply *reply)
{
	const char *build = reply->said == SAID_TAKEN ? reply->holder : vm->id;

	if (reply->said != SAID_OK && reply->said != SAID_NONE && reply->said != SAID_AWAY)
		runner_refused_note(&runner->refused, &vm->addr, label, build, reply);
}

/* What people are shown; where to dial, if there is nobody any more to say the rest. */
static void answer_words(struct runner *runner, struct vm *vm, struct http_request *request,
			 const struct reply *reply, const char *view)
{
	const char *words = reply->said == SAID_OK ? runner_sessions_words(runner, vm, view) : "";
	char plain[sizeof(reply->at) + 16];

	snprintf(plain, sizeof(plain), "ssh at %s\n", reply->at);
	answer_reply(request, reply, words[0] ? words : plain);
}

/* A runner that cannot be answered host:port may fail its task, so that is what it gets: a name of
 * none, which says why. */
static void serve_circleci(struct runner *runner, struct vm *vm, struct http_request *request)
{
	const struct wish wish = {
		.label = CIRCLECI_LABEL,
		.title = "CircleCI",
		.port = CIRCLECI_PORT,
		.young_ms = CIRCLECI_YOUNG_MS,
	};
	struct reply reply;

	runner_sessions_start(runner, vm, &wish, &reply);
	note(runner, vm, wish.label, &reply);
	if (reply.said != SAID_OK)
		snprintf(reply.at, sizeof(reply.at), "%s:%d", said_rows[reply.said].host,
			 CIRCLECI_PORT);
	answer(request, said_rows[SAID_OK].status, reply.at);
}

static bool parse_port(const char *text, uint16_t *ret_port)
{
	char *end;
	unsigned long port;

	if (!text)
		return true;
	port = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || port == 0 || port > UINT16_MAX)
		return false;
	*ret_port = (uint16_t)port;
	return true;
}

static const char *text_of(struct http_request *request, const char *name)
{
	const char *text = http_request_query(request, name);

	return text && *text ? text : NULL;
}

static void serve_start(struct runner *runner, struct vm *vm, struct http_request *request)
{
	struct wish wish = {
		.label = text_of(request, "label"),
		.title = text_of(request, "title"),
		.user = text_of(request, "user"),
		.port = SSH_PORT,
		.young_ms = UINT64_MAX,
	};
	struct reply reply;

	if (!wish.label || !parse_port(text_of(request, "port"), &wish.port)) {
		answer(request, 400, "sallyport: label or port is missing or wrong.\n");
		return;
	}
	runner_sessions_start(runner, vm, &wish, &reply);
	note(runner, vm, wish.label, &reply);
	answer_words(runner, vm, request, &reply, "enable");
}

static void serve_finish(struct runner *runner, struct vm *vm, struct http_request *request)
{
	struct reply reply;

	runner_sessions_finish(runner, vm, text_of(request, "label"), &reply);
	answer_words(runner, vm, request, &reply, "wait");
}

static void serve_end(struct runner *runner, struct vm *vm, struct http_request *request)
{
	struct reply reply;

	runner_sessions_end(runner, vm, text_of(request, "label"), &reply);
	answer_reply(request, &reply, "The session has ended.\n");
}

static const struct route {
	const char *method;
	const char *path;
	void (*serve)(struct runner *runner, struct vm *vm, struct http_request *request);
} routes[] = {
	{"GET", "/circleci", serve_circleci},
	{"POST", "/start", serve_start},
	{"POST", "/finish", serve_finish},
	{"POST", "/end", serve_end},
};

/* Result: the route; NULL, and it was answered. */
static const struct route *find_route(struct http_request *request)
{
	bool path = false;

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (strcmp(http_request_path(request), routes[i].path) != 0)
			continue;
		path = true;
		if (strcmp(http_request_method(request), routes[i].method) == 0)
			return &routes[i];
	}
	if (path)
		answer(request, 405, "sallyport: not by this method.\n");
	else
		answer(request, 404,
		       "sallyport: here are GET /circleci, POST /start, /finish and /end.\n");
	return NULL;
}

/* Result: whether the request can be served; if not, it was answered. */
static bool is_sound(struct http_request *request)
{
	switch (http_request_error(request)) {
	case 0:
		return true;
	case -EUSERS:
	case -EBUSY:
		answer(request, 503, "sallyport: too many connections.\n");
		return false;
	case -ENOMEM:
		answer(request, 503, "sallyport: out of memory.\n");
		return false;
	default:
		answer(request, 400, "sallyport: this is no request.\n");
		return false;
	}
}

/* Result: the address that asks; :: if it has gone. */
static struct sp_addr peer_of(struct http_request *request)
{
	struct sockaddr_storage address = {0};
	socklen_t len = sizeof(address);
	struct sp_addr addr = {0};

	if (getpeername(http_request_fd(request), (struct sockaddr *)&address, &len) == 0)
		addr_from_sockaddr((const struct sockaddr *)&address, &addr);
	return addr;
}

/* Before anything is done for it. */
static void refuse(struct runner *runner, const struct route *route, const struct sp_addr *peer,
		   const struct vm *vm, struct http_request *request)
{
	const char *label =
		route->serve == serve_circleci ? CIRCLECI_LABEL : text_of(request, "label");
	const struct reply reply = {.said = vm ? SAID_OFTEN : SAID_FULL};

	runner_refused_note(&runner->refused, peer, label, vm ? vm->id : "", &reply);
	answer_reply(request, &reply, "");
}

static void handle(void *context, struct http_request *request)
{
	struct runner *runner = context;
	const struct route *route;
	struct sp_addr peer;
	struct vm *vm;

	if (!is_sound(request))
		return;
	route = find_route(request);
	if (!route)
		return;
	peer = peer_of(request);
	vm = addr_is_any(&peer) ? NULL : runner_vms_find(runner->vms, &peer);
	if (!vm || !runner_vms_take(&vm->requests, &requests, boottime_now_ns())) {
		refuse(runner, route, &peer, vm, request);
		return;
	}
	runner_ask_begin(runner->ask, RUNNER_LIMIT_NS);
	if (!runner->known && runner_look(runner) < 0 && route->serve != serve_circleci) {
		answer_reply(request, &(struct reply){.said = SAID_AWAY}, "");
		return;
	}
	route->serve(runner, vm, request);
}

static bool admits(void *context, const struct sp_addr *peer)
{
	const struct runner *runner = context;

	for (uint32_t i = 0; i < runner->config->builds.nr_networks; i++)
		if (sp_prefix_contains(&runner->config->builds.networks[i], peer))
			return true;
	return false;
}

static size_t body_limit(void *context, const char *path)
{
	return BODY_BYTES;
}

int runner_serve_open(struct runner *runner, sd_event *event, int listen_fd,
		      struct http_server **ret_server)
{
	const struct http_server_options options = {
		.listen_fd = listen_fd,
		.nr_connections = CONNECTIONS,
		.nr_connections_per_addr = CONNECTIONS_OF_ONE,
		.idle_s = TIMEOUT_S,
		.request_s = TIMEOUT_S,
		.late = LATE,
		.admits = admits,
		.body_limit = body_limit,
		.handle = handle,
		.context = runner,
	};

	return http_server_open(event, &options, ret_server);
}
