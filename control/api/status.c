/* SPDX-License-Identifier: BSD-3-Clause */
/* /v1/status, /v1/pools, /v1/version and /metrics: the edge as a whole. */
#include <string.h>

#include "announce/announce.h"
#include "api/call/call.h"
#include "api/call/context.h"
#include "api/call/turns.h"
#include "api/handlers.h"
#include "api/render.h"
#include "api/status.h"
#include "explain/explain.h"
#include "host/addr.h"
#include "host/table_map.h"
#include "kernel/kernel.h"
#include "metrics/metrics.h"
#include "model/ports.h"
#include "table/counters.h"
#include "table/json.h"
#include "watch/watch.h"
#include "json/shape.h"
#include "json/values.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

static json_t *render_sum(const struct table_map *table)
{
	uint64_t xdp[SP_VERDICT_COUNT], dpdk[SP_VERDICT_COUNT];

	table_counters_sum_verdicts(table, METRICS_XDP, xdp);
	table_counters_sum_verdicts(table, METRICS_DPDK, dpdk);
	for (unsigned int i = 0; i < SP_VERDICT_COUNT; i++)
		xdp[i] += dpdk[i];
	return table_json_verdicts(xdp);
}

static const struct json_shape level_shape = {
	.name = "Level",
	.help = "How full a table is",
	.members =
		(const struct json_shape_member[]){
			{"used", JSON_SHAPE_INTEGER, .example = "3"},
			{"max", JSON_SHAPE_INTEGER, .example = "65536"},
			{0},
		},
};

/* The versions of clang-format differ here. */
/* clang-format off */
#define PORTS_MEMBERS                                                                              \
	{"total", JSON_SHAPE_INTEGER, .example = "1001"},                                          \
	{"used", JSON_SHAPE_INTEGER, .example = "2"},                                              \
	{"free", JSON_SHAPE_INTEGER, .example = "998"},                                            \
	{"quarantined", JSON_SHAPE_INTEGER, .example = "1",                                        \
	 .help = "not to be given to another build yet"}
/* clang-format on */

static const struct json_shape ports_shape = {
	.name = "Ports",
	.help = "Public ports by use",
	.members = (const struct json_shape_member[]){PORTS_MEMBERS, {0}},
};

static const struct json_shape pool_shape = {
	.name = "Pool",
	.help = "The public ports of one address",
	.members =
		(const struct json_shape_member[]){
			PORTS_MEMBERS,
			{"address", JSON_SHAPE_STRING, .example = "192.0.2.1",
			 .help = "that packets carry"},
			{"pool", JSON_SHAPE_STRING, .example = "default"},
			{"advertise", JSON_SHAPE_STRING, .example = "192.0.2.1",
			 .help = "that people are told"},
			{0},
		},
};

const struct json_shape api_status_pools_shape = {
	.name = "Pools",
	.members =
		(const struct json_shape_member[]){
			{"pools", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST, .shape = &pool_shape},
			{"total", JSON_SHAPE_OBJECT, .shape = &ports_shape},
			{0},
		},
};

const struct json_shape api_status_version_shape = {
	.name = "Version",
	.members =
		(const struct json_shape_member[]){
			{"version", JSON_SHAPE_STRING, .example = "0.1.0"},
			{"api", JSON_SHAPE_STRING, .values = "v1"},
			{"table", JSON_SHAPE_INTEGER, .example = "20",
			 .help = "the layout of the pinned table"},
			{0},
		},
};

static const struct json_shape events_shape = {
	.name = "EventsKept",
	.members =
		(const struct json_shape_member[]){
			{"oldest", JSON_SHAPE_INTEGER, .example = "1"},
			{"newest", JSON_SHAPE_INTEGER, .example = "412", .help = "0: none yet"},
			{0},
		},
};

static const struct json_shape hooks_shape = {
	.name = "Hooks",
	.members =
		(const struct json_shape_member[]){
			{"behind", JSON_SHAPE_INTEGER, .example = "0",
			 .help = "events that sallyport-hooks has not delivered yet"},
			{0},
		},
};

static const struct json_shape cuts_shape = {
	.name = "Cuts",
	.help = "Sessions ended, or sooner, without the journal",
	.members =
		(const struct json_shape_member[]){
			{"made", JSON_SHAPE_INTEGER, .example = "0"},
			{"owed", JSON_SHAPE_INTEGER, .example = "0",
			 .help = "the journal does not have them yet"},
			{"unrecorded", JSON_SHAPE_INTEGER, .example = "0",
			 .help = "of these, what a crash of the host would forget"},
			{"room", JSON_SHAPE_INTEGER, .example = "4096"},
			{0},
		},
};

