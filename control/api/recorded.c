/* SPDX-License-Identifier: BSD-3-Clause */
/* /v1/connections, /v1/audit, and attestations: what was recorded. */
#include <string.h>

#include <jansson.h>

#include <sallyport/compiler.h>
#include <sallyport/wire.h>

#include "api/call/call.h"
#include "api/call/context.h"
#include "api/handlers.h"
#include "api/records/asked.h"
#include "api/records/connections.h"
#include "api/records/records.h"
#include "api/records/told.h"
#include "edge/edge.h"
#include "host/addr.h"
#include "host/table_map.h"
#include "watch/notes/strays.h"
#include "watch/watch.h"
#include "json/shape.h"
#include "json/values.h"

#define RECORDS_DEFAULT	     100
#define RECORDS_MAX	     10000
#define PAGE_MAX	     2000 /* of these: a page is made at one go */
#define ATTESTATIONS_DEFAULT 10

/* The versions of clang-format differ here. */
/* clang-format off */
#define NEXT_MEMBER                                                                                \
	{"next", JSON_SHAPE_INTEGER, JSON_SHAPE_OR_NULL, .example = "17",                          \
	 .help = "after, for the next page; null: this is the last one"}
/* clang-format on */

const struct json_shape api_recorded_connections_shape = {
	.name = "Connections",
	.members =
		(const struct json_shape_member[]){
			{"edge", JSON_SHAPE_STRING, .example = "edge-1",
			 .help = "whose records these are"},
			{"connections", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST,
			 .shape = &records_connections_shape},
			NEXT_MEMBER,
			{0},
		},
};

static const struct json_shape stray_shape = {
	.name = "Stray",
	.help = "A segment that ends a connection of another edge",
	.members =
		(const struct json_shape_member[]){
			{"build", JSON_SHAPE_STRING, .example = "48121"},
			{"node", JSON_SHAPE_INTEGER, .example = "0"},
			{"forward", JSON_SHAPE_STRING, .example = "ssh"},
			{"client", JSON_SHAPE_STRING, .example = "203.0.113.9"},
			{"client_port", JSON_SHAPE_INTEGER, .example = "50012"},
			{"from", JSON_SHAPE_STRING, .values = "client|vm"},
			{"flags", JSON_SHAPE_INTEGER, .example = "17", .help = "of TCP"},
			{"seq", JSON_SHAPE_INTEGER, .example = "1001"},
			{"ack", JSON_SHAPE_INTEGER, .example = "5001"},
			{"bytes", JSON_SHAPE_INTEGER, .example = "0", .help = "of payload"},
			{0},
		},
};

const struct json_shape api_recorded_strays_shape = {
	.name = "Strays",
	.members =
		(const struct json_shape_member[]){
			{"edge", JSON_SHAPE_STRING, .example = "edge-2", .help = "that saw them"},
			{"last", JSON_SHAPE_INTEGER, .example = "17",
			 .help = "the number of the last; smaller than before: it began anew"},
			{"strays", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST,
			 .shape = &stray_shape},
			{0},
		},
};

const struct json_shape api_recorded_audit_shape = {
	.name = "Changes",
	.members =
		(const struct json_shape_member[]){
			{"changes", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST,
			 .shape = &records_change_shape},
			NEXT_MEMBER,
			{0},
		},
};

const struct json_shape api_recorded_attestations_shape = {
	.name = "Attestations",
	.members =
		(const struct json_shape_member[]){
			{"attestations", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST,
			 .shape = &records_attestation_shape},
			NEXT_MEMBER,
			{0},
		},
};

static void refuse_unreadable(struct api_call *call)
{
	call_refuse_with(call, PROBLEM_JOURNAL, "The records cannot be read.");
}

static json_t *number_or_null(uint64_t next)
{
	return next ? json_integer((json_int_t)next) : json_null();
}

/* Answers with a page, which is taken over; NULL: it could not be read. next 0: it is the last. */
static void answer_page(struct api_call *call, const struct json_shape *shape, json_t *rows,
			uint64_t next)
{
	if (rows)
		call_reply_json(call, 200, JSON_SHAPE_OBJECT_OF(shape, rows, number_or_null(next)));
	else
		refuse_unreadable(call);
}

