/* SPDX-License-Identifier: BSD-3-Clause */
/* HTTP answers from JSON and problems. */
#pragma once

#include <jansson.h>

#include "http/answer.h"
#include "json/problem.h"
#include "json/shape.h"

/*
 * Fills an empty answer with a body in JSON, ended by a newline; takes body over, also on failure.
 * Result: 0 or -ENOMEM.
 */
int answer_json(struct http_answer *answer, unsigned int status, json_t *body);

/* Fills an empty answer with application/problem+json (RFC 9457). Result: 0 or -ENOMEM. */
int answer_problem(struct http_answer *answer, const struct problem *problem);

#define ANSWER_PROBLEM_URI     "urn:sallyport:problem:"
#define ANSWER_PROBLEM_MEMBERS 6

/* What a problem is made of: type, title, status, detail, and what not all have. */
extern const struct json_shape_member answer_problem_members[ANSWER_PROBLEM_MEMBERS];
extern const struct json_shape answer_error_shape;
extern const struct json_shape answer_holder_shape;
