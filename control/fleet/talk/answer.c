/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/talk/answer.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "http/server.h"
#include "transfer/transfer.h"
#include "json/problem.h"

#define PROBLEM_TYPE "application/problem+json"

/* Result: NULL without memory. */
static json_t *make_errors(const struct problem *problem)
{
	json_t *errors = json_array();

	for (unsigned int i = 0; i < problem->nr_errors; i++)
		json_array_append_new(errors,
				      json_pack("{s:s, s:s}", "pointer", problem->errors[i].pointer,
						"detail", problem->errors[i].detail));
	return errors;
}

void talk_answer_problem(struct http_request *request, const struct problem *problem)
{
	struct http_answer answer = {
		.status = json_problem_status(problem->type),
		.content_type = PROBLEM_TYPE,
	};
	json_t *object =
		json_pack("{s:s+, s:s, s:i, s:s, s:o}", "type",
			  "urn:sallyport:problem:", json_problem_slug(problem->type), "title",
			  json_problem_title(problem->type), "status", (int)answer.status, "detail",
			  problem->detail, "errors", make_errors(problem));

	if (object && problem->nr_errors == 0)
		json_object_del(object, "errors");
	answer.body = object ? json_dumps(object, JSON_COMPACT) : NULL;
	answer.body_bytes = answer.body ? strlen(answer.body) : 0;
	if (answer.status == 503)
		http_answer_header(&answer, "Retry-After", "%u", 1);
	json_decref(object);
	http_request_answer(request, &answer);
}

/* The types that sallyportd answers with; they must be static. */
static const char *find_type(const char *text)
{
	static const char *const types[] = {PROBLEM_TYPE, "application/json", "text/plain",
					    "text/markdown", "application/x-ndjson"};

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
	if (end->body_bytes && answer.status != 204) {
		answer.content_type = find_type(end->content_type);
		answer.body = malloc(end->body_bytes);
		answer.body_bytes = answer.body ? end->body_bytes : 0;
		if (answer.body)
			memcpy(answer.body, end->body, end->body_bytes);
	}
	http_request_answer(request, &answer);
}
