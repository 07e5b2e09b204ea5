/* SPDX-License-Identifier: BSD-3-Clause */
#include "table/json.h"

#include "host/boottime.h"
#include "host/table_map.h"

json_t *table_json_verdicts(const uint64_t packets[SP_VERDICT_COUNT])
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < SP_VERDICT_COUNT; i++)
		json_object_set_new(object, table_counters_verdict_name(i),
				    json_integer((json_int_t)packets[i]));
	return object;
}

json_t *table_json_engine(const struct table_map *table, enum metrics_engine engine)
{
	uint64_t packets[SP_VERDICT_COUNT];

	table_counters_sum_verdicts(table, engine, packets);
	return json_pack("{s:I, s:o}", "packets",
			 (json_int_t)(packets[SP_FORWARDED] + packets[SP_COMPLETED]), "verdicts",
			 table_json_verdicts(packets));
}

json_t *table_json_workers(const struct table_map *table)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < SP_WORKERS_MAX; i++) {
		const struct sp_worker *worker = &table->workers[i];

		if (worker->pid == 0)
			continue;
		json_array_append_new(array, json_pack("{s:i, s:i, s:b, s:b, s:I}", "index", i,
						       "pid", worker->pid, "alive",
						       table_counters_worker_alive(table, i),
						       "active", worker->active, "rounds",
						       (json_int_t)worker->rounds));
	}
	return array;
}

json_t *table_json_left(const struct table_map *table)
{
	uint32_t left = table_counters_left(table);
	json_t *array = json_array();

	for (unsigned int bit = 0; bit < 32; bit++)
		if (left >> bit & 1)
			json_array_append_new(array, json_string(table_counters_left_text(bit)));
	return array;
}

static json_t *render_lost(const struct sp_queue *queue)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < SP_QUEUE_LOSSES_NR; i++)
		json_object_set_new(object, table_counters_loss_name(i),
				    json_integer((json_int_t)queue->lost[i]));
	return object;
}

json_t *table_json_queues(const struct table_map *table, uint64_t now_ns)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < 2 * SP_QUEUES_MAX; i++) {
		uint64_t beat_ns = table->queues[i].beat_ns;
		uint64_t age_ns = beat_ns < now_ns ? now_ns - beat_ns : 0;

		if (beat_ns == 0)
			continue;
		json_array_append_new(array, json_pack("{s:s, s:i, s:I, s:b, s:o}", "interface",
						       i < SP_QUEUES_MAX ? "public" : "builds",
						       "queue", i % SP_QUEUES_MAX, "beat_age_us",
						       (json_int_t)(age_ns / NS_PER_US), "fresh",
						       table_counters_queue_fresh(table, i, now_ns),
						       "lost", render_lost(&table->queues[i])));
	}
	return array;
}
