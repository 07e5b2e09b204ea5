/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/call/receipt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/call/call.h"
#include "api/call/context.h"
#include "api/call/wait.h"
#include "edge/txn/receipt.h"

#define RETRY_AFTER_S 1

/* The standard wants quotes around it, most clients leave them out: both are the same key. */
static bool read_key(const char *text, char key[RECEIPT_KEY_MAX + 1])
{
	size_t bytes = strlen(text);

	if (bytes >= 2 && text[0] == '"' && text[bytes - 1] == '"') {
		text++;
		bytes -= 2;
	}
	if (bytes == 0 || bytes > RECEIPT_KEY_MAX)
		return false;
	for (size_t i = 0; i < bytes; i++)
		if (text[i] <= ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\')
			return false;
	memcpy(key, text, bytes);
	key[bytes] = '\0';
	return true;
}

static uint64_t digest_request(const struct http_request *request)
{
	const char *method = http_request_method(request), *path = http_request_path(request);
	size_t bytes;
	const char *body = http_request_body(request, &bytes);
	uint64_t digest = model_receipt_digest(0, method, strlen(method));

	return model_receipt_digest(model_receipt_digest(digest, path, strlen(path)), body, bytes);
}

static char *copy_header(const struct http_answer *answer, const char *name)
{
	for (unsigned int i = 0; i < answer->nr_headers; i++)
		if (strcmp(answer->header[i].name, name) == 0)
			return strdup(answer->header[i].value);
	return NULL;
}

static void copy_answer(const struct api_call *call, struct receipt *receipt)
{
	receipt->status = call->answer.status;
	receipt->removed = call->removed;
	receipt->etag = copy_header(&call->answer, "ETag");
	receipt->location = copy_header(&call->answer, "Location");
	receipt->body = call->answer.body ? strdup(call->answer.body) : NULL;
}

/* The answer goes out as it is journaled here. */
static int fill(void *context, const struct edge_outcome *outcome, struct receipt *receipt)
{
	struct api_call *call = context;
	struct api_reply reply = {0};
	int r = call->make(call, call->make_context, outcome, &reply);

	if (r == 0)
		r = call_prepare(call, &reply);
	if (r == 0)
		copy_answer(call, receipt);
	return r == 0 && call->answer.body && !receipt->body ? -ENOMEM : r;
}

static int restore_answer(struct api_call *call)
{
	struct receipt *receipt = &call->receipt;
	struct http_answer *answer = &call->answer;

	answer->status = receipt->status;
	call->removed = receipt->removed;
	if ((receipt->etag && http_answer_header(answer, "ETag", "%s", receipt->etag) < 0) ||
	    (receipt->location &&
	     http_answer_header(answer, "Location", "%s", receipt->location) < 0))
		return -ENOMEM;
	if (!receipt->body)
		return 0;
	answer->content_type = "application/json";
	answer->body = receipt->body;
	answer->body_bytes = strlen(receipt->body);
	receipt->body = NULL;
	return 0;
}

static void answer_again(struct api_call *call)
{
	if (call_wait_has(call->api->waits, call->receipt.number)) {
		call->problem.retry_after_s = RETRY_AFTER_S;
		call_refuse_with(call, PROBLEM_IN_PROGRESS,
				 "The first request with the " API_RECEIPT_HEADER
				 " %s is not answered yet.",
				 call->receipt.key);
	} else if (restore_answer(call) < 0) {
		call_refuse(call);
	} else {
		call_send(call);
	}
}

static bool find(struct api_call *call)
{
	uint64_t digest = digest_request(call->request);
	int r = txn_receipt_find(call->api->edge, &call->edge.now, &call->receipt);

	if (r == -ENOENT) {
		call->receipt.digest = digest;
		call->wanted = (struct edge_receipt){&call->receipt, fill, call};
		call->edge.receipt = &call->wanted;
		return true;
	}
	/* What was done before is done again: a cut, which the same request may make twice. */
	if (r < 0 && call->route->cuts)
		return true;
	if (r < 0)
		call_refuse_with(call, PROBLEM_JOURNAL,
				 "The journal cannot be read (%s): nothing was changed.",
				 strerror(-r));
	else if (call->receipt.digest != digest)
		call_refuse_with(call, PROBLEM_KEY_REUSED,
				 "The " API_RECEIPT_HEADER
				 " %s was used for another method, path or body.",
				 call->receipt.key);
	else
		answer_again(call);
	return false;
}

bool call_receipt_begin(struct api_call *call)
{
	const char *text = http_request_header(call->request, API_RECEIPT_HEADER);

	if (!text || !call_route_changes(call->route))
		return true;
	if (http_request_count_headers(call->request, API_RECEIPT_HEADER) > 1) {
		call_refuse_with(call, PROBLEM_INVALID,
				 "The header " API_RECEIPT_HEADER
				 " must be there once: which of several is meant is not known.");
		return false;
	}
	if (!read_key(text, call->receipt.key)) {
		call_refuse_with(call, PROBLEM_INVALID,
				 "The header " API_RECEIPT_HEADER
				 " must be 1 to %d visible ASCII characters without \" and \\, "
				 "in quotes or not.",
				 RECEIPT_KEY_MAX);
		return false;
	}
	call->receipt.uid = call->edge.peer.uid;
	return find(call);
}

void call_receipt_expect(struct api_call *call, api_receipt_maker *make, const void *context)
{
	call->make = make;
	call->make_context = context;
}

void call_receipt_reply(struct api_call *call, const struct edge_outcome *outcome)
{
	struct api_reply reply = {0};

	/* What was made for the journal did not come to be in it. */
	if (call->prepared && outcome->build.standing != EDGE_JOURNALED) {
		http_answer_clear(&call->answer);
		call->prepared = false;
		call->receipt.number = 0;
	}
	if (outcome->build.standing != EDGE_JOURNALED)
		call->api->refused(call->api->user, PROBLEM_JOURNAL,
				   "a session was cut all the same, which is owed to it");
	if (call->prepared)
		call_send(call);
	else if (call->make(call, call->make_context, outcome, &reply) < 0)
		call_refuse(call);
	else
		call_reply_with(call, &reply);
}

void call_receipt_end(struct api_call *call)
{
	model_receipt_free(&call->receipt);
	http_answer_clear(&call->answer);
}
