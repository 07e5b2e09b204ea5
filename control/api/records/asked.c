/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/records/asked.h"

#include "api/call/call.h"
#include "model/wall_time.h"

static bool refuse(struct api_call *call, const char *what)
{
	call_refuse_with(call, PROBLEM_INVALID, "The query argument %s.", what);
	return false;
}

static bool read_public(struct api_call *call, struct records_asked *asked)
{
	const char *text = http_request_query(call->request, "public");
	struct sp_addr addr;

	if (!text)
		return true;
	if (addr_endpoint_parse(text, &addr, &asked->public_port) < 0)
		return refuse(call, "public must be an address and a port, as 192.0.2.1:60022 or "
				    "[2001:db8::1]:60022");
	addr_format(&addr, asked->public_addr);
	return asked->any = true;
}

static bool read_client(struct api_call *call, struct records_asked *asked)
{
	const char *text = http_request_query(call->request, "client");
	struct sp_addr addr;

	if (!text)
		return true;
	if (addr_parse(text, &addr) < 0)
		return refuse(call, "client must be an IPv4 or IPv6 address, without a port");
	addr_format(&addr, asked->client);
	return asked->any = true;
}

static bool read_at(struct api_call *call, struct records_asked *asked)
{
	const char *text = http_request_query(call->request, "at");
	uint64_t at_ns;

	if (!text)
		return true;
	if (model_wall_time_parse(text, &at_ns) < 0 || at_ns < RECORDS_ASKED_SLACK_NS ||
	    at_ns > INT64_MAX - RECORDS_ASKED_SLACK_NS)
		return refuse(call, "at must be a time in RFC 3339, as 2026-12-01T18:00:00Z or "
				    "2026-12-01T19:00:00+01:00");
	if (at_ns > call->edge.now.wall_ns + RECORDS_ASKED_SLACK_NS)
		return refuse(call, "at must be a time that has come, not one in the future");
	asked->from_wall_ns = at_ns - RECORDS_ASKED_SLACK_NS;
	asked->until_wall_ns = at_ns + RECORDS_ASKED_SLACK_NS;
	return asked->any = true;
}

bool records_asked_read(struct api_call *call, struct records_asked *ret_asked)
{
	*ret_asked = (struct records_asked){.until_wall_ns = INT64_MAX};
	return read_public(call, ret_asked) && read_client(call, ret_asked) &&
	       read_at(call, ret_asked);
}
