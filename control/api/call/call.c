/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/call/call.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "answer/answer.h"
#include "api/call/context.h"
#include "api/call/wait.h"
#include "model/clock.h"

#define ETAG_BYTES 48

/* Field by field: the problem is large and mostly unused. */
void call_init(struct api_call *call, const struct api_context *api, struct http_request *request)
{
	call->api = api;
	call->request = request;
	call->routes = api->routes;
	call->route = NULL;
	call->edge.problem = &call->problem;
	call->edge.receipt = NULL;
	json_problem_clear(&call->problem);
	call->answer = (struct http_answer){0};
	call->prepared = call->removed = false;
	call->receipt = (struct receipt){0};
}

/* The last resort when memory is out. */
static void answer_bare(struct api_call *call)
{
	struct http_answer answer = {.status = 500};

	http_request_answer(call->request, &answer);
	call->request = NULL;
}

static void finish(struct api_call *call, struct http_answer *answer)
{
	http_request_answer(call->request, answer);
	call->request = NULL;
}

void call_reply_json(struct api_call *call, unsigned int status, json_t *body)
{
	const struct api_reply reply = {.status = status, .body = body};

	if (body)
		call_reply_with(call, &reply);
	else
		answer_bare(call);
}

void call_reply_text(struct api_call *call, const char *media_type, char *text)
{
	struct http_answer answer = {
		.status = 200,
		.content_type = media_type,
		.body = text,
		.body_bytes = text ? strlen(text) : 0,
	};

	if (text)
		finish(call, &answer);
	else
		answer_bare(call);
}

void call_reply_printed(struct api_call *call, const char *media_type,
			void (*write)(const void *what, FILE *out), const void *what)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	if (!out) {
		call_refuse(call);
		return;
	}
	write(what, out);
	if (fclose(out) != 0) {
		free(text);
		text = NULL;
	}
	call_reply_text(call, media_type, text);
}

void call_reply_nothing(struct api_call *call)
{
	const struct api_reply reply = {.status = 204};

	call_reply_with(call, &reply);
}

static int add_refusal_headers(const struct api_call *call, struct http_answer *answer)
{
	int error = http_request_error(call->request);
	char methods[64];
	int r = http_answer_header(answer, "X-Content-Type-Options", "nosniff");

	if (r < 0)
		return r;
	if (error == -EUSERS || error == -EBUSY)
		return http_answer_header(answer, "Connection", "close");
	if (call->problem.type != PROBLEM_BAD_METHOD)
		return 0;
	call_route_allow(call->routes, call->route, methods, sizeof(methods));
	return http_answer_header(answer, "Allow", "%s", methods);
}

void call_refuse(struct api_call *call)
{
	struct http_answer answer = {0};

	json_problem_set(&call->problem, PROBLEM_INTERNAL, "Out of memory.");
	if (json_problem_status(call->problem.type) >= 500)
		call->api->refused(call->api->user, call->problem.type, call->problem.detail);
	http_answer_clear(&call->answer);
	if (add_refusal_headers(call, &answer) < 0 || answer_problem(&answer, &call->problem) < 0) {
		http_answer_clear(&answer);
		answer_bare(call);
		return;
	}
	finish(call, &answer);
}

void call_refuse_with(struct api_call *call, enum problem_type type, const char *format, ...)
{
	char detail[sizeof(call->problem.detail)];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	json_problem_set(&call->problem, type, "%s", detail);
	call_refuse(call);
}

void call_refuse_method(struct api_call *call)
{
	const char *method = http_request_method(call->request);
	const struct api_route *put = strcmp(method, "POST") == 0
					      ? call_route_put_member(call->routes, call->route)
					      : NULL;

	if (put)
		call_refuse_with(call, PROBLEM_BAD_METHOD,
				 "POST does not go with this path; PUT %s does: %s.", put->path,
				 put->help);
	else
		call_refuse_with(call, PROBLEM_BAD_METHOD, "%s does not go with this path.",
				 method);
}

static void print_etag(const struct build *build, char text[ETAG_BYTES])
{
	snprintf(text, ETAG_BYTES, "\"%" PRIu64 "-%" PRIu64 "\"", build->serial, build->revision);
}

/* What of a cut is not where it belongs yet. */
static int add_owed(const struct api_reply *reply, struct http_answer *answer)
{
	switch (reply->standing) {
	case EDGE_JOURNALED:
		break;
	case EDGE_RECORDED:
		return http_answer_header(answer, API_OWED_HEADER, "journal");
	case EDGE_LOOSE:
		return http_answer_header(answer, API_OWED_HEADER, "journal, record");
	}
	return 0;
}

static int add_headers(const struct api_reply *reply, struct http_answer *answer)
{
	char etag[ETAG_BYTES];
	int r = add_owed(reply, answer);

	if (r < 0 || !reply->build)
		return r;
	print_etag(reply->build, etag);
	r = http_answer_header(answer, "ETag", "%s", etag);
	if (r < 0 || !reply->location)
		return r;
	return http_answer_header(answer, "Location", "/v1/builds/%s", reply->build->id);
}

