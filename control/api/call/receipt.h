/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Retries of changes: a change that comes with an Idempotency-Key is journaled together with its
 * answer, and the same request with the same key is given that answer again.
 */
#pragma once

#include <stdbool.h>

struct api_call;
struct api_reply;
struct edge_outcome;

/* What the OpenAPI document says of the header. */
#define API_RECEIPT_HEADER  "Idempotency-Key"
#define API_RECEIPT_PATTERN "^(\"[!#-\\[\\]-~]{1,128}\"|[!#-\\[\\]-~]{1,128})$"

/*
 * Looks at the call's key, before its handler.
 * Result: whether to go on; otherwise the call is answered, as it was before or with a problem.
 */
bool call_receipt_begin(struct api_call *call);

/* Renders what a change will have come to. Result: 0 or -ENOMEM. */
typedef int api_receipt_maker(const struct api_call *call, const void *context,
			      const struct edge_outcome *outcome, struct api_reply *ret_reply);

/* Says how the answer is to be made; before the edge is called. context lives until the answer. */
void call_receipt_expect(struct api_call *call, api_receipt_maker *make, const void *context);

/* Answers a change that is made: with what was journaled for it, or with what is made of it now. */
void call_receipt_reply(struct api_call *call, const struct edge_outcome *outcome);

/* Frees what the call holds. */
void call_receipt_end(struct api_call *call);
