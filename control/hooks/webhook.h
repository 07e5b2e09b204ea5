/* SPDX-License-Identifier: BSD-3-Clause */
/* Posting an event to a URL. */
#pragma once

#include <stdint.h>

struct notice;
struct stop;

/*
 * Posts the event as application/json and waits for the answer, limit_ns at most, less if asked to
 * stop. Result: 0 for a 2xx; the status of another answer; -EINTR asked to stop; -ENOMEM; or -EIO
 * with *ret_reason, a static string, saying why there was none.
 */
int hooks_webhook_post(const char *url, const struct notice *notice, uint64_t limit_ns,
		       const struct stop *stop, const char **ret_reason);
