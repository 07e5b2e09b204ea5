/* SPDX-License-Identifier: BSD-3-Clause */
#include "table/json.h"

#include "host/boottime.h"
#include "host/table_map.h"
#include "json/shape.h"
#include "json/values.h"

static const struct json_shape bytes_shape = {
	.name = "Bytes",
	.help = "Bytes of IP packets sent on, as they arrived, without link headers",
	.members =
		(const struct json_shape_member[]){
			{"to_vm", JSON_SHAPE_INTEGER, .example = "71204"},
			{"to_client", JSON_SHAPE_INTEGER, .example = "98310"},
			{0},
		},
};

const struct json_shape table_json_engine_shape = {
	.name = "Engine",
	.help = "What one engine has done",
	.members =
		(const struct json_shape_member[]){
			{"packets", JSON_SHAPE_INTEGER, .example = "824", .help = "forwarded"},
			{"bytes", JSON_SHAPE_OBJECT, .shape = &bytes_shape, .help = "of these"},
			{"verdicts", JSON_SHAPE_INTEGER, .many = JSON_SHAPE_BY_NAME,
			 .example = "824", .help = "packets by what became of them"},
			{0},
		},
};

const struct json_shape table_json_worker_shape = {
	.name = "Worker",
	.help = "A worker of sallyport-dp",
	.members =
		(const struct json_shape_member[]){
			{"index", JSON_SHAPE_INTEGER, .example = "0"},
			{"pid", JSON_SHAPE_INTEGER, .example = "4711"},
			{"alive", JSON_SHAPE_BOOLEAN, .example = "true"},
			{"active", JSON_SHAPE_BOOLEAN, .example = "true"},
			{"rounds", JSON_SHAPE_INTEGER, .example = "981231",
			 .help = "through its queues"},
			{"received", JSON_SHAPE_INTEGER, .example = "52110",
			 .help = "packets from its queues"},
			{"busy_us", JSON_SHAPE_INTEGER, .example = "9120",
			 .help = "time in rounds that had packets"},
			{"bursts", JSON_SHAPE_INTEGER, .many = JSON_SHAPE_LIST, .example = "4711",
			 .help = "how often it found up to 1, 4, 16, 32, 63 packets waiting in a "
				 "queue, and more"},
			{0},
		},
};

const struct json_shape table_json_queue_shape = {
	.name = "Queue",
	.help = "A queue that sallyport-dp polls",
	.members =
		(const struct json_shape_member[]){
			{"interface", JSON_SHAPE_STRING, .values = "public|builds"},
			{"queue", JSON_SHAPE_INTEGER, .example = "0"},
			{"beat_age_us", JSON_SHAPE_INTEGER, .example = "130",
			 .help = "since it was polled last"},
			{"fresh", JSON_SHAPE_BOOLEAN, .example = "true",
			 .help = "no longer than the engines' limit"},
			{"lost", JSON_SHAPE_INTEGER, .many = JSON_SHAPE_BY_NAME, .example = "0",
			 .help = "packets by why"},
			{"hints", JSON_SHAPE_INTEGER, .many = JSON_SHAPE_BY_NAME, .example = "4711",
			 .help = "of the XDP program, by what they were worth"},
			{0},
		},
};

json_t *table_json_verdicts(const uint64_t packets[SP_VERDICT_COUNT])
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < SP_VERDICT_COUNT; i++)
		json_object_set_new(object, table_counters_verdict_name(i),
				    json_integer((json_int_t)packets[i]));
	return object;
}

static json_t *render_bytes(const struct table_map *table, enum metrics_engine engine)
{
	uint64_t bytes[2];

	table_counters_sum_bytes(table, engine, bytes);
	return JSON_SHAPE_OBJECT_OF(&bytes_shape, json_values_number(bytes[SP_TOWARD_VM]),
				    json_values_number(bytes[SP_TOWARD_CLIENT]));
}

json_t *table_json_engine(const struct table_map *table, enum metrics_engine engine)
{
	uint64_t packets[SP_VERDICT_COUNT];

	table_counters_sum_verdicts(table, engine, packets);
	return JSON_SHAPE_OBJECT_OF(
		&table_json_engine_shape,
		json_values_number(packets[SP_FORWARDED] + packets[SP_COMPLETED]),
		render_bytes(table, engine), table_json_verdicts(packets));
}

static json_t *render_bursts(const struct sp_counters *counters)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < SP_BURSTS_NR; i++)
		json_array_append_new(array, json_values_number(counters->burst[i]));
	return array;
}

static json_t *render_worker(const struct table_map *table, unsigned int index)
{
	const struct sp_worker *worker = &table->workers[index];

	return JSON_SHAPE_OBJECT_OF(
		&table_json_worker_shape, json_integer(index), json_integer(worker->pid),
		json_boolean(table_counters_worker_alive(table, index)),
		json_boolean(worker->active), json_values_number(worker->rounds),
		json_values_number(worker->nr_received), json_values_number(worker->busy_ns / 1000),
		render_bursts(&table->counters[table->nr_cpus + index]));
}

json_t *table_json_workers(const struct table_map *table)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < SP_WORKERS_MAX; i++)
		if (table->workers[i].pid != 0)
			json_array_append_new(array, render_worker(table, i));
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

static json_t *render_hints(const struct sp_queue *queue)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < SP_HINTS_NR; i++)
		json_object_set_new(object, table_counters_hint_name(i),
				    json_integer((json_int_t)queue->hints[i]));
	return object;
}

static json_t *render_queue(const struct table_map *table, unsigned int index, uint64_t now_ns)
{
	const struct sp_queue *queue = &table->queues[index];
	uint64_t beat_ns = queue->beat_ns;
	uint64_t age_ns = beat_ns < now_ns ? now_ns - beat_ns : 0;

	return JSON_SHAPE_OBJECT_OF(
		&table_json_queue_shape, json_string(index < SP_QUEUES_MAX ? "public" : "builds"),
		json_integer(index % SP_QUEUES_MAX), json_values_number(age_ns / NS_PER_US),
		json_boolean(table_counters_queue_fresh(table, index, now_ns)), render_lost(queue),
		render_hints(queue));
}

json_t *table_json_queues(const struct table_map *table, uint64_t now_ns)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < 2 * SP_QUEUES_MAX; i++)
		if (table->queues[i].beat_ns != 0)
			json_array_append_new(array, render_queue(table, i, now_ns));
	return array;
}
