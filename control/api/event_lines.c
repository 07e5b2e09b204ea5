/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/event_lines.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "api/describe/answers.h"
#include "model/event.h"
#include "json/shape.h"
#include "json/values.h"

/* Members of a line, bits. */
enum has {
	HAS_ALWAYS = 1 << 0,
	HAS_BUILD = 1 << 1,
	HAS_NODE = 1 << 2,
	HAS_REASON = 1 << 3,
	HAS_DETAIL = 1 << 4,
	HAS_POOL = 1 << 5,
	/* One of what the event's value may be: */
	HAS_DEADLINE = 1 << 6,
	HAS_REMAINING = 1 << 7,
	HAS_FREE_PORTS = 1 << 8,
	HAS_PACKETS = 1 << 9,
	HAS_LOST_MS = 1 << 10,
	HAS_COUNT = 1 << 11,
	HAS_FAILED = 1 << 12,
	HAS_HOOK = 1 << 13, /* the beginning of detail */
	HAS_CARRIER = 1 << 14,
	HAS_BEFORE = 1 << 15,
};

static const struct {
	unsigned int has;
	unsigned int may; /* absent where there is none */
	const char *detail;
	const char *help; /* of detail */
} types[EVENT_TYPES_NR] = {
	[EVENT_BUILD_ENABLED] = {.has = HAS_BUILD | HAS_DEADLINE},
	[EVENT_BUILD_CHANGED] = {.has = HAS_BUILD | HAS_DEADLINE},
	[EVENT_BUILD_FINISHED] = {.has = HAS_BUILD | HAS_DEADLINE},
	[EVENT_BUILD_EXTENDED] = {.has = HAS_BUILD | HAS_DEADLINE},
	[EVENT_BUILD_WARNING] = {.has = HAS_BUILD | HAS_REMAINING},
	[EVENT_BUILD_CONNECTED] = {HAS_BUILD | HAS_NODE | HAS_DETAIL, .detail = "203.0.113.9",
				   .help = "the client"},
	[EVENT_BUILD_ENDED] = {.has = HAS_BUILD | HAS_REASON},
	[EVENT_NODE_READY] = {.has = HAS_BUILD | HAS_NODE},
	[EVENT_NODE_UNREACHABLE] = {.has = HAS_BUILD | HAS_NODE},
	[EVENT_POOL_LOW] = {HAS_POOL | HAS_FREE_PORTS | HAS_DETAIL, .detail = "default",
			    .help = "the pool"},
	[EVENT_POOL_RECOVERED] = {HAS_POOL | HAS_FREE_PORTS | HAS_DETAIL, .detail = "default",
				  .help = "the pool"},
	[EVENT_ENGINE_SWITCHED] = {.has = HAS_CARRIER, .may = HAS_BEFORE},
	[EVENT_CLIENT_REFUSED] = {HAS_PACKETS | HAS_DETAIL, HAS_BUILD | HAS_NODE, "203.0.113.9",
				  "who, and by which rule"},
	[EVENT_ATTACHMENT_LOST] = {HAS_DETAIL, .detail = "eth0: the program is gone",
				   .help = "which interface, and why"},
	[EVENT_ATTACHMENT_RESTORED] = {HAS_LOST_MS | HAS_DETAIL, .detail = "eth0",
				       .help = "which interface"},
	[EVENT_HOST_CORRECTED] = {HAS_COUNT | HAS_DETAIL, .detail = "neighbours", .help = "what"},
	[EVENT_DELIVERY_FAILED] = {HAS_HOOK | HAS_FAILED | HAS_DETAIL, HAS_BUILD | HAS_NODE,
				   "10-notify: build.ended: 4 tries: status 7",
				   "the hook, the type of that event, and why"},
};

static json_t *make_seq(const struct event *event)
{
	return json_values_number(event->seq);
}

static json_t *make_time(const struct event *event)
{
	return json_values_time(event->wall_ns);
}

static json_t *make_type(const struct event *event)
{
	return json_string(model_event_type_name(event->type));
}

