/* SPDX-License-Identifier: BSD-3-Clause */
/* /v1/builds/{id}/diagnose and /attestation, /v1/connections and /v1/audit: what was recorded. */
#include <stdio.h>
#include <string.h>

#include <sallyport/addr.h>

#include "api/call/call.h"
#include "api/call/context.h"
#include "api/handlers.h"
#include "api/records.h"
#include "api/render.h"
#include "connect/diagnose.h"
#include "host/addr.h"
#include "host/boottime.h"
#include "host/table_map.h"
#include "kernel/kernel.h"
#include "table/counters.h"
#include "watch/attempts.h"
#include "watch/watch.h"
#include "json/values.h"

#define LIMITED_LATELY_NS 60000000000ull
#define RECORDS_DEFAULT	  100
#define RECORDS_MAX	  10000
#define PAGE_MAX	  2000 /* of these: a page is made at one go */

/* One who asks: about whom. */
struct question {
	struct api_call *call;
	const struct build *build;
	const char *client; /* NULL: anybody */
	struct sp_addr client_addr;
};

static bool is_allowed(const struct question *question)
{
	const struct build *build = question->build;

	if (!question->client || build->nr_allow == 0)
		return true;
	for (unsigned int i = 0; i < build->nr_allow; i++) {
		if (sp_prefix_contains(&build->allow[i], &question->client_addr))
			return true;
	}
	return false;
}

static bool is_resolved(const struct api_call *call, const struct node *node)
{
	enum kernel_vm_state state = kernel_vm(call->api->kernel, &node->address).state;

	return state != KERNEL_VM_UNANSWERED && state != KERNEL_VM_UNROUTED;
}

static bool is_limited(const struct api_call *call, const struct node *node)
{
	uint64_t at_ns = table_counters_refused_ns(call->api->table, &node->forwards[0]);

	return at_ns != 0 && boottime_now_ns() < at_ns + LIMITED_LATELY_NS;
}

/* A client is forgotten only where more came than its place in the table can be sure to survive. */
#define ATTEMPTS_SURE 64

/* Takes the latest attempt for the latest connection, if it came later and to nothing. */
static void take_attempt(const struct question *question, const struct attempt *attempt,
			 struct api_last_connection *last)
{
	uint64_t wall_ns = clock_wall_at(&question->call->edge.now, attempt->opened_ns);
	char text[ADDR_TEXT_BYTES];

	last->nr += attempt->nr;
	if (attempt->established || last->opened_wall_ns > wall_ns)
		return;
	last->accepted = attempt->accepted;
	last->established = false;
	last->open = attempt->end == CONNECTION_OPEN;
	last->opened_wall_ns = wall_ns;
	last->bytes_to_vm = last->bytes_to_client = 0;
	snprintf(last->closed_by, sizeof(last->closed_by), "%s",
		 last->open ? "" : model_connection_record_end_name(attempt->end));
	snprintf(last->client, sizeof(last->client), "%s", addr_format(&attempt->client, text));
}

/* What came to nothing has no record, but may be remembered. */
static void add_attempts(const struct question *question, const struct node *node,
			 struct api_last_connection *last)
{
	struct watch *watch = question->call->api->watch;
	uint32_t slot_index = node->forwards[0].slot_index;
	const struct sp_slot *slot = table_map_slot(question->call->api->table, slot_index);
	struct attempt attempt;

	last->established = last->nr > 0;
	if (!watch || !slot)
		return;
	if (watch_attempts_find(watch_attempts(watch), slot_index, slot->generation, NULL,
				&attempt)) {
		last->nr_lease = attempt.seen;
		last->forgotten = attempt.nr > ATTEMPTS_SURE;
	}
	if (watch_attempts_find(watch_attempts(watch), slot_index, slot->generation,
				question->client ? &question->client_addr : NULL, &attempt))
		take_attempt(question, &attempt, last);
}

static struct diagnose_facts gather(const struct question *question, const struct node *node,
				    const struct api_last_connection *last)
{
	struct metrics_usage usage = {0};
	uint64_t known = last->nr_lease;

	table_counters_add_usage(question->call->api->table, &node->forwards[0], &usage);
	return (struct diagnose_facts){
		.session = question->build->state,
		.bound = node->has_address,
		.allowed = is_allowed(question),
		.answers_probes = node->state == NODE_READY,
		.resolved = !node->has_address || is_resolved(question->call, node),
		.limited = is_limited(question->call, node),
		.nr_connections = last->nr,
		.nr_unknown = usage.syns[SP_TOWARD_VM] > 0 && (last->forgotten || known == 0),
		.packets_to_client = usage.packets[SP_TOWARD_CLIENT],
		.accepted = last->accepted,
		.established = last->established,
		.open = last->open,
		.reset_by_vm = strcmp(last->closed_by, "reset by the VM") == 0,
		.bytes_to_vm = last->bytes_to_vm,
		.bytes_to_client = last->bytes_to_client,
	};
}

