/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/talk/local.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/boottime.h"
#include "transfer/transfer.h"

#define LIMIT_MS     20000
#define ANSWER_BYTES ((size_t)64 << 20)
#define SOON_NS	     NS_PER_S
#define URL_BYTES    4096

bool talk_local_is_by_clock(const char *reason)
{
	static const char *const reasons[] = {"expired", "lifetime", "unused"};

	for (size_t i = 0; reason && i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(reason, reasons[i]) == 0)
			return true;
	return false;
}

int talk_local_ask(const struct talk_local *local, const struct talk_local_call *call,
		   struct transfer **ret_transfer)
{
	const uint64_t not_after_ms = (call->since_ns + SOON_NS) / NS_PER_MS;
	char not_after[64], *body = call->body ? json_dumps(call->body, JSON_COMPACT) : NULL;
	char url[URL_BYTES];
	const struct transfer_request request = {
		.method = call->method,
		.url = url,
		.socket = local->socket,
		.header = {body ? "Content-Type: application/json" : NULL,
			   call->since_ns ? not_after : NULL},
		.body = body,
		.body_bytes = body ? strlen(body) : 0,
		.answer_bytes = ANSWER_BYTES,
		.limit_ms = call->limit_ms ? call->limit_ms : LIMIT_MS,
		.end = call->done,
		.context = call->context,
	};
	int error = -ENOMEM;

	snprintf(not_after, sizeof(not_after), "Sallyport-Not-After: %" PRIu64, not_after_ms);
	if (snprintf(url, sizeof(url), "http://sallyport%s", call->path) >= (int)sizeof(url))
		error = -ENAMETOOLONG;
	else if (!call->body || body)
		error = transfer_start(local->transfers, &request, ret_transfer);
	free(body);
	return error;
}

int talk_local_build(const struct talk_local *local, const struct talk_local_call *call,
		     const char *id, const char *verb, struct transfer **ret_transfer)
{
	struct talk_local_call of_build = *call;
	char path[URL_BYTES];

	of_build.path = path;
	if (snprintf(path, sizeof(path), "/v1/builds/%s%s", id, verb) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return talk_local_ask(local, &of_build, ret_transfer);
}