/* Which page is wanted. Result: whether to go on; otherwise the call is answered. */
static bool read_page(struct api_call *call, uint64_t *ret_after, uint64_t *ret_limit)
{
	*ret_after = 0;
	*ret_limit = RECORDS_DEFAULT;
	if (!call_query_number(call, "after", 0, INT64_MAX, ret_after) ||
	    !call_query_number(call, "limit", 1, RECORDS_MAX, ret_limit))
		return false;
	if (*ret_limit > PAGE_MAX)
		*ret_limit = PAGE_MAX;
	return true;
}

void api_recorded_connections(struct api_call *call)
{
	struct records_asked asked;
	struct records_connections_query query = {
		.journal = edge_journal(call->api->edge),
		.audit = call->api->audit,
		.asked = &asked,
		.build = http_request_query(call->request, "build"),
		.open = call_query_flag(call, "open"),
	};
	uint64_t next = 0;
	json_t *rows;

	if (!records_asked_read(call, &asked) || !read_page(call, &query.after, &query.limit))
		return;
	watch_look(call->api->watch);
	rows = query.audit ? records_connections_page(&query, &next) : NULL;
	if (rows)
		call_reply_json(call, 200,
				JSON_SHAPE_OBJECT_OF(&api_recorded_connections_shape,
						     json_string(call->api->name), rows,
						     number_or_null(next)));
	else
		refuse_unreadable(call);
}

void api_recorded_audit(struct api_call *call)
{
	struct records_asked asked;
	struct records_query query = {
		.asked = &asked,
		.build = http_request_query(call->request, "build"),
	};
	json_t *rows, *last;

	if (!records_asked_read(call, &asked) || !read_page(call, &query.after, &query.limit))
		return;
	rows = records_changes(edge_journal(call->api->edge), &query);
	last = json_object_get(json_array_get(rows, json_array_size(rows) - 1), "number");
	answer_page(call, &api_recorded_audit_shape, rows,
		    json_array_size(rows) == query.limit ? (uint64_t)json_integer_value(last) : 0);
}

static struct records_attested attested(const struct api_call *call,
					const struct records_asked *asked)
{
	return (struct records_attested){
		.journal = edge_journal(call->api->edge),
		.audit = call->api->audit,
		.asked = asked,
	};
}

void api_recorded_attestation(struct api_call *call)
{
	struct records_asked asked;
	struct records_attested from = attested(call, &asked);
	json_t *attestation;

	if (!records_asked_read(call, &asked))
		return;
	watch_look(call->api->watch);
	attestation = from.audit ? records_attestation(&from, call->id) : NULL;
	if (!attestation) {
		refuse_unreadable(call);
	} else if (json_is_null(attestation)) {
		json_decref(attestation);
		call_refuse_with(call, PROBLEM_NOT_FOUND, "There is no record of a build %s.",
				 call->id);
	} else {
		call_reply_json(call, 200, attestation);
	}
}

void api_recorded_attestations(struct api_call *call)
{
	uint64_t after = 0, limit = ATTESTATIONS_DEFAULT, next = 0;
	struct records_asked asked;
	struct records_attested from = attested(call, &asked);
	json_t *rows;

	if (!records_asked_read(call, &asked) ||
	    !call_query_number(call, "after", 0, INT64_MAX, &after) ||
	    !call_query_number(call, "limit", 1, RECORDS_ATTESTATIONS_MAX, &limit))
		return;
	watch_look(call->api->watch);
	rows = from.audit ? records_attestations(&from, after, (unsigned int)limit, &next) : NULL;
	answer_page(call, &api_recorded_attestations_shape, rows, next);
}

/* Result: whether to go on; otherwise the call is answered. */
static bool has_strays(struct api_call *call)
{
	if (!call->api->fleet || !call->api->watch)
		call_refuse_with(call, PROBLEM_NOT_FOUND,
				 "This edge is in no fleet, or connections are not watched.");
	return call->api->fleet && call->api->watch;
}

