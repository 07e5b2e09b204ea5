/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/show.h"

#include "etcd/etcd.h"
#include "etcd/health.h"
#include "fleet/edges/owed.h"
#include "fleet/edges/table.h"
#include "fleet/queue.h"
#include "fleet/state/epoch.h"
#include "fleet/state/fleet.h"
#include "fleet/state/roll.h"
#include "host/boottime.h"
#include "host/config.h"
#include "roster/roster.h"
#include "json/shape.h"
#include "json/values.h"

#define LOST_SHOWN_NS (24 * 3600 * NS_PER_S)

struct showing {
	const struct fleet *fleet;
	uint64_t now_ns;
	json_t *edges;
};

static json_t *text_or_null(const char *text)
{
	return json_values_string_or_null(*text ? text : NULL);
}

static json_t *show_clock(const struct edges_known *known, uint64_t now_ns)
{
	const struct edges_clock *clock = &known->entry.clock;
	int64_t ahead_ns = (int64_t)(edges_table_wall_ns(known, now_ns) - boottime_wall_ns());

	return JSON_SHAPE_OBJECT_OF(&roster_clock_shape, json_boolean(clock->synchronised),
				    json_values_number(clock->bound_ns / NS_PER_MS),
				    known->seen_ns ? json_integer(ahead_ns / (int64_t)NS_PER_MS)
						   : json_null());
}

static json_t *show_edge(const struct showing *showing, const struct edges_known *known)
{
	const struct edges_entry *entry = &known->entry;
	int64_t behind = state_roll_revision(showing->fleet) - entry->applied;
	uint64_t passed_ns = showing->now_ns - known->lost_ns;
	uint64_t lag_ns = entry->applied < known->mark ? showing->now_ns - known->marked_ns : 0;

	return JSON_SHAPE_OBJECT_OF(
		&roster_edge_shape, json_values_string(entry->name),
		json_boolean(state_roll_is_self(showing->fleet, known)), json_boolean(known->alive),
		json_values_time(known->alive ? 0 : boottime_wall_ns() - passed_ns),
		text_or_null(entry->announced),
		json_integer(behind > 0 && known->alive ? behind : 0),
		json_values_number(known->alive ? lag_ns / NS_PER_MS : 0),
		json_integer(entry->applied), json_integer(entry->removed),
		json_values_time(entry->since_ns), text_or_null(entry->why),
		show_clock(known, showing->now_ns));
}

static void show_one(void *context, const struct edges_known *known)
{
	struct showing *showing = context;

	if (known->alive || showing->now_ns - known->lost_ns < LOST_SHOWN_NS)
		json_array_append_new(showing->edges, show_edge(showing, known));
}

static json_t *show_members(const struct etcd_health *health)
{
	json_t *members = json_array();
	const struct etcd_health_member *member;

	for (unsigned int i = 0; (member = etcd_health_member(health, i)); i++)
		json_array_append_new(members, JSON_SHAPE_OBJECT_OF(&roster_member_shape,
								    json_values_string(member->url),
								    json_boolean(member->reachable),
								    json_boolean(member->leads),
								    text_or_null(member->version),
								    text_or_null(member->why)));
	return members;
}

static json_t *show_store(const struct fleet *fleet)
{
	return JSON_SHAPE_OBJECT_OF(
		&roster_store_shape, json_boolean(fleet->current),
		json_boolean(!state_epoch_lack(fleet)), json_integer(state_roll_revision(fleet)),
		json_values_string_or_null(state_epoch_name(fleet)),
		json_values_string(etcd_member(fleet->etcd)), show_members(fleet->health));
}

json_t *fleet_show_make(const struct fleet *fleet)
{
	struct showing showing = {fleet, boottime_now_ns(), json_array()};
	const char *lack = state_roll_lack(fleet);
	struct fleet_queue_figures queue = fleet_queue_figures(fleet);

	edges_table_mark(state_roll_table(fleet), state_roll_revision(fleet), showing.now_ns);
	edges_table_each(state_roll_table(fleet), show_one, &showing);
	return JSON_SHAPE_OBJECT_OF(
		&roster_shape, json_values_string(fleet->config->edge.name), json_boolean(!lack),
		json_values_string_or_null(lack), json_values_number(queue.waiting),
		json_values_number(queue.refused),
		json_values_number(edges_owed_count(fleet->owed)),
		json_values_number(fleet->config->fleet.clock_bound_ns / NS_PER_MS),
		show_store(fleet), showing.edges);
}
