/* SPDX-License-Identifier: BSD-3-Clause */
/* /v1/connections, /v1/audit, and attestations: what was recorded. */
#include "api/call/call.h"
#include "api/call/context.h"
#include "api/handlers.h"
#include "api/records/asked.h"
#include "api/records/connections.h"
#include "api/records/records.h"
#include "watch/watch.h"
#include "json/shape.h"

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
			{"connections", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST,
			 .shape = &records_connections_shape},
			NEXT_MEMBER,
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

/* Answers with a page, which is taken over; NULL: it could not be read. next 0: it is the last. */
static void answer_page(struct api_call *call, const struct json_shape *shape, json_t *rows,
			uint64_t next)
{
	if (rows)
		call_reply_json(
			call, 200,
			JSON_SHAPE_OBJECT_OF(shape, rows,
					     next ? json_integer((json_int_t)next) : json_null()));
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
	answer_page(call, &api_recorded_connections_shape, rows, next);
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