static json_t *make_build(const struct event *event)
{
	return json_string(event->build_id);
}

static json_t *make_node(const struct event *event)
{
	return json_integer(event->node_index);
}

static json_t *make_reason(const struct event *event)
{
	return json_values_string_or_null(model_session_reason_name(event->reason));
}

static json_t *make_detail(const struct event *event)
{
	return json_values_string(event->detail);
}

/* Of "HOOK: why"; no hook is told of whose name has a colon. */
static json_t *make_hook(const struct event *event)
{
	char hook[EVENT_DETAIL_BYTES];

	snprintf(hook, sizeof(hook), "%.*s", (int)strcspn(event->detail, ":"), event->detail);
	return json_values_string(hook);
}

static json_t *make_carrier(const struct event *event)
{
	return json_values_string(model_event_read_switch(event).now);
}

static json_t *make_before(const struct event *event)
{
	return json_values_string(model_event_read_switch(event).before);
}

static json_t *make_why(const struct event *event)
{
	return json_values_string(model_event_read_switch(event).why);
}

static json_t *make_value_time(const struct event *event)
{
	return json_values_time(event->value);
}

static json_t *make_value(const struct event *event)
{
	return json_values_number(event->value);
}

/* All members there are, in the order in which a line has them. */
static const struct {
	unsigned int bit;
	struct json_shape_member member;
	json_t *(*make)(const struct event *event);
} members[] = {
	{HAS_ALWAYS,
	 {"seq", JSON_SHAPE_INTEGER, .example = "412",
	  .help = "from 1, without gaps; of other lines: of the event before"},
	 make_seq},
	{HAS_ALWAYS, {"time", JSON_SHAPE_TIME, .many = JSON_SHAPE_ONE}, make_time},
	{HAS_ALWAYS, {"type", JSON_SHAPE_STRING, .many = JSON_SHAPE_ONE}, make_type},
	{HAS_BUILD, {"build", JSON_SHAPE_STRING, .example = "48121"}, make_build},
	{HAS_NODE, {"node", JSON_SHAPE_INTEGER, .example = "0"}, make_node},
	{HAS_REASON,
	 {"reason", JSON_SHAPE_STRING, .values = "expired|cancelled|unused|lifetime|superseded"},
	 make_reason},
	{HAS_DETAIL, {"detail", JSON_SHAPE_STRING, .many = JSON_SHAPE_ONE}, make_detail},
	{HAS_CARRIER,
	 {"detail", JSON_SHAPE_STRING, .values = "xdp|dpdk|none", .help = "which carries now"},
	 make_carrier},
	{HAS_BEFORE, {"before", JSON_SHAPE_STRING, .values = "xdp|dpdk|none"}, make_before},
	{HAS_BEFORE, {"why", JSON_SHAPE_STRING, .example = "sallyport-dp was stopped"}, make_why},
	{HAS_DEADLINE,
	 {"deadline", JSON_SHAPE_TIME, .help = "from then on no packet passes"},
	 make_value_time},
	{HAS_REMAINING, {"remaining_s", JSON_SHAPE_INTEGER, .example = "600"}, make_value},
	{HAS_FREE_PORTS, {"free_ports", JSON_SHAPE_INTEGER, .example = "200"}, make_value},
	{HAS_POOL, {"pool", JSON_SHAPE_STRING, .example = "default"}, make_detail},
	{HAS_PACKETS, {"packets", JSON_SHAPE_INTEGER, .example = "3"}, make_value},
	{HAS_LOST_MS, {"lost_ms", JSON_SHAPE_INTEGER, .example = "12"}, make_value},
	{HAS_COUNT, {"count", JSON_SHAPE_INTEGER, .example = "1"}, make_value},
	{HAS_HOOK,
	 {"hook", JSON_SHAPE_STRING, .example = "10-notify", .help = "whose it was, or webhook"},
	 make_hook},
	{HAS_FAILED,
	 {"failed_seq", JSON_SHAPE_INTEGER, .example = "398", .help = "the event given up"},
	 make_value},
};

