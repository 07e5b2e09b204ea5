/* SPDX-License-Identifier: BSD-3-Clause */
#include "etcd/post.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etcd/state.h"
#include "host/boottime.h"

#define ANSWER_BYTES ((size_t)64 << 20)
#define URL_BYTES    1024
#define HEADER_BYTES 1024

int etcd_post_start(struct etcd *etcd, unsigned int member, const struct etcd_post *post,
		    struct transfer **ret_transfer)
{
	const struct etcd_options *options = &etcd->options;
	char url[URL_BYTES], token[HEADER_BYTES];
	const struct transfer_request request = {
		.method = "POST",
		.url = url,
		.header = {"Content-Type: application/json", etcd->token ? token : NULL,
			   post->needs_leader ? "Grpc-Metadata-hasleader: true" : NULL},
		.body = post->body,
		.body_bytes = strlen(post->body),
		.answer_bytes = ANSWER_BYTES,
		.connect_ms = options->try_ms,
		.limit_ms = post->limit_ms,
		.ca_file = options->ca_file,
		.line = post->line,
		.end = post->end,
		.context = post->context,
	};

	if (snprintf(url, sizeof(url), "%s%s", etcd->members.member[member].url, post->path) >=
	    (int)sizeof(url))
		return -ENAMETOOLONG;
	if (etcd->token &&
	    snprintf(token, sizeof(token), "Authorization: %s", etcd->token) >= (int)sizeof(token))
		return -ENAMETOOLONG;
	return transfer_start(etcd->transfers, &request, ret_transfer);
}

static const struct {
	const char *part;
	enum etcd_post_verdict verdict;
	int error;
} messages[] = {
	/* The words are of etcd's api/v3rpc/rpctypes/error.go; its codes say less. */
	{"invalid auth token", ETCD_POST_TOKEN, 0},
	{"user name is empty", ETCD_POST_TOKEN, 0},
	{"revision of auth store is old", ETCD_POST_TOKEN, 0},
	{"has been compacted", ETCD_POST_REFUSED, -ERANGE},
	{"lease not found", ETCD_POST_REFUSED, -ENOENT},
	{"permission denied", ETCD_POST_REFUSED, -EACCES},
	{"authentication failed", ETCD_POST_REFUSED, -EACCES},
	{"authentication is not enabled", ETCD_POST_REFUSED, -EACCES},
};

void etcd_post_judge(unsigned int status, const char *message, struct etcd_answer *ret_answer)
{
	for (unsigned int i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		if (!strstr(message, messages[i].part))
			continue;
		ret_answer->verdict = messages[i].verdict;
		ret_answer->error = messages[i].error;
		return;
	}
	ret_answer->error = status == 400 ? -EINVAL : -EREMOTEIO;
	if (status == 401)
		ret_answer->verdict = ETCD_POST_TOKEN;
	else if (status == 404)
		ret_answer->verdict = ETCD_POST_AWAY; /* no gateway of ours */
	else if (status >= 500 || status == 408)
		ret_answer->verdict = ETCD_POST_UNKNOWN;
	else
		ret_answer->verdict = ETCD_POST_REFUSED;
}

/* What the gateway says with another status than 200. */
static void read_error(const struct transfer_end *end, struct etcd_answer *answer)
{
	json_t *body = json_loadb(end->body, end->body_bytes, JSON_DISABLE_EOF_CHECK, NULL);
	const char *message = json_string_value(json_object_get(body, "message"));

	if (!message)
		message = json_string_value(json_object_get(body, "error"));
	if (message)
		snprintf(answer->reason, sizeof(answer->reason), "%s", message);
	else
		snprintf(answer->reason, sizeof(answer->reason), "it answers with status %u",
			 end->status);
	etcd_post_judge(end->status, answer->reason, answer);
	json_decref(body);
}

static void leave(struct etcd *etcd, unsigned int member, const char *reason)
{
	struct etcd_listener *listener;

	LIST_FOREACH (listener, &etcd->listeners, link)
		if (listener->member == member)
			listener->failed(listener->context);
	if (etcd->options.left)
		etcd->options.left(etcd->options.context, etcd->members.member[member].url, reason);
}

int etcd_post_believe(struct etcd *etcd, unsigned int member, const struct etcd_header *header)
{
	int error = etcd_members_judge(&etcd->members, member, header, boottime_now_ns());

	if (error == -EXDEV)
		leave(etcd, member, "it is of another cluster");
	else if (error)
		leave(etcd, member, "it was left behind: its raft term is an old one");
	return error;
}

/* A stream of one answer, as keep-alive has it, wraps that answer. Result: borrowed. */
static const json_t *unwrap(const json_t *body)
{
	const json_t *result = json_object_get(body, "result");

	return result ? result : body;
}

static void read_body(struct etcd *etcd, unsigned int member, const struct transfer_end *end,
		      struct etcd_answer *answer)
{
	json_t *body = json_loadb(end->body, end->body_bytes,
				  JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL);

	answer->verdict = ETCD_POST_UNKNOWN;
	if (gateway_header_read(unwrap(body), &answer->header) != 0) {
		snprintf(answer->reason, sizeof(answer->reason), "its answer is none of etcd's");
	} else if (etcd_post_believe(etcd, member, &answer->header) != 0) {
		snprintf(answer->reason, sizeof(answer->reason), "it is not to be believed");
	} else {
		answer->verdict = ETCD_POST_DONE;
		answer->body = json_incref((json_t *)unwrap(body));
	}
	json_decref(body);
}

void etcd_post_read(struct etcd *etcd, unsigned int member, const struct transfer_end *end,
		    struct etcd_answer *ret_answer)
{
	struct etcd_answer answer = {.error = end->error};

	if (end->error == -ENOTCONN) {
		answer.verdict = ETCD_POST_AWAY;
		snprintf(answer.reason, sizeof(answer.reason), "%s", end->reason);
	} else if (end->error) {
		answer.verdict = ETCD_POST_UNKNOWN;
		snprintf(answer.reason, sizeof(answer.reason), "%s", end->reason);
	} else if (end->status != 200) {
		read_error(end, &answer);
	} else {
		read_body(etcd, member, end, &answer);
	}
	*ret_answer = answer;
}

void etcd_post_failed(struct etcd *etcd, unsigned int member, const char *reason)
{
	uint64_t now_ns = boottime_now_ns();

	if (etcd->members.member[member].rests_until_ns > now_ns)
		return;
	etcd_members_failed(&etcd->members, member, now_ns);
	leave(etcd, member, reason);
}
