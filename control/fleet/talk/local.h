/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls of this edge's sallyportd. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

struct transfer;
struct transfer_end;
struct transfers;

struct talk_local {
	struct transfers *transfers;
	struct transfers *streams; /* of callers: these stay, and must keep nobody waiting */
	unsigned int nr_streams;   /* at a time */
	const char *socket;	   /* of sallyportd */
};

struct talk_local_call {
	const char *method;
	const char *path;      /* with its query */
	const json_t *body;    /* NULL: none */
	unsigned int limit_ms; /* 0: as usual */
	/* It counts from then: a second later sallyportd refuses it, with 408. 0: whenever it
	 * comes. */
	uint64_t since_ns;
	void (*done)(void *context, const struct transfer_end *end);
	void *context;
};

/* Result: whether a reason that sallyportd gives for a build's end is the clock. */
bool talk_local_is_by_clock(const char *reason);

/* Result: 0 and done() will be called, unless the transfer is cancelled; or -ENOMEM. */
int talk_local_ask(const struct talk_local *local, const struct talk_local_call *call,
		   struct transfer **ret_transfer);

/* Likewise of one build, whatever call->path is; verb stands behind the id, "" for none. */
int talk_local_build(const struct talk_local *local, const struct talk_local_call *call,
		     const char *id, const char *verb, struct transfer **ret_transfer);
