/* SPDX-License-Identifier: BSD-3-Clause */
/* /v1/builds/{id}/diagnose: why ssh fails. */
#include <stdio.h>
#include <string.h>

#include <sallyport/table_host.h>

#include <sallyport/addr.h>
#include <sallyport/decide.h>

#include "api/call/call.h"
#include "api/call/context.h"
#include "api/handlers.h"
#include "api/records/records.h"
#include "api/render.h"
#include "connect/diagnose.h"
#include "host/addr.h"
#include "host/boottime.h"
#include "host/table_map.h"
#include "kernel/kernel.h"
#include "table/counters.h"
#include "watch/attempts.h"
#include "watch/watch.h"
#include "json/shape.h"
#include "json/values.h"

#define LIMITED_LATELY_NS 60000000000ull

static const char cases[] =
#define X(NAME, name) #name "|"
	DIAGNOSE_CASES(X)
#undef X
	;

static const struct json_shape last_shape = {
	.name = "LatestConnection",
	.members =
		(const struct json_shape_member[]){
			{"client", JSON_SHAPE_STRING, .example = "203.0.113.9"},
			{"opened_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_ONE},
			{"accepted", JSON_SHAPE_BOOLEAN, .example = "true"},
			{"open", JSON_SHAPE_BOOLEAN, .example = "false"},
			{"closed_by", JSON_SHAPE_STRING, .example = "closed by the client",
			 .help = "empty while it is open"},
			{"bytes_to_vm", JSON_SHAPE_INTEGER, .example = "3069"},
			{"bytes_to_client", JSON_SHAPE_INTEGER, .example = "2873"},
			{0},
		},
};

static const struct json_shape node_shape = {
	.name = "NodeDiagnosis",
	.members =
		(const struct json_shape_member[]){
			{"index", JSON_SHAPE_INTEGER, .example = "0"},
			{"case", JSON_SHAPE_STRING, .values = cases},
			{"certain", JSON_SHAPE_STRING,
			 .example = "This client's address is not on the allow-list of the build."},
			{"likely", JSON_SHAPE_STRING, .many = JSON_SHAPE_OR_NULL,
			 .example = "The client's key is not one that the VM knows."},
			{"next", JSON_SHAPE_STRING, .many = JSON_SHAPE_LIST,
			 .example = "Connect from an address that is allowed.",
			 .help = "what to do"},
			{"connections", JSON_SHAPE_INTEGER, .example = "3"},
			{"accepted", JSON_SHAPE_INTEGER, .example = "3",
			 .help = "of these, by the VM"},
			{"latest", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_OR_NULL,
			 .shape = &last_shape},
			{0},
		},
};

const struct json_shape api_diagnose_build_shape = {
	.name = "Diagnosis",
	.help = "Why ssh fails, as far as the edge can tell",
	.members =
		(const struct json_shape_member[]){
			{"build", JSON_SHAPE_STRING, .example = "48121"},
			{"client", JSON_SHAPE_STRING, .many = JSON_SHAPE_OR_NULL,
			 .example = "203.0.113.9", .help = "who was asked about; null: anybody"},
			{"nodes", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST, .shape = &node_shape},
			{0},
		},
};

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
			 struct records_last_connection *last)
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
			 struct records_last_connection *last)
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

static enum diagnose_edge look_at_edge(const struct table_map *table)
{
	uint32_t detached = table_counters_detached(table);

	if (detached & SP_ROLE_BUILDS)
		return DIAGNOSE_EDGE_BUILDS_DOWN;
	if (detached & SP_ROLE_PUBLIC)
		return DIAGNOSE_EDGE_PUBLIC_DOWN;
	return strcmp(table_counters_carrier(table, boottime_now_ns()), "none") == 0
		       ? DIAGNOSE_EDGE_NO_ENGINE
		       : DIAGNOSE_EDGE_WELL;
}

static struct diagnose_facts gather(const struct question *question, const struct node *node,
				    const struct records_last_connection *last)
{
	struct metrics_usage usage = {0};
	uint64_t known = last->nr_lease;

	table_counters_add_usage(question->call->api->table, &node->forwards[0], &usage);
	return (struct diagnose_facts){
		.session = question->build->state,
		.edge = look_at_edge(question->call->api->table),
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

static json_t *render_last(const struct records_last_connection *last)
{
	if (last->nr == 0)
		return json_null();
	return JSON_SHAPE_OBJECT_OF(
		&last_shape, json_string(last->client), json_values_time(last->opened_wall_ns),
		json_boolean(last->accepted), json_boolean(last->open),
		json_string(last->closed_by), json_values_number(last->bytes_to_vm),
		json_values_number(last->bytes_to_client));
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
	struct records_last_connection last = {0};
	const struct diagnosis *diagnosis;
	struct diagnose_facts facts;

	if (!question->call->api->audit ||
	    records_last(question->call->api->audit, question->build->serial, node->index,
			 question->client, &last) < 0)
		return NULL;
	add_attempts(question, node, &last);
	facts = gather(question, node, &last);
	diagnosis = connect_diagnose(&facts);
	return JSON_SHAPE_OBJECT_OF(&node_shape, json_integer(node->index),
				    json_string(connect_diagnose_case_name(diagnosis->verdict)),
				    json_string(diagnosis->certain),
				    json_values_string_or_null(diagnosis->likely),
				    render_next(diagnosis), json_values_number(last.nr),
				    json_values_number(last.nr_accepted), render_last(&last));
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
			JSON_SHAPE_OBJECT_OF(&api_diagnose_build_shape,
					     json_string(question->build->id),
					     json_values_string_or_null(question->client), nodes));
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
	watch_look(call->api->watch);
	if (client)
		question.client = addr_format(&question.client_addr, text);
	answer(&question);
}
