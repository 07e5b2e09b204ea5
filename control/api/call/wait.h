/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers that wait until a removal is confirmed: until no reader of the table can still use what
 * was taken out of it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "http/server.h"

struct api_waits;
struct quiescer;

struct api_waits_options {
	sd_event *event;
	struct quiescer *quiescer;
	/* Called when a removal was not confirmed in time; for the log. */
	void (*stuck)(void *context, bool by_worker);
	void *context;
};

/* Result: 0 and *ret_waits to be closed, or -ENOMEM. */
int call_wait_open(const struct api_waits_options *options, struct api_waits **ret_waits);

/* Forgets those who wait: the server dismisses them. NULL is allowed. */
void call_wait_close(struct api_waits *waits);

/* Result: whether the answer of that receipt still waits. */
bool call_wait_has(const struct api_waits *waits, uint64_t receipt_number);

/*
 * Sends the answer once what was removed until now is out of use, and a problem instead if that
 * takes too long. Takes over what the answer owns. request may be NULL: then nobody is answered,
 * but stuck() is called all the same. receipt_number is the answer's, 0 if it has none.
 */
void call_wait_send(struct api_waits *waits, struct http_request *request,
		    struct http_answer *answer, uint64_t receipt_number);
