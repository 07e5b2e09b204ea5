/* SPDX-License-Identifier: BSD-3-Clause */
#include "page/rows.h"

#include "edge/edge.h"
#include "host/table_map.h"
#include "table/counters.h"
#include "watch/watch.h"
#include "json/values.h"

static json_t *text_or_null(const char *text)
{
	return text ? json_values_string(text) : json_null();
}

static unsigned int count_ready(const struct build *build)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < build->nr_nodes; i++)
		nr += build->nodes[i].state == NODE_READY;
	return nr;
}

static json_t *seconds(uint64_t ns)
{
	return json_integer((json_int_t)(ns / CLOCK_SECOND_NS));
}

json_t *page_rows_build(const struct build *build)
{
	return json_pack("[I, s, o, s, o, o, o, o, o, o, o, b, i, i]", (json_int_t)build->serial,
			 build->id, json_values_string(build->title),
			 model_session_state_name(build->state),
			 text_or_null(model_session_reason_name(build->reason)),
			 text_or_null(build->user), text_or_null(build->organisation),
			 json_values_strings(&build->actors), seconds(build->created_wall_ns),
			 seconds(build->deadline_ns), seconds(build->ended_wall_ns),
			 build->connected_wall_ns != 0, build->nr_nodes, count_ready(build));
}

/* A port that is promised but not published yet has figures of whoever had it before. */
static unsigned int add_port(const struct page_rows_source *source, const struct build *build,
			     const struct forward *forward, struct metrics_usage *usage)
{
	const struct sp_slot *slot = table_map_slot(source->table, forward->slot_index);

	if (!slot || edge_slot_serial(source->edge, forward->slot_index) != build->serial)
		return 0;
	table_counters_add_usage(source->table, forward, usage);
	return source->watch && build_is_open(build)
		       ? watch_connections_nr(watch_connections(source->watch), forward->slot_index,
					      slot->generation)
		       : 0;
}

json_t *page_rows_live(const struct page_rows_source *source, const struct build *build,
		       unsigned int *ports)
{
	struct metrics_usage usage = {0};
	unsigned int nr_ports = 0, nr_connections = 0;

	for (unsigned int i = 0; i < build->nr_nodes; i++)
		nr_ports += build->nodes[i].nr_forwards;
	if (nr_ports > *ports)
		return json_pack("[I, n, n, n]", (json_int_t)build->serial);
	*ports -= nr_ports;
	for (unsigned int i = 0; i < build->nr_nodes; i++) {
		const struct node *node = &build->nodes[i];

		for (unsigned int j = 0; j < node->nr_forwards; j++)
			nr_connections += add_port(source, build, &node->forwards[j], &usage);
	}
	return json_pack("[I, i, I, I]", (json_int_t)build->serial, nr_connections,
			 (json_int_t)usage.bytes[SP_TOWARD_VM],
			 (json_int_t)usage.bytes[SP_TOWARD_CLIENT]);
}
