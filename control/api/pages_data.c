/* SPDX-License-Identifier: BSD-3-Clause */
/* What the status page polls. Each answer is bounded: the page asks again for the rest. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/call/call.h"
#include "api/call/context.h"
#include "api/event_lines.h"
#include "api/handlers.h"
#include "api/pages.h"
#include "api/status.h"
#include "connect/clients.h"
#include "connect/connect.h"
#include "page/board.h"
#include "page/rows.h"
#include "roster/roster.h"
#include "table/counters.h"
#include "watch/watch.h"
#include "json/values.h"

#define JSON_TYPE	"application/json"
#define STATUS_FRESH_NS (CLOCK_SECOND_NS / 2)
#define EVENTS_MAX	50
#define ROWS_MAX	400
#define LIVE_MAX	64

/* Of what /v1/status says, what the page shows. */
static const char *const shown[] = {
	"name",
	"version",
	"started_at",
	"now",
	"engine",
	"carrying",
	"builds",
	"nodes",
	"leases_live",
	"leases_expected",
	"ports",
	"hooks",
	"journal_errors",
	"cuts",
	"connections",
	"calls_waiting",
	"left_to_xdp",
	"explained",
	"journal_failing_since",
};

static void reply(struct api_call *call, json_t *body)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	json_decref(body);
	if (text)
		api_pages_reply(call, 200, JSON_TYPE, text, strlen(text));
	else
		call_refuse(call);
	free(text);
}

static const char *fate_of(enum sp_verdict verdict)
{
	switch (sp_verdict_fate(verdict)) {
	case SP_FATE_PASS:
		return "pass";
	case SP_FATE_CARRY:
		return "carry";
	case SP_FATE_ANSWER:
		return "answer";
	case SP_FATE_DROP:
		break;
	}
	return "drop";
}

/* name, fate, packets by XDP, packets by DPDK, help: of what has happened. */
static json_t *render_verdicts(const struct table_map *table)
{
	uint64_t xdp[SP_VERDICT_COUNT], dpdk[SP_VERDICT_COUNT];
	json_t *array = json_array();

	table_counters_sum_verdicts(table, METRICS_XDP, xdp);
	table_counters_sum_verdicts(table, METRICS_DPDK, dpdk);
	for (unsigned int i = 0; i < SP_VERDICT_COUNT; i++)
		if (xdp[i] + dpdk[i])
			json_array_append_new(array,
					      json_pack("[s, s, I, I, s]",
							table_counters_verdict_name(i), fate_of(i),
							(json_int_t)xdp[i], (json_int_t)dpdk[i],
							table_counters_verdict_help(i)));
	return array;
}

static int take_event(const struct event *event, void *context)
{
	return json_array_append_new(context, api_event_lines_event(event)) < 0 ? -ENOMEM : 0;
}

/* The journal is not to be read while a change goes on bit by bit: what was read last is shown. */
static json_t *latest_events(struct api_pages *pages, struct edge *edge)
{
	struct events *events = edge_events(edge);
	uint64_t newest = events->newest_seq, oldest = events->oldest_seq;
	uint64_t since = newest > EVENTS_MAX ? newest - EVENTS_MAX : 0;
	json_t *array;

	if (since + 1 < oldest)
		since = oldest - 1;
	if ((pages->events && pages->events_seq == newest) || edge_is_busy(edge))
		return pages->events;
	array = json_array();
	if (state_events_read(events, since, EVENTS_MAX, take_event, array) < 0) {
		json_decref(array);
		return pages->events;
	}
	json_decref(pages->events);
	pages->events = array;
	pages->events_seq = newest;
	return array;
}

/* How interfaces and warnings stand, without numbers and paths of this host. */
static void set_health(const json_t *kernel, json_t *body)
{
	json_t *interfaces = json_array(), *each;
	size_t i;

	json_array_foreach (json_object_get(kernel, "interfaces"), i, each)
		json_array_append_new(interfaces,
				      json_pack("{s:O, s:O, s:O}", "name",
						json_object_get(each, "name"), "mode",
						json_object_get(each, "mode"), "problem",
						json_object_get(each, "problem")));
	json_object_set_new(body, "interfaces", interfaces);
	json_object_set(body, "warnings", json_object_get(kernel, "warnings"));
	json_object_set(body, "netlink", json_object_get(kernel, "netlink"));
}

