/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/use.h"

#include "edge/edge.h"
#include "host/table_map.h"
#include "watch/connections.h"

#include <sallyport/compiler.h>

static uint64_t last_seen(const struct table_map *table, uint32_t slot_index)
{
	const struct sp_slot *slot = table_map_slot(table, slot_index);
	uint64_t latest_ns = 0;

	if (!slot || slot->usage_index >= table->nr_usage)
		return 0;
	for (uint32_t row = 0; row < table->nr_rows; row++) {
		const struct sp_usage *usage = table_map_usage(table, row, slot->usage_index);
		uint64_t seen_ns = SP_LOAD(usage->last_seen_ns);

		if (SP_LOAD(usage->generation) == slot->generation && seen_ns > latest_ns)
			latest_ns = seen_ns;
	}
	return latest_ns;
}

/* A VM that talks uses its lease only with somebody who is connected: TCP answers strangers too. */
static void tell_forward(struct edge *edge, const struct table_map *table,
			 struct connections *connections, const struct forward *forward)
{
	const struct sp_slot *slot = table_map_slot(table, forward->slot_index);

	if (slot && (forward->protocol_mask & SP_PROTOCOL_UDP ||
		     watch_connections_nr(connections, forward->slot_index, slot->generation) > 0))
		edge_notes_used(edge, forward->slot_index, last_seen(table, forward->slot_index));
}

void watch_use_tell(struct edge *edge, const struct table_map *table,
		    struct connections *connections)
{
	if (!edge_settings(edge)->extend_step_ns)
		return;
	for (const struct build *build = edge_after(edge, 0); build;
	     build = edge_after(edge, build->serial))
		for (unsigned int i = 0; build->state == SESSION_FINISHED && i < build->nr_nodes;
		     i++)
			for (unsigned int j = 0; j < build->nodes[i].nr_forwards; j++)
				tell_forward(edge, table, connections,
					     &build->nodes[i].forwards[j]);
}
