/* SPDX-License-Identifier: BSD-3-Clause */
/* One call of the API; one that fails is told on the screen. */
#pragma once

#include "cli/talk/client.h"
#include "cli/top/list/state.h"

struct top_answer {
	unsigned int status;
	json_t *json; /* NULL if it is none */
	char *text;   /* of a 200 as it came */
	struct top_moment moment;
};

/*
 * GETs path. Result: 0 and *ret_answer to be cleared, whatever its status; or -errno, and top->lost
 * says why.
 */
int top_ask_get(struct client *client, struct top *top, const char *path,
		struct top_answer *ret_answer);

/* The same for a build: "/v1/builds/ID" and suffix. */
int top_ask_build(struct client *client, struct top *top, const char *id, const char *suffix,
		  struct top_answer *ret_answer);

void top_ask_clear(struct top_answer *answer);

/* Notes that sallyportd does not answer, and why. */
void top_ask_lost(struct top *top, const char *why);

/* Cancels top->cancel_id, which is cleared, and puts the API's answer into top->message. */
void top_ask_cancel(struct client *client, struct top *top);