static json_t *render_figures(const struct roster_figure *figures)
{
	static const char *const spelled[] = {
		[ROSTER_TEXT] = "text", [ROSTER_COUNT] = "count", [ROSTER_MS] = "ms",
		[ROSTER_FLAG] = "flag", [ROSTER_TIME] = "time",	  [ROSTER_ROUTE] = "route",
	};
	json_t *array = json_array();

	for (; figures->member; figures++)
		if (figures->head)
			json_array_append_new(array, json_pack("[s, s, s, s]", figures->member,
							       spelled[figures->as], figures->head,
							       figures->help));
	return array;
}

/* What is to be shown of it, and how, comes along: member, how it is written, head, help. */
static void set_fleet(const struct api_call *call, const json_t *status, json_t *body)
{
	json_t *fleet = json_copy(json_object_get(status, "fleet"));

	if (call->api->fleet)
		json_object_set_new(fleet, "figures",
				    json_pack("{s:o, s:o, s:o, s:o}", "fleet",
					      render_figures(roster_fleet), "store",
					      render_figures(roster_store), "members",
					      render_figures(roster_members), "edges",
					      render_figures(roster_edges)));
	json_object_set_new(body, "fleet", fleet);
}

static char *make_status(const struct api_call *call)
{
	struct api_pages *pages = call->api->pages;
	json_t *status = api_status_make(call->api, &call->edge.now), *body = json_object(),
	       *events;
	char *text;

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		json_object_set(body, shown[i], json_object_get(status, shown[i]));
	set_health(json_object_get(status, "kernel"), body);
	set_fleet(call, status, body);
	json_decref(status);
	json_object_set_new(body, "verdicts", render_verdicts(call->api->table));
	events = latest_events(pages, call->api->edge);
	json_object_set(body, "events", events);
	text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	json_decref(body);
	return text;
}

/* Made once for all who ask within half a second. */
void api_pages_data_status(struct api_call *call)
{
	struct api_pages *pages = call->api->pages;
	uint64_t began_ns;

	if (!api_pages_begin(call, &began_ns))
		return;
	if (!pages->status || began_ns - pages->status_at_ns >= STATUS_FRESH_NS) {
		free(pages->status);
		pages->status = make_status(call);
		pages->status_at_ns = began_ns;
	}
	if (pages->status)
		api_pages_reply(call, 200, JSON_TYPE, pages->status, strlen(pages->status));
	else
		call_refuse(call);
	api_pages_end(pages, began_ns);
}

struct poll_query {
	uint64_t epoch, since, after;
};

static json_t *render_builds(const struct api_call *call, const struct poll_query *query)
{
	const struct page_board *board = call->api->pages->board;
	const struct edge *edge = call->api->edge;
	json_t *rows = json_array(), *gone = json_array();
	const struct page_card *card = page_board_next(board, query->since, query->after);
	uint64_t after = 0;

	for (unsigned int i = 0; card && i < ROWS_MAX; i++) {
		const struct build *build = edge_after(edge, card->serial - 1);

		after = card->serial;
		if (card->revision > 0 && build && build->serial == card->serial)
			json_array_append_new(rows, page_rows_build(build));
		else
			json_array_append_new(gone, json_integer((json_int_t)card->serial));
		card = page_board_next(board, query->since, after);
	}
	return json_pack("{s:o, s:o, s:o}", "rows", rows, "gone", gone, "next",
			 card ? json_integer((json_int_t)after) : json_null());
}

static json_t *render_live(const struct api_call *call, const char *serials)
{
	const struct page_rows_source source = {
		.edge = call->api->edge, .table = call->api->table, .watch = call->api->watch};
	json_t *array = json_array();
	unsigned int ports = PAGE_ROWS_PORTS_MAX;

	for (unsigned int i = 0; serials && *serials && i < LIVE_MAX; i++) {
		char *end;
		uint64_t serial = strtoull(serials, &end, 10);
		const struct build *build = serial ? edge_after(source.edge, serial - 1) : NULL;

		if (build && build->serial == serial)
			json_array_append_new(array, page_rows_live(&source, build, &ports));
		serials = *end == ',' ? end + 1 : "";
	}
	return array;
}

