/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One change that somebody asked for: written to the store in one transaction, then made here, then
 * answered. What sallyportd refuses is taken back from the store.
 */
#pragma once

#include <jansson.h>

struct fleet;
struct fleet_changes;
struct http_request;
struct problem;

enum fleet_change_kind {
	FLEET_PUT,
	FLEET_FINISH,
	FLEET_EXTEND,
	FLEET_DELETE,
};

/* Result: NULL without memory. */
struct fleet_changes *fleet_change_open(struct fleet *fleet);

/* Those under way are left as they are, unanswered. NULL is allowed. */
void fleet_change_close(struct fleet_changes *changes);

/* How a DELETE without a request came out. */
struct fleet_change_end {
	const struct problem *problem; /* why it cannot be said to be done; NULL: it is done here */
	const char *unconfirmed;       /* edges that have not done it; NULL: all have */
};

struct fleet_change_ask {
	enum fleet_change_kind kind;
	const char *id;		      /* a valid one */
	const json_t *body;	      /* an object, NULL: none was given */
	struct http_request *request; /* to be answered; NULL: a DELETE that is owed */
	/* Of a DELETE without a request: called once it is over, and then it is not owed. */
	void (*then)(void *context, const struct fleet_change_end *end);
	void *context;
};

void fleet_change_start(struct fleet_changes *changes, const struct fleet_change_ask *ask);
