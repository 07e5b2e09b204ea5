/* SPDX-License-Identifier: BSD-3-Clause */
/* Posting an event to a URL. */
#pragma once

struct notice;
struct options;
struct stop;

/*
 * Posts the event as application/json and waits for the answer, as long as a post may take, less if
 * asked to stop. The file of headers is read each time: it must be readable by nobody else. Result:
 * 0 for a 2xx; the status of another answer; -EINTR asked to stop; -ENOMEM; or -EIO with
 * *ret_reason, a static string, saying why there was none.
 */
int hooks_webhook_post(const struct options *options, const struct notice *notice,
		       const struct stop *stop, const char **ret_reason);