/* Whoever knows of another sallyportd, or too little, begins anew. */
static void poll_builds(struct api_call *call, struct poll_query *query)
{
	struct page_board *board = call->api->pages->board;
	uint64_t epoch = call->api->started_wall_ns / 1000000;
	int r = page_board_look(board, call->api->edge, call->edge.now.boot_ns);
	bool reset = query->epoch != epoch || !page_board_knows(board, query->since);
	json_t *body;

	if (reset)
		query->since = query->after = 0;
	body = render_builds(call, query);
	json_object_set_new(body, "epoch", json_integer((json_int_t)epoch));
	json_object_set_new(body, "reset", json_boolean(reset));
	json_object_set_new(body, "more", json_boolean(r == -EAGAIN));
	json_object_set_new(body, "tick", json_integer((json_int_t)page_board_tick(board)));
	json_object_set_new(body, "boot_ms",
			    json_integer((json_int_t)(call->edge.now.boot_ns / 1000000)));
	json_object_set_new(body, "wall_ms",
			    json_integer((json_int_t)(call->edge.now.wall_ns / 1000000)));
	json_object_set_new(body, "live",
			    render_live(call, http_request_query(call->request, "rows")));
	reply(call, body);
}

void api_pages_data_builds(struct api_call *call)
{
	struct poll_query query = {0};
	uint64_t began_ns;

	if (!call_query_number(call, "epoch", 0, UINT64_MAX, &query.epoch) ||
	    !call_query_number(call, "since", 0, UINT64_MAX, &query.since) ||
	    !call_query_number(call, "after", 0, UINT64_MAX - 1, &query.after) ||
	    !api_pages_begin(call, &began_ns))
		return;
	poll_builds(call, &query);
	api_pages_end(call->api->pages, began_ns);
}

static json_t *print_connect(const struct connect *connect, enum connect_format format)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);
	json_t *result = NULL;

	if (!out)
		return NULL;
	connect_write(connect, format, out);
	if (fclose(out) == 0)
		result = format == CONNECT_JSON ? json_loadb(text, bytes, 0, NULL)
						: json_stringn(text, bytes);
	free(text);
	return result;
}

static json_t *text_or_null(const char *text)
{
	return text ? json_values_string(text) : json_null();
}

static json_t *render_build(const struct api_call *call, const struct build *build)
{
	struct connect_clients clients;
	struct connect connect = {
		.build = build,
		.settings = edge_settings(call->api->edge),
		.now = call->edge.now,
		.view = CONNECT_WAIT,
	};
	json_t *body;

	if (call->api->watch) {
		connect_clients_find(watch_connections(call->api->watch), call->api->table, build,
				     &call->edge.now, &clients);
		connect.clients = &clients;
	}
	body = print_connect(&connect, CONNECT_JSON);
	json_object_set_new(body, "edge", json_string(call->api->name));
	json_object_set_new(body, "now", json_values_time(call->edge.now.wall_ns));
	json_object_set_new(body, "reason", text_or_null(model_session_reason_name(build->reason)));
	json_object_set_new(body, "created_at", json_values_time(build->created_wall_ns));
	json_object_set_new(body, "finished_at", json_values_time(build->finished_wall_ns));
	json_object_set_new(body, "connected_at", json_values_time(build->connected_wall_ns));
	json_object_set_new(body, "ssh_config", print_connect(&connect, CONNECT_SSH_CONFIG));
	json_object_set_new(body, "known_hosts", print_connect(&connect, CONNECT_KNOWN_HOSTS));
	return body;
}

void api_pages_data_build(struct api_call *call)
{
	const struct build *build = edge_get(call->api->edge, call->id);
	uint64_t began_ns;

	if (!api_pages_begin(call, &began_ns))
		return;
	if (build)
		reply(call, render_build(call, build));
	else
		call_refuse_with(call, PROBLEM_NOT_FOUND, "There is no build %s.", call->id);
	api_pages_end(call->api->pages, began_ns);
}
