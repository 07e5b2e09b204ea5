/* SPDX-License-Identifier: BSD-3-Clause */
#include "answer/answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json/values.h"

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

int answer_json(struct http_answer *answer, unsigned int status, json_t *body)
{
	return fill(answer, status, "application/json", body);
}

const struct json_shape answer_error_shape = {
	.name = "ProblemError",
	.help = "One wrong field",
	.members =
		(const struct json_shape_member[]){
			{"pointer", JSON_SHAPE_STRING, .example = "/nodes/0/address",
			 .help = "a JSON pointer into the body"},
			{"detail", JSON_SHAPE_STRING,
			 .example = "10.0.3.7 port 22 is held by build 48119"},
			{0},
		},
};

const struct json_shape answer_holder_shape = {
	.name = "ProblemHolder",
	.help = "The build that has what was asked for",
	.members =
		(const struct json_shape_member[]){
			{"build", JSON_SHAPE_STRING, .example = "48119"},
			{"node", JSON_SHAPE_INTEGER, .example = "0", .help = "its index there"},
			{"forward", JSON_SHAPE_STRING, .example = "ssh"},
			{"address", JSON_SHAPE_STRING, .example = "10.0.3.7"},
			{"port", JSON_SHAPE_INTEGER, .example = "22"},
			{0},
		},
};

const struct json_shape_member answer_problem_members[ANSWER_PROBLEM_MEMBERS] = {
	{"type", JSON_SHAPE_STRING, .help = "by which a program decides"},
	{"title", JSON_SHAPE_STRING, .help = "the same for all of a type"},
	{"status", JSON_SHAPE_INTEGER, .help = "of the answer"},
	{"detail", JSON_SHAPE_STRING, .help = "a sentence for people"},
	{"holder", JSON_SHAPE_OBJECT, .optional = true, .shape = &answer_holder_shape},
	{"errors", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST, .optional = true,
	 .shape = &answer_error_shape},
};

static json_t *make_errors(const struct problem *problem)
{
	json_t *errors = json_array();

	for (unsigned int i = 0; i < problem->nr_errors; i++) {
		const struct problem_error *error = &problem->errors[i];

		json_array_append_new(errors,
				      JSON_SHAPE_OBJECT_OF(&answer_error_shape,
							   json_values_string(error->pointer),
							   json_values_string(error->detail)));
	}
	return errors;
}

static json_t *make_holder(const struct problem_holder *holder)
{
	return JSON_SHAPE_OBJECT_OF(&answer_holder_shape, json_string(holder->build),
				    json_integer(holder->node), json_string(holder->forward),
				    json_string(holder->address), json_integer(holder->port));
}

/* Result: the value of a row above, NULL without memory. */
static json_t *make_member(const struct problem *problem, unsigned int row)
{
	switch (row) {
	case 0:
		return json_sprintf(ANSWER_PROBLEM_URI "%s", json_problem_slug(problem->type));
	case 1:
		return json_string(json_problem_title(problem->type));
	case 2:
		return json_integer(json_problem_status(problem->type));
	case 3:
		return json_values_string(problem->detail);
	case 4:
		return make_holder(&problem->holder);
	default:
		return make_errors(problem);
	}
}

static bool has_member(const struct problem *problem, unsigned int row)
{
	const struct json_shape *shape = answer_problem_members[row].shape;

	if (shape == &answer_holder_shape)
		return problem->type == PROBLEM_ENDPOINT_IN_USE;
	return shape != &answer_error_shape || problem->nr_errors > 0;
}

/* Result: NULL without memory. */
static json_t *make_problem(const struct problem *problem)
{
	json_t *body = json_object();

	for (unsigned int i = 0; i < ANSWER_PROBLEM_MEMBERS && body; i++) {
		if (!has_member(problem, i) ||
		    json_object_set_new(body, answer_problem_members[i].name,
					make_member(problem, i)) == 0)
			continue;
		json_decref(body);
		body = NULL;
	}
	return body;
}

int answer_problem(struct http_answer *answer, const struct problem *problem)
{
	json_t *body = make_problem(problem);

	if (!body)
		return -ENOMEM;
	if (problem->retry_after_s &&
	    http_answer_header(answer, "Retry-After", "%u", problem->retry_after_s) < 0) {
		json_decref(body);
		return -ENOMEM;
	}
	return fill(answer, json_problem_status(problem->type), "application/problem+json", body);
}