/* Result: NULL for one whose lease is another's by now. */
static json_t *render_stray(const struct api_context *api, const struct sp_note *note)
{
	const struct sp_slot *slot = table_map_slot(api->table, note->slot_index);
	const struct forward *forward;
	const struct node *node;
	const struct build *build = edge_by_slot(api->edge, note->slot_index, &node, &forward);
	char client[ADDR_TEXT_BYTES];

	if (!build || !slot || slot->generation != note->generation)
		return NULL;
	return JSON_SHAPE_OBJECT_OF(&stray_shape, json_string(build->id), json_integer(node->index),
				    json_string(forward->name),
				    json_string(addr_format(&note->client, client)),
				    json_integer(SP_HOST16(note->client_port_be)),
				    json_string(note->direction == SP_TOWARD_VM ? "client" : "vm"),
				    json_integer(note->tcp_flags), json_integer(note->seq),
				    json_integer(note->ack), json_integer(note->payload_bytes));
}

void api_recorded_strays(struct api_call *call)
{
	json_t *list = json_array(), *stray;
	const struct strays *strays;
	const struct sp_note *note;
	uint64_t after = 0;

	if (!has_strays(call) || !call_query_number(call, "after", 0, INT64_MAX, &after)) {
		json_decref(list);
		return;
	}
	watch_look(call->api->watch);
	strays = watch_connections_strays(watch_connections(call->api->watch));
	if (after > strays->last) /* of an earlier life */
		after = 0;
	while ((note = notes_strays_next(strays, after, &after))) {
		stray = render_stray(call->api, note);
		if (stray)
			json_array_append_new(list, stray);
	}
	call_reply_json(call, 200,
			JSON_SHAPE_OBJECT_OF(&api_recorded_strays_shape,
					     json_string(call->api->name),
					     json_values_number(strays->last), list));
}

/* Result: the slot of a forward of a build, -1 if it has none. */
static int64_t find_slot(const struct edge *edge, const json_t *stray)
{
	const struct build *build =
		edge_get(edge, json_string_value(json_object_get(stray, "build")));
	json_int_t index = json_integer_value(json_object_get(stray, "node"));
	const char *name = json_string_value(json_object_get(stray, "forward"));

	for (unsigned int i = 0; build && i < build->nr_nodes; i++)
		for (unsigned int j = 0; j < build->nodes[i].nr_forwards; j++)
			if (build->nodes[i].index == index &&
			    strcmp(build->nodes[i].forwards[j].name, name) == 0)
				return build->nodes[i].forwards[j].slot_index;
	return -1;
}

static uint32_t number_of(const json_t *stray, const char *name)
{
	return (uint32_t)json_integer_value(json_object_get(stray, name));
}

/* What is of no build here, or of no address, is passed over. */
static void take_stray(const struct api_call *call, const char *edge, const json_t *stray)
{
	int64_t slot_index = find_slot(call->api->edge, stray);
	const struct sp_slot *slot =
		slot_index < 0 ? NULL : table_map_slot(call->api->table, (uint32_t)slot_index);
	uint8_t flags = (uint8_t)number_of(stray, "flags");
	bool of_client = strcmp(json_string_value(json_object_get(stray, "from")), "client") == 0;
	struct sp_note note = {
		.ring.at_ns = call->edge.now.boot_ns,
		.slot_index = (uint32_t)slot_index,
		.client_port_be = SP_BE16((uint16_t)number_of(stray, "client_port")),
		.kind = flags & SP_TCP_RST ? SP_NOTE_RESET : SP_NOTE_CLOSES,
		.direction = of_client ? SP_TOWARD_VM : SP_TOWARD_CLIENT,
		.seq = number_of(stray, "seq"),
		.ack = number_of(stray, "ack"),
		.payload_bytes = number_of(stray, "bytes"),
		.tcp_flags = flags,
	};

	if (!slot || !(flags & (SP_TCP_RST | SP_TCP_FIN)) ||
	    addr_parse(json_string_value(json_object_get(stray, "client")), &note.client) < 0)
		return;
	note.generation = slot->generation;
	watch_told(call->api->watch, edge, &note);
}

void api_recorded_tell_strays(struct api_call *call)
{
	json_t *told, *stray;
	size_t i;

	if (!has_strays(call))
		return;
	told = records_told_read(call, &api_recorded_strays_shape);
	if (!told)
		return;
	watch_look(call->api->watch);
	json_array_foreach (json_object_get(told, "strays"), i, stray)
		take_stray(call, json_string_value(json_object_get(told, "edge")), stray);
	json_decref(told);
	call_reply_nothing(call);
}