static const struct json_shape engines_shape = {
	.name = "Engines",
	.members =
		(const struct json_shape_member[]){
			{"xdp", JSON_SHAPE_OBJECT, .shape = &table_json_engine_shape},
			{"dpdk", JSON_SHAPE_OBJECT, .shape = &table_json_engine_shape},
			{0},
		},
};

static const struct json_shape explained_shape = {
	.name = "Explained",
	.help = "Who dialled a port that is shut",
	.members =
		(const struct json_shape_member[]){
			{"told", JSON_SHAPE_INTEGER, .example = "4"},
			{"refused", JSON_SHAPE_INTEGER, .example = "0"},
			{0},
		},
};

static const struct json_shape connections_shape = {
	.name = "ConnectionFigures",
	.members =
		(const struct json_shape_member[]){
			{"open", JSON_SHAPE_INTEGER, .example = "1"},
			{"half_open", JSON_SHAPE_INTEGER, .example = "0"},
			{"attempts", JSON_SHAPE_INTEGER, .example = "9"},
			{"gave_way", JSON_SHAPE_INTEGER, .example = "0"},
			{"opened", JSON_SHAPE_INTEGER, .example = "7"},
			{"left_out", JSON_SHAPE_INTEGER, .example = "0"},
			{"untold", JSON_SHAPE_INTEGER, .example = "0"},
			{"notes_lost", JSON_SHAPE_INTEGER, .example = "0"},
			{"records_waiting", JSON_SHAPE_INTEGER, .example = "0"},
			{"records_lost", JSON_SHAPE_INTEGER, .example = "0"},
			{"provoked", JSON_SHAPE_INTEGER, .example = "2"},
			{"audit_in_memory", JSON_SHAPE_BOOLEAN, .example = "false",
			 .help = "its file cannot be used"},
			{0},
		},
};

const struct json_shape api_status_shape = {
	.name = "Status",
	.help = "The edge as a whole",
	.members =
		(const struct json_shape_member[]){
			{"name", JSON_SHAPE_STRING, .example = "edge-1"},
			{"version", JSON_SHAPE_STRING, .example = "0.1.0"},
			{"started_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_ONE},
			{"now", JSON_SHAPE_TIME, .many = JSON_SHAPE_ONE},
			{"engine", JSON_SHAPE_STRING, .values = "xdp|dpdk",
			 .help = "as configured"},
			{"carrying", JSON_SHAPE_STRING, .values = "xdp|dpdk|none"},
			{"left_to_xdp", JSON_SHAPE_STRING, .many = JSON_SHAPE_LIST,
			 .example = "a queue has no socket",
			 .help = "why sallyport-dp leaves packets to the XDP program"},
			{"workers_yield", JSON_SHAPE_BOOLEAN, .example = "false",
			 .help = "they sleep, and the XDP program has their packets, for they are "
				 "few (dataplane.idle)"},
			{"engines", JSON_SHAPE_OBJECT, .shape = &engines_shape},
			{"verdicts", JSON_SHAPE_INTEGER, .many = JSON_SHAPE_BY_NAME,
			 .example = "824",
			 .help = "packets of both engines by what became of them"},
			{"workers", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST,
			 .shape = &table_json_worker_shape},
			{"queues", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST,
			 .shape = &table_json_queue_shape},
			{"builds", JSON_SHAPE_INTEGER, .many = JSON_SHAPE_BY_NAME, .example = "2",
			 .help = "by state"},
			{"nodes", JSON_SHAPE_INTEGER, .example = "3"},
			{"leases_live", JSON_SHAPE_INTEGER, .example = "3"},
			{"leases_expected", JSON_SHAPE_INTEGER, .example = "3"},
			{"endpoints", JSON_SHAPE_OBJECT, .shape = &level_shape},
			{"allow_lists", JSON_SHAPE_OBJECT, .shape = &level_shape},
			{"ports", JSON_SHAPE_OBJECT, .shape = &ports_shape},
			{"events", JSON_SHAPE_OBJECT, .shape = &events_shape},
			{"hooks", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_OR_NULL,
			 .shape = &hooks_shape, .help = "null where none ever ran"},
			{"journal_errors", JSON_SHAPE_INTEGER, .example = "0"},
			{"journal_failing_since", JSON_SHAPE_TIME, .many = JSON_SHAPE_OR_NULL,
			 .help = "it cannot be written: changes are refused, and only ends of "
				 "sessions are not"},
			{"cuts", JSON_SHAPE_OBJECT, .shape = &cuts_shape},
			{"explained", JSON_SHAPE_OBJECT, .shape = &explained_shape},
			{"connections", JSON_SHAPE_OBJECT, .shape = &connections_shape},
			{"calls_waiting", JSON_SHAPE_INTEGER, .example = "0",
			 .help = "for their turn"},
			{"kernel", JSON_SHAPE_OBJECT, .shape = &api_status_kernel_shape},
			{"announcement", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_OR_NULL,
			 .shape = &api_announcement_shape,
			 .help = "null where announce.interface is not given"},
			{"fleet", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_OR_NULL,
			 .shape = &api_announcement_fleet_shape,
			 .help = "null where fleet.etcd is not given"},
			{0},
		},
};

static json_t *render_builds(const struct edge_figures *figures)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < SESSION_STATES_NR; i++)
		json_object_set_new(object, model_session_state_name(i),
				    json_integer(figures->builds[i]));
	return object;
}

