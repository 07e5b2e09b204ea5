/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers of the fleet: its own problems, and what sallyportd said. */
#pragma once

#include <jansson.h>

struct http_request;
struct problem;
struct transfer_end;

/* Answers with a problem, as sallyportd would. */
void talk_answer_problem(struct http_request *request, const struct problem *problem);

/* Answers with 200 and a body, which is taken over; NULL: there was no memory for it. */
void talk_answer_json(struct http_request *request, json_t *body);

/* Result: a media type that sallyportd answers with, as a static text. */
const char *talk_answer_type(const char *text);

/* Passes on what sallyportd answered, or that it did not; status 0: as it came. */
void talk_answer_pass(struct http_request *request, const struct transfer_end *end,
		      unsigned int status);
