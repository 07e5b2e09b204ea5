/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls of the daemon's API over its UNIX socket, one at a time, each waited for. A daemon that did
 * not answer is not asked again for a moment, so that those who come meanwhile need not wait, too.
 */
#pragma once

#include <stdint.h>

struct ask;

/* socket outlives it. Result: 0 or -ENOMEM. */
int runner_ask_open(const char *socket, struct ask **ret_ask);
void runner_ask_close(struct ask *ask); /* NULL is allowed */

/* The calls that follow have so long, all together. */
void runner_ask_begin(struct ask *ask, uint64_t limit_ns);

/*
 * Makes one call; body is JSON, or NULL for none. Result: the status, with the body of the answer
 * in *ret_text, terminated and good until the next call; or -EHOSTDOWN when there was no answer:
 * then nobody knows whether the call was heard.
 */
int runner_ask_call(struct ask *ask, const char *method, const char *path, const char *body,
		    const char **ret_text);
