/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/call/answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json/values.h"

#define PROBLEM_URI "urn:sallyport:problem:"

/* jansson gives memory from malloc(); a newline goes behind it. */
static char *print_line(const json_t *body, size_t *ret_bytes)
{
	char *text = json_dumps(body, JSON_COMPACT), *line;
	size_t bytes;

	if (!text)
		return NULL;
	bytes = strlen(text);
	line = realloc(text, bytes + 2);
	if (!line) {
		free(text);
		return NULL;
	}
	memcpy(line + bytes, "\n", 2);
	*ret_bytes = bytes + 1;
	return line;
}

static int fill(struct http_answer *answer, unsigned int status, const char *media_type,
		json_t *body)
{
	size_t bytes = 0;
	char *line = body ? print_line(body, &bytes) : NULL;

	json_decref(body);
	if (!line)
		return -ENOMEM;
	answer->status = status;
	answer->content_type = media_type;
	answer->body = line;
	answer->body_bytes = bytes;
	return 0;
}

int call_answer_json(struct http_answer *answer, unsigned int status, json_t *body)
{
	return fill(answer, status, "application/json", body);
}

static json_t *make_errors(const struct problem *problem)
{
	json_t *errors = json_array();

	for (unsigned int i = 0; i < problem->nr_errors; i++) {
		const struct problem_error *error = &problem->errors[i];

		json_array_append_new(errors,
				      json_pack("{s:o, s:o}", "pointer",
						json_values_string(error->pointer), "detail",
						json_values_string(error->detail)));
	}
	return errors;
}

static int set_type(json_t *body, enum problem_type type)
{
	return json_object_set_new(body, "type",
				   json_sprintf(PROBLEM_URI "%s", json_problem_slug(type)));
}

int call_answer_problem(struct http_answer *answer, const struct problem *problem)
{
	unsigned int status = json_problem_status(problem->type);
	json_t *body = json_object();

	if (set_type(body, problem->type) < 0 ||
	    json_object_set_new(body, "title", json_string(json_problem_title(problem->type))) <
		    0 ||
	    json_object_set_new(body, "status", json_integer(status)) < 0 ||
	    json_object_set_new(body, "detail", json_values_string(problem->detail)) < 0 ||
	    (problem->nr_errors && json_object_set_new(body, "errors", make_errors(problem)) < 0)) {
		json_decref(body);
		return -ENOMEM;
	}
	if (problem->retry_after_s &&
	    http_answer_header(answer, "Retry-After", "%u", problem->retry_after_s) < 0) {
		json_decref(body);
		return -ENOMEM;
	}
	return fill(answer, status, "application/problem+json", body);
}
