/* SPDX-License-Identifier: BSD-3-Clause */
#include "runner/sessions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "host/addr.h"
#include "host/boottime.h"
#include "host/log.h"
#include "runner/ask.h"
#include "runner/label.h"
#include "runner/options.h"
#include "runner/runner.h"
#include "runner/vms.h"

#define PATH_BYTES	 256
#define TITLE_BYTES	 201
#define USER_BYTES	 65
#define WINDOW_NS	 (600 * NS_PER_S)
#define CONFLICT	 409
#define FORBIDDEN_STATUS 403
#define NOT_FOUND	 404
#define TOO_MANY	 429
#define UNAVAILABLE	 503

static const char *const sentences[] = {
#define X(NAME, status, host, sentence) [SAID_##NAME] = sentence,
	RUNNER_SAID(X)
#undef X
};

const char *runner_sessions_sentence(enum said said)
{
	return sentences[said];
}

static const char *build_path(char path[PATH_BYTES], const char *id, const char *rest)
{
	snprintf(path, PATH_BYTES, "/v1/builds/%s%s", id, rest);
	return path;
}

static enum said judge(int status)
{
	if (status == -EACCES)
		return SAID_FORBIDDEN;
	if (status < 0)
		return SAID_AWAY;
	if (status / 100 == 2)
		return SAID_OK;
	switch (status) {
	case CONFLICT:
		return SAID_TAKEN;
	case FORBIDDEN_STATUS:
		return SAID_FORBIDDEN;
	case NOT_FOUND:
		return SAID_NONE;
	case TOO_MANY:
	case UNAVAILABLE:
		return SAID_FULL;
	default:
		return SAID_REFUSED;
	}
}

/* What stands in the way of a VM's build is for the log: the VM is not told. */
static void take_holder(struct reply *reply, json_t *problem)
{
	const char *build = "";

	json_unpack(problem, "{s:{s:s}}", "holder", "build", &build);
	snprintf(reply->holder, sizeof(reply->holder), "%s", build);
}

/* The daemon's reason. */
static void take_detail(struct reply *reply, json_t *problem)
{
	const char *detail = "", *closer = NULL;

	if (json_unpack(problem, "{s:s, s?:[{s:s}]}", "detail", &detail, "errors", "detail",
			&closer) < 0)
		json_unpack(problem, "{s:s}", "detail", &detail);
	runner_label_text(closer ? closer : detail, reply->detail, sizeof(reply->detail));
}

