/* SPDX-License-Identifier: BSD-3-Clause */
/* What the table says, as it is pinned: with the daemon down too. */
#include <stdlib.h>

#include "cli/bundle/bundle.h"
#include "cli/talk/talk.h"
#include "host/addr.h"
#include "host/boottime.h"
#include "host/config.h"
#include "host/table_map.h"
#include "table/json.h"

#define FILE_NAME "table.json"

static json_t *render_meta(const struct table_map *table)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "version",
			 (json_int_t)table->meta->version, "slot_bytes",
			 (json_int_t)table->meta->slot_bytes, "nr_publics",
			 (json_int_t)table->nr_publics, "nr_buckets", (json_int_t)table->nr_buckets,
			 "nr_allow", (json_int_t)table->nr_allow, "nr_usage",
			 (json_int_t)table->nr_usage, "nr_cpus", (json_int_t)table->nr_cpus,
			 "nr_workers", (json_int_t)table->nr_workers);
}

static json_t *render_networks(const struct sp_settings *settings)
{
	json_t *array = json_array();
	unsigned int set = settings->networks_now & 1;
	char text[ADDR_PREFIX_BYTES];

	for (unsigned int i = 0; i < settings->nr_networks[set] && i < SP_NETWORKS_MAX; i++)
		json_array_append_new(
			array, json_string(addr_prefix_format(&settings->networks[set][i], text)));
	return array;
}

static json_t *render_settings(const struct sp_settings *settings)
{
	return json_pack("{s:s, s:b, s:I, s:I, s:I, s:b, s:o}", "engine_mode",
			 settings->engine_mode == SP_ENGINE_DPDK ? "dpdk" : "xdp", "fallback",
			 settings->fallback != 0, "failover_ns", (json_int_t)settings->failover_ns,
			 "public_ifindex", (json_int_t)settings->public_ifindex, "builds_ifindex",
			 (json_int_t)settings->builds_ifindex, "explain", settings->explain != 0,
			 "networks", render_networks(settings));
}

/* Result: how many leases are in which state. */
static json_t *render_slots(const struct table_map *table)
{
	static const char *const names[] = {
		[SP_SLOT_FREE] = "free",
		[SP_SLOT_RESERVED] = "reserved",
		[SP_SLOT_LIVE] = "live",
		[SP_SLOT_ENDED] = "ended",
	};
	unsigned int nr[SP_SLOT_ENDED + 1] = {0};
	json_t *object = json_object();

	for (uint32_t i = 0; i < table->nr_slots; i++) {
		uint32_t state = table->leases[i].state;

		if (state <= SP_SLOT_ENDED)
			nr[state]++;
	}
	for (unsigned int i = 0; i <= SP_SLOT_ENDED; i++)
		json_object_set_new(object, names[i], json_integer(nr[i]));
	return object;
}

static json_t *render(const struct table_map *table)
{
	uint64_t now_ns = boottime_now_ns();

	return json_pack("{s:o, s:o, s:s, s:{s:o, s:o}, s:o, s:o, s:o}", "meta", render_meta(table),
			 "settings", render_settings(table->settings), "carrying",
			 table_counters_carrier(table, now_ns), "engines", "xdp",
			 table_json_engine(table, METRICS_XDP), "dpdk",
			 table_json_engine(table, METRICS_DPDK), "workers",
			 table_json_workers(table), "queues", table_json_queues(table, now_ns),
			 "slots", render_slots(table));
}

void bundle_table_gather(struct bundle *bundle)
{
	const char *bpf_dir = bundle->config ? bundle->config->edge.bpf_dir : CLI_DEFAULT_BPF_DIR;
	struct table_map *table;
	char *reason = NULL;

	if (table_map_open(bpf_dir, TABLE_LOOK, &table, &reason) < 0) {
		bundle_miss(bundle, FILE_NAME, "%s", reason ? reason : "out of memory");
		free(reason);
		return;
	}
	bundle_add_json(bundle, FILE_NAME, &redact_rules_table, render(table));
	table_map_free(table);
}