static json_t *render_last(const struct api_last_connection *last)
{
	if (last->nr == 0)
		return json_null();
	return json_pack("{s:s, s:o, s:b, s:b, s:s, s:I, s:I}", "client", last->client, "opened_at",
			 json_values_time(last->opened_wall_ns), "accepted", last->accepted, "open",
			 last->open, "closed_by", last->closed_by, "bytes_to_vm",
			 (json_int_t)last->bytes_to_vm, "bytes_to_client",
			 (json_int_t)last->bytes_to_client);
}

static json_t *render_next(const struct diagnosis *diagnosis)
{
	json_t *next = json_array();

	for (unsigned int i = 0; diagnosis->next[i]; i++)
		json_array_append_new(next, json_string(diagnosis->next[i]));
	return next;
}

/* Result: NULL when the journal cannot be read, or without memory. */
static json_t *render_node(const struct question *question, const struct node *node)
{
	struct api_last_connection last = {0};
	const struct diagnosis *diagnosis;
	struct diagnose_facts facts;

	if (!question->call->api->audit ||
	    api_records_last(question->call->api->audit, question->build->serial, node->index,
			     question->client, &last) < 0)
		return NULL;
	add_attempts(question, node, &last);
	facts = gather(question, node, &last);
	diagnosis = connect_diagnose(&facts);
	return json_pack("{s:i, s:s, s:s, s:s?, s:o, s:I, s:I, s:o}", "index", node->index, "case",
			 connect_diagnose_case_name(diagnosis->verdict), "certain",
			 diagnosis->certain, "likely", diagnosis->likely, "next",
			 render_next(diagnosis), "connections", (json_int_t)last.nr, "accepted",
			 (json_int_t)last.nr_accepted, "latest", render_last(&last));
}

static void answer(const struct question *question)
{
	json_t *nodes = json_array();

	for (unsigned int i = 0; i < question->build->nr_nodes; i++) {
		json_t *node = render_node(question, &question->build->nodes[i]);

		if (json_array_append_new(nodes, node) < 0) {
			json_decref(nodes);
			call_refuse_with(question->call, PROBLEM_JOURNAL,
					 "The records of connections cannot be read.");
			return;
		}
	}
	call_reply_json(question->call, 200,
			json_pack("{s:s, s:s?, s:o}", "build", question->build->id, "client",
				  question->client, "nodes", nodes));
}

void api_diagnose_build(struct api_call *call)
{
	const char *client = http_request_query(call->request, "client");
	char text[ADDR_TEXT_BYTES];
	struct question question = {
		.call = call,
		.build = edge_get(call->api->edge, call->id),
	};

	if (client && addr_parse(client, &question.client_addr) < 0) {
		call_refuse_with(call, PROBLEM_INVALID,
				 "The query argument client must be an IPv4 or IPv6 address.");
		return;
	}
	if (!question.build) {
		call_refuse_with(call, PROBLEM_NOT_FOUND, "There is no build %s.", call->id);
		return;
	}
	if (client)
		question.client = addr_format(&question.client_addr, text);
	answer(&question);
}

void api_diagnose_attestation(struct api_call *call)
{
	json_t *attestation = call->api->audit
				      ? api_records_attestation(edge_journal(call->api->edge),
								call->api->audit, call->id)
				      : NULL;

	if (!attestation) {
		call_refuse_with(call, PROBLEM_JOURNAL, "The records cannot be read.");
	} else if (json_is_null(attestation)) {
		json_decref(attestation);
		call_refuse_with(call, PROBLEM_NOT_FOUND, "There is no record of a build %s.",
				 call->id);
	} else {
		call_reply_json(call, 200, attestation);
	}
}

/* Answers a page of records under their name. */
static void answer_records(struct api_call *call, enum api_records what, const char *name)
{
	struct api_records_query query = {
		.what = what,
		.build = http_request_query(call->request, "build"),
		.open = call_query_flag(call, "open"),
		.limit = RECORDS_DEFAULT,
	};
	struct journal *database;
	json_t *records, *last;

	if (!call_query_number(call, "after", 0, INT64_MAX, &query.after) ||
	    !call_query_number(call, "limit", 1, RECORDS_MAX, &query.limit))
		return;
	if (query.limit > PAGE_MAX)
		query.limit = PAGE_MAX;
	database =
		what == API_RECORDS_CONNECTIONS ? call->api->audit : edge_journal(call->api->edge);
	records = database ? api_records(database, &query) : NULL;
	if (!records) {
		call_refuse_with(call, PROBLEM_JOURNAL, "The records cannot be read.");
		return;
	}
	last = json_object_get(json_array_get(records, json_array_size(records) - 1), "number");
	last = json_array_size(records) == query.limit ? json_incref(last) : json_null();
	call_reply_json(call, 200, json_pack("{s:o, s:o}", name, records, "next", last));
}

void api_diagnose_connections(struct api_call *call)
{
	answer_records(call, API_RECORDS_CONNECTIONS, "connections");
}

void api_diagnose_audit(struct api_call *call)
{
	answer_records(call, API_RECORDS_AUDIT, "changes");
}
