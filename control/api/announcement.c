/* SPDX-License-Identifier: BSD-3-Clause */
/* What routers are told of this edge; drain, and what sallyport-fleet says. */
#include "announce/announce.h"

#include <string.h>

#include <jansson.h>

#include "api/body/body.h"
#include "api/call/call.h"
#include "api/call/context.h"
#include "api/handlers.h"
#include "api/records/told.h"
#include "api/status.h"
#include "roster/roster.h"
#include "json/shape.h"
#include "json/values.h"

const struct json_shape api_announcement_shape = {
	.name = "Announcement",
	.help = "What routers are told of this edge",
	.members =
		(const struct json_shape_member[]){
			{"announced", JSON_SHAPE_STRING,
			 .values = "announced|last-resort|withdrawn",
			 .help = "last-resort: routers take this edge if there is no other"},
			{"why", JSON_SHAPE_STRING, .many = JSON_SHAPE_OR_NULL,
			 .example = "it is drained", .help = "null where all is well"},
			{"since", JSON_SHAPE_TIME, .many = JSON_SHAPE_OR_NULL,
			 .help = "null before the first look"},
			{"drain", JSON_SHAPE_STRING, .values = "no|draining|drained",
			 .help = "drained: its routes are withdrawn, and it may be stopped"},
			{"withdraws_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_OR_NULL,
			 .help = "while it is draining"},
			{0},
		},
};

json_t *api_announcement_make(const struct announce *announce, const struct instant *now)
{
	struct announce_status status;

	announce_status(announce, &status);
	return JSON_SHAPE_OBJECT_OF(
		&api_announcement_shape, json_string(announce_state_name(status.state)),
		json_values_string_or_null(status.why), json_values_time(status.since_wall_ns),
		json_string(announce_drain_name(status.drain)),
		json_values_time(status.drain == ANNOUNCE_DRAINING
					 ? clock_wall_at(now, status.drained_until_ns)
					 : 0));
}

/* Result: whether to go on; otherwise the call is answered. */
static bool announces(struct api_call *call)
{
	if (!call->api->announce)
		call_refuse_with(call, PROBLEM_NOT_FOUND,
				 "This edge announces nothing: its configuration has no "
				 "announce.interface.");
	return call->api->announce != NULL;
}

static void reply(struct api_call *call, int error)
{
	if (error)
		call_refuse_with(call, PROBLEM_INTERNAL,
				 "It is so until sallyportd ends, and not kept on the disk: %s.",
				 strerror(-error));
	else
		call_reply_json(call, 200,
				api_announcement_make(call->api->announce, &call->edge.now));
}

void api_announcement_get(struct api_call *call)
{
	if (announces(call))
		reply(call, 0);
}

void api_announcement_drain(struct api_call *call)
{
	size_t bytes;
	const char *text = http_request_body(call->request, &bytes);
	uint64_t wait_ns;

	if (!announces(call))
		return;
	if (body_read_drain(text, bytes, &wait_ns, &call->problem) < 0) {
		call_refuse(call);
		return;
	}
	if (wait_ns == BUILD_DEFAULT)
		wait_ns = announce_drain_wait(call->api->announce);
	reply(call, announce_drain(call->api->announce, wait_ns));
}

void api_announcement_undrain(struct api_call *call)
{
	if (announces(call))
		reply(call, announce_undrain(call->api->announce));
}

void api_announcement_store(struct api_call *call)
{
	struct body_store store;
	size_t bytes;
	const char *text = http_request_body(call->request, &bytes);

	if (!announces(call))
		return;
	if (body_read_store(text, bytes, &store, &call->problem) < 0) {
		call_refuse(call);
		return;
	}
	announce_tell(call->api->announce, store.current_for_ns, store.why);
	reply(call, 0);
}

/* How the fleet is: it is shown, and nothing is decided by it. */
const struct json_shape api_announcement_fleet_shape = {
	.name = "FleetHeard",
	.help = "What sallyport-fleet has said of its fleet",
	.members =
		(const struct json_shape_member[]){
			{"fresh", JSON_SHAPE_BOOLEAN, .example = "true",
			 .help = "it was said a moment ago; else sallyport-fleet is away"},
			{"heard_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_OR_NULL,
			 .help = "null: since sallyportd started it has said nothing"},
			{"said", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_OR_NULL,
			 .shape = &roster_shape},
			{0},
		},
};

json_t *api_announcement_fleet_make(const struct roster_heard *heard, const struct instant *now)
{
	return JSON_SHAPE_OBJECT_OF(&api_announcement_fleet_shape,
				    json_boolean(roster_is_fresh(heard, now->boot_ns)),
				    json_values_time(heard->heard_wall_ns),
				    heard->said ? json_incref(heard->said) : json_null());
}

void api_announcement_fleet_tell(struct api_call *call)
{
	struct roster_heard *heard = call->api->fleet;
	json_t *said;

	if (!heard) {
		call_refuse_with(call, PROBLEM_NOT_FOUND,
				 "This edge is in no fleet: its configuration has no fleet.etcd.");
		return;
	}
	said = records_told_read(call, &roster_shape);
	if (!said)
		return;
	json_decref(heard->said);
	heard->said = said;
	heard->heard_ns = call->edge.now.boot_ns;
	heard->heard_wall_ns = call->edge.now.wall_ns;
	call_reply_nothing(call);
}
