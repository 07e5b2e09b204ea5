/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/talk/answer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "answer/answer.h"
#include "http/server.h"
#include "transfer/transfer.h"
#include "json/problem.h"

#define PROBLEM_TYPE  "application/problem+json"
#define RETRY_AFTER_S 1

void talk_answer_problem(struct http_request *request, const struct problem *problem)
{
	struct http_answer answer = {0};
	struct problem told = *problem;
	bool later = told.type == PROBLEM_TOO_MANY || json_problem_status(told.type) == 503;

	if (later && !told.retry_after_s)
		told.retry_after_s = RETRY_AFTER_S;
	if (answer_problem(&answer, &told) < 0)
		answer.status = 500;
	http_request_answer(request, &answer);
}

void talk_answer_json(struct http_request *request, json_t *body)
{
	struct http_answer answer = {0};

	if (!body || answer_json(&answer, 200, body) < 0)
		answer.status = 500;
	http_request_answer(request, &answer);
}

const char *talk_answer_type(const char *text)
{
	static const char *const types[] = {PROBLEM_TYPE,	    "application/json",
					    "text/plain",	    "text/markdown",
					    "application/x-ndjson", "application/x-pcapng"};

	for (unsigned int i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strncmp(text, types[i], strlen(types[i])) == 0)
			return types[i];
	return "application/octet-stream";
}

void talk_answer_pass(struct http_request *request, const struct transfer_end *end,
		      unsigned int status)
{
	struct http_answer answer = {.status = status ? status : end->status};
	struct problem problem = {0};

	if (end->error) {
		json_problem_set(&problem, PROBLEM_DAEMON, "sallyportd does not answer: %s.",
				 end->reason);
		talk_answer_problem(request, &problem);
		return;
	}
	if ((end->body_bytes || *end->content_type) && answer.status != 204)
		answer.content_type = talk_answer_type(end->content_type);
	if (end->body_bytes && answer.status != 204) {
		answer.body = malloc(end->body_bytes);
		answer.body_bytes = answer.body ? end->body_bytes : 0;
		if (answer.body)
			memcpy(answer.body, end->body, end->body_bytes);
	}
	http_request_answer(request, &answer);
}
