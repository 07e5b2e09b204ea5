/* SPDX-License-Identifier: BSD-3-Clause */
/* What sallyport-hooks has given up. */
#include <stddef.h>

#include "api/body/body.h"
#include "api/call/call.h"
#include "api/call/context.h"
#include "api/handlers.h"
#include "edge/edge.h"

static int make_nothing(const struct api_call *call, const void *context,
			const struct edge_outcome *outcome, struct api_reply *ret_reply)
{
	*ret_reply = (struct api_reply){.status = 204};
	return 0;
}

void api_dead_letters_post(struct api_call *call)
{
	const struct edge_outcome outcome = {0};
	struct edge_dead_letter letter;
	size_t bytes;
	const char *text = http_request_body(call->request, &bytes);
	int r;

	call_receipt_expect(call, make_nothing, NULL);
	r = body_read_dead_letter(text, bytes, &letter, &call->problem);
	if (r == 0)
		r = edge_notes_dead_letter(call->api->edge, &call->edge, &letter);
	if (r < 0)
		call_refuse(call);
	else
		call_receipt_reply(call, &outcome);
}
