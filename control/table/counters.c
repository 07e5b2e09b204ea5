/* SPDX-License-Identifier: BSD-3-Clause */
#include "table/counters.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include <sallyport/compiler.h>
#include <sallyport/left.h>

#include "host/table_map.h"
#include "model/build.h"

static const char *const verdict_names[] = {
#define X(NAME, name, fate, help) [SP_##NAME] = #name,
	SP_VERDICT_LIST(X)
#undef X
};

static const char *const verdict_helps[] = {
#define X(NAME, name, fate, help) [SP_##NAME] = help,
	SP_VERDICT_LIST(X)
#undef X
};

const char *table_counters_engine_name(enum metrics_engine engine)
{
	return engine == METRICS_XDP ? "xdp" : "dpdk";
}

const char *table_counters_verdict_name(enum sp_verdict verdict)
{
	return verdict_names[verdict];
}

const char *table_counters_verdict_help(enum sp_verdict verdict)
{
	return verdict_helps[verdict];
}

/* Shared memory that others write: each value is loaded once. */
static uint64_t load(const __u64 *value)
{
	return __atomic_load_n(value, __ATOMIC_RELAXED);
}

/* Result: how many rows an engine has, from *ret_first on. */
static unsigned int rows_of(const struct table_map *table, enum metrics_engine engine,
			    const struct sp_counters **ret_first)
{
	*ret_first = &table->counters[engine == METRICS_XDP ? 0 : table->nr_cpus];
	return engine == METRICS_XDP ? table->nr_cpus : table->nr_workers;
}

void table_counters_sum_verdicts(const struct table_map *table, enum metrics_engine engine,
				 uint64_t ret_packets[SP_VERDICT_COUNT])
{
	const struct sp_counters *first;
	unsigned int nr = rows_of(table, engine, &first);

	memset(ret_packets, 0, SP_VERDICT_COUNT * sizeof(*ret_packets));
	for (unsigned int row = 0; row < nr; row++) {
		for (unsigned int i = 0; i < SP_VERDICT_COUNT; i++)
			ret_packets[i] += load(&first[row].verdict[i]);
	}
}

void table_counters_sum_bytes(const struct table_map *table, enum metrics_engine engine,
			      uint64_t ret_bytes[2])
{
	const struct sp_counters *first;
	unsigned int nr = rows_of(table, engine, &first);

	ret_bytes[SP_TOWARD_VM] = ret_bytes[SP_TOWARD_CLIENT] = 0;
	for (unsigned int row = 0; row < nr; row++) {
		for (unsigned int i = 0; i < 2; i++)
			ret_bytes[i] += load(&first[row].bytes[i]);
	}
}

const char *table_counters_direction_name(enum sp_direction direction)
{
	return direction == SP_TOWARD_VM ? "to_vm" : "to_client";
}

static void add_record(const struct sp_usage *record, struct metrics_usage *usage)
{
	uint64_t last_seen_ns = load(&record->last_seen_ns);

	for (unsigned int i = 0; i < 2; i++) {
		usage->packets[i] += load(&record->packets[i]);
		usage->bytes[i] += load(&record->bytes[i]);
		usage->syns[i] += __atomic_load_n(&record->syns[i], __ATOMIC_RELAXED);
	}
	if (last_seen_ns > usage->last_seen_ns)
		usage->last_seen_ns = last_seen_ns;
}

void table_counters_add_usage(const struct table_map *table, const struct forward *forward,
			      struct metrics_usage *usage)
{
	const struct sp_slot *slot = table_map_slot(table, forward->slot_index);

	if (!slot || slot->generation == 0 || slot->usage_index >= table->nr_usage)
		return;
	for (unsigned int row = 0; row < table->nr_rows; row++) {
		const struct sp_usage *record = table_map_usage(table, row, slot->usage_index);

		if (__atomic_load_n(&record->generation, __ATOMIC_ACQUIRE) == slot->generation)
			add_record(record, usage);
	}
}

uint64_t table_counters_refused_ns(const struct table_map *table, const struct forward *forward)
{
	const struct sp_slot *slot = table_map_slot(table, forward->slot_index);
	struct sp_table view = table_map_view(table);
	uint64_t latest_ns = 0;

	if (!slot || slot->generation == 0 || slot->usage_index >= table->nr_usage)
		return 0;
	for (uint32_t row = 0; row < table->nr_rows; row++) {
		uint32_t word = SP_LIMIT_REFUSED_FIRST(table->nr_usage) + slot->usage_index * 2;
		const __u64 *refused = sp_table_limit(&view, row, word);
		const __u64 *last_ns = sp_table_limit(&view, row, word + 1);

		if (load(refused) >> 32 == slot->generation && load(last_ns) > latest_ns)
			latest_ns = load(last_ns);
	}
	return latest_ns;
}

bool table_counters_worker_alive(const struct table_map *table, unsigned int index)
{
	uint32_t pid = __atomic_load_n(&table->workers[index].pid, __ATOMIC_RELAXED);

	return pid != 0 && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

uint32_t table_counters_left(const struct table_map *table)
{
	uint32_t left = 0;

	for (unsigned int i = 0; i < SP_WORKERS_MAX; i++)
		if (table_counters_worker_alive(table, i))
			left |= (uint32_t)load(&table->workers[i].left);
	return left;
}

bool table_counters_yields(const struct table_map *table)
{
	bool some = false;

	for (unsigned int i = 0; i < SP_WORKERS_MAX; i++) {
		if (!table_counters_worker_alive(table, i))
			continue;
		if (load(&table->workers[i].yields) == 0)
			return false;
		some = true;
	}
	return some;
}

const char *table_counters_left_text(unsigned int bit)
{
	static const char *const texts[] = {
#define X(name, text) text,
		SP_LEFT_LIST(X)
#undef X
	};

	return bit < SP_LEFT_BITS ? texts[bit] : "it says so, for a reason that is not known here";
}

bool table_counters_queue_fresh(const struct table_map *table, unsigned int record, uint64_t now_ns)
{
	uint64_t beat_ns = load(&table->queues[record].beat_ns);

	return beat_ns != 0 &&
	       (beat_ns >= now_ns || now_ns - beat_ns <= table->settings->failover_ns);
}

const char *table_counters_loss_name(enum sp_queue_loss loss)
{
	static const char *const names[SP_QUEUE_LOSSES_NR] = {
		[SP_LOST_DROPPED] = "dropped",
		[SP_LOST_RING_FULL] = "ring_full",
		[SP_LOST_NO_BUFFERS] = "no_buffers",
	};

	return names[loss];
}

const char *table_counters_hint_name(enum sp_hint_worth worth)
{
	static const char *const names[SP_HINTS_NR] = {
		[SP_HINT_USED] = "used",
		[SP_HINT_WRONG] = "wrong",
	};

	return names[worth];
}

uint32_t table_counters_detached(const struct table_map *table)
{
	return SP_LOAD(table->settings->detached);
}

const char *table_counters_carrier(const struct table_map *table, uint64_t now_ns)
{
	const struct sp_settings *settings = table->settings;

	/* Past the programs nothing finds its way, whichever engine is there. */
	if (SP_LOAD(settings->detached))
		return "none";
	if (settings->engine_mode == SP_ENGINE_XDP)
		return "xdp";
	for (unsigned int i = 0; i < 2 * SP_QUEUES_MAX; i++) {
		if (table_counters_queue_fresh(table, i, now_ns))
			return "dpdk";
	}
	return settings->fallback ? "xdp" : "none";
}