int call_prepare(struct api_call *call, const struct api_reply *reply)
{
	int r;

	call->answer.status = reply->status;
	call->removed = reply->removed;
	if (reply->text) {
		call->answer.content_type = "application/json";
		call->answer.body = reply->text;
		call->answer.body_bytes = strlen(reply->text);
	}
	r = reply->body ? answer_json(&call->answer, reply->status, reply->body) : 0;
	if (r == 0)
		r = add_headers(reply, &call->answer);
	call->prepared = r == 0;
	return r;
}

void call_send(struct api_call *call)
{
	if (call->removed)
		call_wait_send(call->api->waits, call->request, &call->answer,
			       call->receipt.number);
	else
		http_request_answer(call->request, &call->answer);
	call->request = NULL;
}

void call_reply_with(struct api_call *call, const struct api_reply *reply)
{
	if (call_prepare(call, reply) == 0) {
		call_send(call);
		return;
	}
	http_answer_clear(&call->answer);
	answer_bare(call);
}

bool call_check_time(struct api_call *call)
{
	const char *text = http_request_header(call->request, "Sallyport-Not-After");
	unsigned long long now_ms = call->edge.now.boot_ns / (CLOCK_SECOND_NS / 1000), not_after_ms;
	char *end;

	if (!text)
		return true;
	errno = 0;
	not_after_ms = strtoull(text, &end, 10);
	if (errno || end == text || *end)
		call_refuse_with(call, PROBLEM_MALFORMED,
				 "Sallyport-Not-After must be ms of CLOCK_BOOTTIME.");
	else if (not_after_ms < now_ms)
		call_refuse_with(call, PROBLEM_TOO_SLOW, "It came %llu ms too late to be made.",
				 now_ms - not_after_ms);
	return call->request != NULL;
}

/* Whether the list of entity tags in a header holds this one; a weak one may not be good enough. */
static bool holds_tag(const char *header, const char *etag, bool weak)
{
	const char *at = header;

	if (strcmp(header, "*") == 0)
		return true;
	while ((at = strstr(at, etag))) {
		if (weak || at < header + 2 || at[-1] != '/')
			return true;
		at += strlen(etag);
	}
	return false;
}

bool call_check_match(struct api_call *call, const struct build *build)
{
	const char *match = http_request_header(call->request, "If-Match");
	const char *none = http_request_header(call->request, "If-None-Match");
	char etag[ETAG_BYTES] = "";

	if (build)
		print_etag(build, etag);
	if (match && !build)
		call_refuse_with(call, PROBLEM_PRECONDITION, "There is no build %s.", call->id);
	else if ((match && !holds_tag(match, etag, false)) ||
		 (none && build && holds_tag(none, etag, true)))
		call_refuse_with(call, PROBLEM_PRECONDITION, "The build is %s and at %s now.",
				 model_session_state_name(build->state), etag);
	return call->request != NULL;
}

bool call_is_known(const struct api_call *call, const struct build *build)
{
	const char *none = http_request_header(call->request, "If-None-Match");
	char etag[ETAG_BYTES];

	print_etag(build, etag);
	return none && holds_tag(none, etag, true);
}

bool call_query_number(struct api_call *call, const char *name, uint64_t min, uint64_t max,
		       uint64_t *ret_value)
{
	const char *text = http_request_query(call->request, name);
	unsigned long long value;
	char *end;

	if (!text)
		return true;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || value < min || value > max) {
		call_refuse_with(call, PROBLEM_INVALID,
				 "The query argument %s must be a number from %" PRIu64
				 " to %" PRIu64 ".",
				 name, min, max);
		return false;
	}
	*ret_value = value;
	return true;
}

bool call_query_flag(const struct api_call *call, const char *name)
{
	const char *text = http_request_query(call->request, name);

	return text && strcmp(text, "0") != 0 && strcmp(text, "false") != 0;
}

static bool is_json(const char *media_type)
{
	size_t len = strcspn(media_type, "; \t");

	return len == strlen("application/json") &&
	       strncasecmp(media_type, "application/json", len) == 0;
}

bool call_check_body(struct api_call *call)
{
	const char *type = http_request_header(call->request, "Content-Type");
	size_t bytes;

	if (http_request_error(call->request) == -E2BIG) {
		call_refuse_with(call, PROBLEM_TOO_LARGE,
				 "The body of this request may have at most %zu bytes.",
				 http_request_body_limit(call->request));
		return false;
	}
	if (http_request_error(call->request) == -ENOBUFS) {
		call->problem.retry_after_s = 1;
		call_refuse_with(call, PROBLEM_TOO_MANY,
				 "Bodies of other requests leave no room for this one.");
		return false;
	}
	if (http_request_error(call->request) < 0) {
		call_refuse(call);
		return false;
	}
	http_request_body(call->request, &bytes);
	if (call->route->body == API_BODY_NONE || bytes == 0 || !type || is_json(type))
		return true;
	call_refuse_with(call, PROBLEM_BAD_MEDIA, "Content-Type must be application/json.");
	return false;
}