static void take_address(struct reply *reply, json_t *build)
{
	const char *host = "";
	int port = 0;

	json_unpack(build, "{s:[{s:s, s:i}]}", "nodes", "public_host", &host, "public_port", &port);
	snprintf(reply->at, sizeof(reply->at), strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
}

/* One call about a build. Result: the build as it is then, NULL without; to be let go of. */
static json_t *call(struct runner *runner, const char *method, const char *path, const char *body,
		    struct reply *reply)
{
	const char *text = "";
	int status = runner_ask_call(runner->ask, method, path, body, &text);
	json_t *answer = status >= 0 ? json_loads(text, 0, NULL) : NULL;

	reply->said = judge(status);
	if (reply->said == SAID_OK) {
		take_address(reply, answer);
		return answer;
	}
	if (reply->said == SAID_TAKEN)
		take_holder(reply, answer);
	else if (status >= 0)
		take_detail(reply, answer);
	json_decref(answer);
	return NULL;
}

/* Finds the session that a repeated start means. Result: whether there is nothing more to do. */
static bool find_again(struct runner *runner, struct vm *vm, struct reply *reply)
{
	char path[PATH_BYTES];
	const char *state = "";
	json_t *build = call(runner, "GET", build_path(path, vm->id, ""), NULL, reply);
	bool running;

	json_unpack(build, "{s:s}", "state", &state);
	running = strcmp(state, "running") == 0;
	json_decref(build);
	return running || reply->said == SAID_AWAY;
}

bool runner_sessions_cancel(struct runner *runner, const char *id, struct reply *ret_reply)
{
	char path[PATH_BYTES];

	json_decref(call(runner, "DELETE", build_path(path, id, ""), NULL, ret_reply));
	return ret_reply->said == SAID_OK || ret_reply->said == SAID_NONE;
}

static struct allowance new_sessions(const struct options *options)
{
	return (struct allowance){
		.burst = (unsigned int)options->max_sessions_per_vm,
		.each_ns = WINDOW_NS / options->max_sessions_per_vm,
	};
}

/* The allowances, and the end of the session before. Result: whether a new one may begin. */
static bool make_room(struct runner *runner, struct vm *vm, struct reply *reply)
{
	const struct options *options = runner->options;
	const struct allowance allowance = new_sessions(options);

	if (!vm->id[0] && runner_vms_count_sessions(runner->vms) >= options->max_sessions)
		reply->said = SAID_FULL;
	else if (!runner_vms_take(&vm->sessions, &allowance, boottime_now_ns()))
		reply->said = SAID_OFTEN;
	else if (!vm->id[0] || runner_sessions_cancel(runner, vm->id, reply))
		reply->said = SAID_OK;
	if (reply->said == SAID_OK)
		vm->id[0] = '\0';
	return reply->said == SAID_OK;
}

static void set_seconds(json_t *body, const char *name, uint64_t ns)
{
	if (ns)
		json_object_set_new(body, name, json_integer((json_int_t)(ns / NS_PER_S)));
}

static char *make_body(const struct runner *runner, const struct vm *vm, const struct wish *wish)
{
	const char *user = wish->user ? wish->user : runner->options->user;
	char address[ADDR_TEXT_BYTES], title[TITLE_BYTES], name[USER_BYTES];
	json_t *body;
	char *text;

	runner_label_text(wish->title ? wish->title : wish->label, title, sizeof(title));
	body = json_pack("{s:s, s:[{s:i, s:s, s:i}]}", "title", title[0] ? title : "job", "nodes",
			 "index", 0, "address", addr_format(&vm->addr, address), "port",
			 wish->port);
	if (user)
		json_object_set_new(body, "user",
				    json_string(runner_label_text(user, name, sizeof(name))));
	if (runner->allow)
		json_object_set(body, "allow", runner->allow);
	set_seconds(body, "max_lifetime_s", runner->options->max_lifetime_ns);
	set_seconds(body, "linger_s", runner->options->linger_ns);
	text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	return text;
}

/* Without an answer the build may be there or not: it is taken for there until the next look. */
static void declare(struct runner *runner, struct vm *vm, const struct wish *wish,
		    struct reply *reply)
{
	char id[RUNNER_LABEL_ID_BYTES], path[PATH_BYTES];
	char *body = make_body(runner, vm, wish);

	reply->said = SAID_AWAY;
	if (!body)
		return;
	runner_label_id(&vm->addr, wish->label, boottime_wall_ns() / NS_PER_MS, id);
	json_decref(call(runner, "PUT", build_path(path, id, ""), body, reply));
	free(body);
	if (reply->said == SAID_OK || reply->said == SAID_AWAY)
		memcpy(vm->id, id, sizeof(id));
	if (reply->said == SAID_TAKEN)
		runner->known = false;
	if (reply->said == SAID_OK)
		log_write(LOG_INFO, "A job has begun.", log_string("build", id));
}

void runner_sessions_start(struct runner *runner, struct vm *vm, const struct wish *wish,
			   struct reply *ret_reply)
{
	const struct allowance allowance = new_sessions(runner->options);
	uint64_t wall_ms = boottime_wall_ns() / NS_PER_MS;

	*ret_reply = (struct reply){.said = SAID_NONE};
	if (runner_label_same(vm->id, &vm->addr, wish->label, wall_ms, wish->young_ms) &&
	    find_again(runner, vm, ret_reply))
		return;
	*ret_reply = (struct reply){.said = SAID_NONE};
	if (make_room(runner, vm, ret_reply))
		declare(runner, vm, wish, ret_reply);
	/* Not the VM's fault. */
	if (ret_reply->said == SAID_AWAY)
		runner_vms_give_back(&vm->sessions, &allowance);
}

/* Result: whether the VM has a session of that label. */
static bool has(const struct vm *vm, const char *label)
{
	return vm->id[0] && (!label || runner_label_same(vm->id, &vm->addr, label, 0, UINT64_MAX));
}

void runner_sessions_finish(struct runner *runner, struct vm *vm, const char *label,
			    struct reply *ret_reply)
{
	char path[PATH_BYTES];

	*ret_reply = (struct reply){.said = SAID_NONE};
	if (!has(vm, label))
		return;
	json_decref(call(runner, "POST", build_path(path, vm->id, "/finish"), NULL, ret_reply));
	if (ret_reply->said == SAID_TAKEN)
		ret_reply->said = SAID_NONE;
	if (ret_reply->said == SAID_OK)
		log_write(LOG_INFO, "A job is over.", log_string("build", vm->id));
}

void runner_sessions_end(struct runner *runner, struct vm *vm, const char *label,
			 struct reply *ret_reply)
{
	*ret_reply = (struct reply){.said = SAID_NONE};
	if (!has(vm, label) || !runner_sessions_cancel(runner, vm->id, ret_reply))
		return;
	log_write(LOG_INFO, "A session was ended by its VM.", log_string("build", vm->id));
	vm->id[0] = '\0';
}

const char *runner_sessions_words(struct runner *runner, const struct vm *vm, const char *view)
{
	char rest[64], path[PATH_BYTES];
	const char *text = "";

	snprintf(rest, sizeof(rest), "/connect?view=%s&format=text", view);
	return runner_ask_call(runner->ask, "GET", build_path(path, vm->id, rest), NULL, &text) ==
			       200
		       ? text
		       : "";
}