static json_t *render_level(unsigned int used, unsigned int max)
{
	return JSON_SHAPE_OBJECT_OF(&level_shape, json_integer(used), json_integer(max));
}

static json_t *render_ports(const struct ports_figures *figures)
{
	return JSON_SHAPE_OBJECT_OF(&ports_shape, json_integer(figures->total),
				    json_integer(figures->used), json_integer(figures->free),
				    json_integer(figures->quarantined));
}

static json_t *render_pool(const struct model_public *public, const struct ports_figures *figures)
{
	char bind[ADDR_TEXT_BYTES];

	addr_format(&public->bind, bind);
	return JSON_SHAPE_OBJECT_OF(&pool_shape, json_integer(figures->total),
				    json_integer(figures->used), json_integer(figures->free),
				    json_integer(figures->quarantined), json_string(bind),
				    json_string(public->pool), json_string(public->advertise));
}

static json_t *render_pools(const struct edge *edge, struct ports_figures *ret_sum)
{
	const struct model_settings *settings = edge_settings(edge);
	json_t *array = json_array();
	struct ports_figures figures;

	memset(ret_sum, 0, sizeof(*ret_sum));
	for (unsigned int i = 0; edge_pool_figures(edge, i, &figures) == 0; i++) {
		json_array_append_new(array, render_pool(&settings->publics[i], &figures));
		ret_sum->total += figures.total;
		ret_sum->used += figures.used;
		ret_sum->free += figures.free;
		ret_sum->quarantined += figures.quarantined;
	}
	return array;
}

static json_t *render_pool_sum(const struct edge *edge)
{
	struct ports_figures sum;

	json_decref(render_pools(edge, &sum));
	return render_ports(&sum);
}

/* null where no hooks ever ran. */
static json_t *render_hooks(const struct api_context *api, uint64_t newest_seq)
{
	uint64_t behind;

	if (!metrics_hooks_behind(api->hooks_cursor, newest_seq, &behind))
		return json_null();
	return JSON_SHAPE_OBJECT_OF(&hooks_shape, json_values_number(behind));
}

static json_t *render_events(const struct edge_figures *figures)
{
	return JSON_SHAPE_OBJECT_OF(&events_shape, json_values_number(figures->oldest_seq),
				    json_values_number(figures->newest_seq));
}

static json_t *render_cuts(const struct edge_figures *figures)
{
	return JSON_SHAPE_OBJECT_OF(&cuts_shape, json_values_number(figures->cuts),
				    json_values_number(figures->cuts_owed),
				    json_values_number(figures->cuts_loose),
				    json_values_number(figures->cuts_room));
}

static json_t *render_engines(const struct table_map *table)
{
	return JSON_SHAPE_OBJECT_OF(&engines_shape, table_json_engine(table, METRICS_XDP),
				    table_json_engine(table, METRICS_DPDK));
}

static json_t *render_explained(const struct explain *explain)
{
	struct explain_figures figures = {0};

	if (explain)
		explain_figures(explain, &figures);
	return JSON_SHAPE_OBJECT_OF(&explained_shape, json_values_number(figures.explained),
				    json_values_number(figures.refused));
}