#define MEMBERS_NR (sizeof(members) / sizeof(members[0]))

/* Of those that may be absent: what there is of them in this one. */
static unsigned int found(const struct event *event)
{
	return (event->build_id[0] ? HAS_BUILD : 0) |
	       (event->node_index != EVENT_NO_NODE ? HAS_NODE : 0) |
	       (model_event_read_switch(event).why ? HAS_BEFORE : 0);
}

json_t *api_event_lines_event(const struct event *event)
{
	unsigned int has =
		HAS_ALWAYS | types[event->type].has | (types[event->type].may & found(event));
	json_t *object = json_object();

	for (unsigned int i = 0; i < MEMBERS_NR; i++) {
		if (!(has & members[i].bit) || json_object_set_new(object, members[i].member.name,
								   members[i].make(event)) == 0)
			continue;
		json_decref(object);
		return NULL;
	}
	return object;
}

static const struct json_shape heartbeat_shape = {
	.name = "HeartbeatLine",
	.help = "Nothing has happened for a while",
	.members =
		(const struct json_shape_member[]){
			{"seq", JSON_SHAPE_INTEGER, .example = "412",
			 .help = "of the event before"},
			{"time", JSON_SHAPE_TIME, .many = JSON_SHAPE_ONE},
			{"type", JSON_SHAPE_STRING, .values = "heartbeat"},
			{0},
		},
};

static const struct json_shape end_shape = {
	.name = "EndLine",
	.help = "The stream ends here, and did not break off",
	.members =
		(const struct json_shape_member[]){
			{"seq", JSON_SHAPE_INTEGER, .example = "412",
			 .help = "of the event before"},
			{"time", JSON_SHAPE_TIME, .many = JSON_SHAPE_ONE},
			{"type", JSON_SHAPE_STRING, .values = "end"},
			{"reason", JSON_SHAPE_STRING, .values = "complete|stopping|compacted"},
			{0},
		},
};

json_t *api_event_lines_heartbeat(uint64_t seq, uint64_t wall_ns)
{
	return JSON_SHAPE_OBJECT_OF(&heartbeat_shape, json_values_number(seq),
				    json_values_time(wall_ns), json_string("heartbeat"));
}

json_t *api_event_lines_end(uint64_t seq, uint64_t wall_ns, const char *why)
{
	return JSON_SHAPE_OBJECT_OF(&end_shape, json_values_number(seq), json_values_time(wall_ns),
				    json_string("end"), json_string(why));
}

static void add_type(json_t *schemas, enum event_type type, const char *name)
{
	unsigned int has = HAS_ALWAYS | types[type].has | types[type].may, nr = 0;
	struct json_shape_member rows[MEMBERS_NR + 1] = {0};
	const struct json_shape shape = {name, model_event_type_meaning(type), rows};

	for (unsigned int i = 0; i < MEMBERS_NR; i++) {
		if (!(has & members[i].bit))
			continue;
		rows[nr] = members[i].member;
		rows[nr].optional = types[type].may & members[i].bit;
		if (members[i].make == make_type)
			rows[nr].values = model_event_type_name(type);
		if (members[i].bit == HAS_DETAIL) {
			rows[nr].example = types[type].detail;
			rows[nr].help = types[type].help;
		}
		nr++;
	}
	describe_answers_add(schemas, &shape);
}

void api_event_lines_describe(json_t *schemas)
{
	json_t *choice = describe_answers_choice();

	for (unsigned int i = 0; i < EVENT_TYPES_NR; i++) {
		char name[DESCRIBE_NAME_BYTES];

		describe_answers_name(model_event_type_name(i), "Event", name);
		add_type(schemas, i, name);
		describe_answers_choose(choice, model_event_type_name(i), name);
	}
	describe_answers_add(schemas, &heartbeat_shape);
	describe_answers_choose(choice, "heartbeat", heartbeat_shape.name);
	describe_answers_add(schemas, &end_shape);
	describe_answers_choose(choice, "end", end_shape.name);
	json_object_set_new(schemas, "Event", choice);
}
