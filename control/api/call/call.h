/* SPDX-License-Identifier: BSD-3-Clause */
/* One call of the API on its way: what its handler is given, and how it answers. */
#pragma once

#include <stdio.h>
#include <sys/types.h>

#include <jansson.h>

#include "api/call/receipt.h"
#include "api/call/route.h"
#include "edge/edge.h"
#include "http/server.h"
#include "model/build.h"
#include "model/receipt.h"
#include "json/problem.h"

struct api_context;

/* Of an answer: what a cut made without the journal is owed still. */
#define API_OWED_HEADER "Sallyport-Owed"

struct api_call {
	const struct api_context *api;
	struct http_request *request;	/* NULL once answered */
	const struct api_route *routes; /* the table of route */
	const struct api_route *route;
	char id[API_ID_BYTES + 1]; /* "" if the path has none */
	enum api_role role;
	struct edge_call edge; /* now, the peer, &problem, and &wanted if there is a key */
	struct problem problem;
	struct http_answer answer; /* ready to be sent, if prepared */
	bool prepared;
	bool removed; /* it waits until no reader can use what was removed */
	struct receipt receipt;
	struct edge_receipt wanted;
	api_receipt_maker *make;
	const void *make_context;
};

/* The peer and the role are left to be filled in. */
void call_init(struct api_call *call, const struct api_context *api, struct http_request *request);

/* Answer with a status and a body, which is taken over; NULL is out of memory and answers so. */
void call_reply_json(struct api_call *call, unsigned int status, json_t *body);
void call_reply_text(struct api_call *call, const char *media_type, char *text);

/* Answers 200 with what write prints of what. */
void call_reply_printed(struct api_call *call, const char *media_type,
			void (*write)(const void *what, FILE *out), const void *what);

/* Answers 204. */
void call_reply_nothing(struct api_call *call);

/* Answers with call->problem, or with an internal error if it is not set. */
void call_refuse(struct api_call *call);

/* Sets the problem and refuses. */
void call_refuse_with(struct api_call *call, enum problem_type type, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Refuses a method that its path has not. Whoever POSTs to a collection, as is usual elsewhere, is
 * told how a member of it is made.
 */
void call_refuse_method(struct api_call *call);

/* What an answer needs before it is sent. */
struct api_reply {
	unsigned int status;
	json_t *body;		   /* taken over; NULL for none */
	char *text;		   /* instead: JSON that is printed already; taken over */
	const struct build *build; /* for ETag, or NULL */
	bool location;		   /* say where the build is */
	bool removed;		   /* wait until no reader can use what was removed */
	enum edge_standing standing;
};

/* Makes the answer of a reply, whose body is taken over also on failure. Result: 0 or -ENOMEM. */
int call_prepare(struct api_call *call, const struct api_reply *reply);

/* Sends the answer that is ready, at once or as soon as the removal is confirmed. */
void call_send(struct api_call *call);

/* Both. */
void call_reply_with(struct api_call *call, const struct api_reply *reply);

/*
 * Checks If-Match and If-None-Match against the build, NULL if there is none.
 * Result: whether to go on; otherwise the call is answered.
 */
bool call_check_match(struct api_call *call, const struct build *build);

/* Result: whether the caller has the build as it is, by If-None-Match of a GET. */
bool call_is_known(const struct api_call *call, const struct build *build);

/*
 * Reads the query argument name as a number.
 * Result: whether to go on, *ret_value untouched if absent; otherwise the call is answered.
 */
bool call_query_number(struct api_call *call, const char *name, uint64_t min, uint64_t max,
		       uint64_t *ret_value);

/* Result: true if the boolean query argument is there and neither "0" nor "false". */
bool call_query_flag(const struct api_call *call, const char *name);

/* Checks that it comes in time, by what its header Sallyport-Not-After says, or refuses. Result:
 * whether to go on. */
bool call_check_time(struct api_call *call);

/* Checks that the body is kept and of the right kind, or refuses. Result: whether to go on. */
bool call_check_body(struct api_call *call);