static json_t *render_connections(const struct watch *watch)
{
	struct watch_figures figures = {0};

	if (watch)
		watch_figures(watch, &figures);
	return JSON_SHAPE_OBJECT_OF(
		&connections_shape, json_integer(figures.connections.open),
		json_integer(figures.connections.half_open),
		json_values_number(figures.connections.attempts),
		json_values_number(figures.connections.gave_way),
		json_values_number(figures.connections.opened),
		json_values_number(figures.connections.left_out),
		json_values_number(figures.untold), json_values_number(figures.notes_lost),
		json_integer(figures.records.waiting), json_values_number(figures.records.lost),
		json_values_number(figures.provoked), json_boolean(figures.audit.in_memory));
}

json_t *api_status_make(const struct api_context *api, const struct instant *now)
{
	uint64_t now_ns = now->boot_ns;
	bool dpdk = api->table->settings->engine_mode == SP_ENGINE_DPDK;
	struct edge_figures figures;

	edge_figures(api->edge, &figures);
	return JSON_SHAPE_OBJECT_OF(
		&api_status_shape, json_string(api->name), json_string(SALLYPORT_VERSION),
		json_values_time(api->started_wall_ns), json_values_time(now->wall_ns),
		json_string(dpdk ? "dpdk" : "xdp"),
		json_string(table_counters_carrier(api->table, now_ns)),
		table_json_left(api->table), json_boolean(table_counters_yields(api->table)),
		render_engines(api->table), render_sum(api->table), table_json_workers(api->table),
		table_json_queues(api->table, now_ns), render_builds(&figures),
		json_integer(figures.nodes), json_integer(figures.leases_live),
		json_integer(figures.leases_expected),
		render_level(figures.endpoints, figures.endpoints_max),
		render_level(figures.allow_lists, figures.allow_lists_max),
		render_pool_sum(api->edge), render_events(&figures),
		render_hooks(api, figures.newest_seq), json_values_number(figures.journal_errors),
		json_values_time(figures.failing_since_ns
					 ? clock_wall_at(now, figures.failing_since_ns)
					 : 0),
		render_cuts(&figures), render_explained(api->explain),
		render_connections(api->watch), json_integer(call_turns_waiting(api->turns)),
		api_status_kernel(api->kernel),
		api->announce ? api_announcement_make(api->announce, now) : json_null(),
		api->fleet ? api_announcement_fleet_make(api->fleet, now) : json_null());
}

void api_status_get(struct api_call *call)
{
	call_reply_json(call, 200, api_status_make(call->api, &call->edge.now));
}

void api_status_pools(struct api_call *call)
{
	struct ports_figures sum;
	json_t *pools = render_pools(call->api->edge, &sum);

	call_reply_json(call, 200,
			JSON_SHAPE_OBJECT_OF(&api_status_pools_shape, pools, render_ports(&sum)));
}

void api_status_version(struct api_call *call)
{
	call_reply_json(call, 200,
			JSON_SHAPE_OBJECT_OF(&api_status_version_shape,
					     json_string(SALLYPORT_VERSION), json_string("v1"),
					     json_integer(SP_TABLE_VERSION)));
}

static void write_metrics(const void *source, FILE *out)
{
	metrics_write(source, out);
}

/* As metrics have it. */
static int announced(const struct announce *announce)
{
	struct announce_status status;

	if (!announce)
		return -1;
	announce_status(announce, &status);
	return (int)status.state;
}

static struct metrics_host figures_of_host(const struct kernel *kernel,
					   const struct announce *announce)
{
	const struct kernel_figures figures = kernel_figures(kernel);
	struct metrics_host host = {
		.resyncs = figures.resyncs,
		.lost = figures.lost,
		.corrected = figures.corrected,
		.held = figures.held,
		.blind = figures.blind,
		.announced = announced(announce),
		.redirects_counted = figures.redirects.counted,
	};

	memcpy(host.redirects_lost, figures.redirects.lost, sizeof(host.redirects_lost));
	return host;
}

void api_status_metrics(struct api_call *call)
{
	const struct metrics_source source = {
		.edge = call->api->edge,
		.table = call->api->table,
		.explain = call->api->explain,
		.watch = call->api->watch,
		.requests = call->api->requests,
		.hooks_cursor = call->api->hooks_cursor,
		.host = figures_of_host(call->api->kernel, call->api->announce),
		.fleet = call->api->fleet,
		.now_ns = call->edge.now.boot_ns,
	};

	call_reply_printed(call, METRICS_TYPE, write_metrics, &source);
}
