/* SPDX-License-Identifier: BSD-3-Clause */
/* /v1/status, /v1/pools, /v1/version and /metrics: the edge as a whole. */
#include <string.h>

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
	return json_pack("{s:i, s:i}", "used", used, "max", max);
}

static json_t *render_ports(const struct ports_figures *figures)
{
	return json_pack("{s:i, s:i, s:i, s:i}", "total", figures->total, "used", figures->used,
			 "free", figures->free, "quarantined", figures->quarantined);
}

static json_t *render_pools(const struct edge *edge, struct ports_figures *ret_sum)
{
	const struct model_settings *settings = edge_settings(edge);
	json_t *array = json_array();
	struct ports_figures figures;

	memset(ret_sum, 0, sizeof(*ret_sum));
	for (unsigned int i = 0; edge_pool_figures(edge, i, &figures) == 0; i++) {
		char bind[ADDR_TEXT_BYTES];
		json_t *pool = render_ports(&figures);

		addr_format(&settings->publics[i].bind, bind);
		json_object_set_new(pool, "address", json_string(bind));
		json_object_set_new(pool, "pool", json_string(settings->publics[i].pool));
		json_object_set_new(pool, "advertise", json_string(settings->publics[i].advertise));
		json_array_append_new(array, pool);
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
	return json_pack("{s:I}", "behind", (json_int_t)behind);
}

static void set_sessions(const struct api_context *api, json_t *status)
{
	struct edge_figures figures;

	edge_figures(api->edge, &figures);
	json_object_set_new(status, "builds", render_builds(&figures));
	json_object_set_new(status, "nodes", json_integer(figures.nodes));
	json_object_set_new(status, "leases_live", json_integer(figures.leases_live));
	json_object_set_new(status, "leases_expected", json_integer(figures.leases_expected));
	json_object_set_new(status, "endpoints",
			    render_level(figures.endpoints, figures.endpoints_max));
	json_object_set_new(status, "allow_lists",
			    render_level(figures.allow_lists, figures.allow_lists_max));
	json_object_set_new(status, "ports", render_pool_sum(api->edge));
	json_object_set_new(status, "events",
			    json_pack("{s:I, s:I}", "oldest", (json_int_t)figures.oldest_seq,
				      "newest", (json_int_t)figures.newest_seq));
	json_object_set_new(status, "hooks", render_hooks(api, figures.newest_seq));
	json_object_set_new(status, "journal_errors",
			    json_integer((json_int_t)figures.journal_errors));
	json_object_set_new(status, "cuts",
			    json_pack("{s:I, s:I, s:I, s:I}", "made", (json_int_t)figures.cuts,
				      "owed", (json_int_t)figures.cuts_owed, "unrecorded",
				      (json_int_t)figures.cuts_loose, "room",
				      (json_int_t)figures.cuts_room));
}

static void set_engines(const struct table_map *table, uint64_t now_ns, json_t *status)
{
	bool dpdk = table->settings->engine_mode == SP_ENGINE_DPDK;

	json_object_set_new(status, "engine", json_string(dpdk ? "dpdk" : "xdp"));
	json_object_set_new(status, "carrying", json_string(table_counters_carrier(table, now_ns)));
	json_object_set_new(status, "left_to_xdp", table_json_left(table));
	json_object_set_new(status, "engines",
			    json_pack("{s:o, s:o}", "xdp", table_json_engine(table, METRICS_XDP),
				      "dpdk", table_json_engine(table, METRICS_DPDK)));
	json_object_set_new(status, "verdicts", render_sum(table));
	json_object_set_new(status, "workers", table_json_workers(table));
	json_object_set_new(status, "queues", table_json_queues(table, now_ns));
}

static void set_explain(const struct explain *explain, json_t *status)
{
	struct explain_figures figures = {0};

	if (explain)
		explain_figures(explain, &figures);
	json_object_set_new(status, "explained",
			    json_pack("{s:I, s:I}", "told", (json_int_t)figures.explained,
				      "refused", (json_int_t)figures.refused));
}

static void set_connections(const struct watch *watch, json_t *status)
{
	struct watch_figures figures = {0};

	if (watch)
		watch_figures(watch, &figures);
	json_object_set_new(
		status, "connections",
		json_pack("{s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:I, s:I, s:b}", "open",
			  figures.connections.open, "half_open", figures.connections.half_open,
			  "attempts", (json_int_t)figures.connections.attempts, "gave_way",
			  (json_int_t)figures.connections.gave_way, "opened",
			  (json_int_t)figures.connections.opened, "left_out",
			  (json_int_t)figures.connections.left_out, "untold",
			  (json_int_t)figures.untold, "notes_lost", (json_int_t)figures.notes_lost,
			  "records_waiting", figures.records.waiting, "records_lost",
			  (json_int_t)figures.records.lost, "provoked",
			  (json_int_t)figures.provoked, "audit_in_memory",
			  figures.audit.in_memory));
}

void api_status_get(struct api_call *call)
{
	const struct api_context *api = call->api;
	json_t *status = json_object();

	json_object_set_new(status, "name", json_string(api->name));
	json_object_set_new(status, "version", json_string(SALLYPORT_VERSION));
	json_object_set_new(status, "started_at", json_values_time(api->started_wall_ns));
	json_object_set_new(status, "now", json_values_time(call->edge.now.wall_ns));
	set_engines(api->table, call->edge.now.boot_ns, status);
	set_sessions(api, status);
	set_explain(api->explain, status);
	set_connections(api->watch, status);
	json_object_set_new(status, "calls_waiting", json_integer(call_turns_waiting(api->turns)));
	json_object_set_new(status, "kernel", api_status_kernel(api->kernel));
	call_reply_json(call, 200, status);
}

void api_status_pools(struct api_call *call)
{
	struct ports_figures sum;
	json_t *pools = render_pools(call->api->edge, &sum);

	call_reply_json(call, 200,
			json_pack("{s:o, s:o}", "pools", pools, "total", render_ports(&sum)));
}

void api_status_version(struct api_call *call)
{
	call_reply_json(call, 200,
			json_pack("{s:s, s:s, s:i}", "version", SALLYPORT_VERSION, "api", "v1",
				  "table", SP_TABLE_VERSION));
}

static void write_metrics(const void *source, FILE *out)
{
	metrics_write(source, out);
}

static struct metrics_host figures_of_host(const struct kernel *kernel)
{
	const struct kernel_figures figures = kernel_figures(kernel);
	struct metrics_host host = {
		.resyncs = figures.resyncs,
		.lost = figures.lost,
		.corrected = figures.corrected,
		.held = figures.held,
		.blind = figures.blind,
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
		.host = figures_of_host(call->api->kernel),
		.now_ns = call->edge.now.boot_ns,
	};

	call_reply_printed(call, METRICS_TYPE, write_metrics, &source);
}
