/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers of the fleet: its own problems, and what sallyportd said. */
#pragma once

struct http_request;
struct problem;
struct transfer_end;

/* Answers with a problem, as sallyportd would. */
void talk_answer_problem(struct http_request *request, const struct problem *problem);

/* Passes on what sallyportd answered, or that it did not; status 0: as it came. */
void talk_answer_pass(struct http_request *request, const struct transfer_end *end,
		      unsigned int status);
