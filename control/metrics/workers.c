/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics/workers.h"

#include <inttypes.h>
#include <stdbool.h>

#include "table/counters.h"

#include "host/boottime.h"
#include "host/table_map.h"

static bool was_there(const struct table_map *table, unsigned int index)
{
	return table->workers[index].pid != 0;
}

void metrics_workers_write_busy(const struct table_map *table, const char *name, FILE *out)
{
	for (unsigned int i = 0; i < SP_WORKERS_MAX; i++)
		if (was_there(table, i))
			fprintf(out, "%s{worker=\"%u\"} %.6f\n", name, i,
				(double)table->workers[i].busy_ns / NS_PER_S);
}

static void write_bursts(const struct table_map *table, unsigned int index, const char *name,
			 FILE *out)
{
	static const char *const ends[] = {
#define X(nr) #nr,
		SP_BURST_ENDS(X) "+Inf"
#undef X
	};
	const struct sp_counters *counters = &table->counters[table->nr_cpus + index];
	uint64_t sum = 0;

	for (unsigned int i = 0; i < SP_BURSTS_NR; i++) {
		sum += counters->burst[i];
		fprintf(out, "%s_bucket{worker=\"%u\",le=\"%s\"} %" PRIu64 "\n", name, index,
			ends[i], sum);
	}
	fprintf(out, "%s_sum{worker=\"%u\"} %" PRIu64 "\n", name, index,
		(uint64_t)table->workers[index].nr_received);
	fprintf(out, "%s_count{worker=\"%u\"} %" PRIu64 "\n", name, index, sum);
}

void metrics_workers_write_bursts(const struct table_map *table, const char *name, FILE *out)
{
	for (unsigned int i = 0; i < SP_WORKERS_MAX; i++)
		if (was_there(table, i))
			write_bursts(table, i, name, out);
}

void metrics_workers_write_hints(const struct table_map *table, const char *name, FILE *out)
{
	const struct sp_queue *queues = &table->queues[SP_QUEUES_MAX];

	for (unsigned int i = 0; i < SP_QUEUES_MAX; i++)
		for (unsigned int worth = 0; queues[i].frame_bytes && worth < SP_HINTS_NR; worth++)
			fprintf(out,
				"%s{interface=\"builds\",queue=\"%u\",worth=\"%s\"} %" PRIu64 "\n",
				name, i, table_counters_hint_name(worth),
				(uint64_t)queues[i].hints[worth]);
}
