/* SPDX-License-Identifier: BSD-3-Clause */
/* Posting an event to a URL. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "hooks/webhook/secret.h"

struct webhook_post {
	const char *url;
	const char *headers; /* a file with headers; NULL: none */
	const char *keys;    /* a file with keys to sign with; NULL: unsigned */
	const char *id;	     /* of the event, the same each time it is posted */
	uint64_t seq;
	const char *body;
	uint64_t limit_ns;
	int stop_fd; /* readable once asked to stop */
};

/* Whether it is an http or https URL with a host. */
bool webhook_post_can_go_to(const char *url);

/* Result: 0 if a file of headers can be used, or -errno with ret_reason saying why not. */
int webhook_post_check_headers(const char *path, char ret_reason[WEBHOOK_REASON_BYTES]);

/*
 * Posts the body as application/json and waits for the answer, as long as a post may take, less if
 * asked to stop. Both files are read each time, and must be closed to others. Result: 0 for a 2xx;
 * the status of another answer; -EINTR asked to stop; or -errno with ret_reason saying why there
 * was none.
 */
int webhook_post_send(const struct webhook_post *post, char ret_reason[WEBHOOK_REASON_BYTES]);
