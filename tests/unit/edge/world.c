/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "edge/put/build.h"
#include "host/addr.h"
#include "host/table_map.h"

/* Reads the table by what table_map.h brings. */
#include <sallyport/decide.h>

#define NR_ALLOW   8
#define NR_BUCKETS 64

struct sp_addr world_addr(const char *text)
{
	struct sp_addr addr;

	assert_int_equal(addr_parse(text, &addr), 0);
	return addr;
}

struct sp_prefix world_prefix(const char *text)
{
	struct sp_prefix prefix;

	assert_int_equal(addr_prefix_parse(text, &prefix), 0);
	return prefix;
}

void world_allow(struct build_spec *spec, const char *text)
{
	struct sp_prefix allow[SP_ALLOW_PREFIXES];

	if (spec->nr_allow)
		memcpy(allow, spec->allow, spec->nr_allow * sizeof(allow[0]));
	allow[spec->nr_allow] = world_prefix(text);
	assert_int_equal(
		model_build_set_allow(&spec->allow, &spec->nr_allow, allow, spec->nr_allow + 1), 0);
}

void world_init(struct world *world, unsigned int nr_ports)
{
	memset(world, 0, sizeof(*world));
	model_settings_init(&world->settings);
	world->settings.nr_publics = 1;
	world->settings.publics[0].bind = world_addr("192.0.2.1");
	strcpy(world->settings.publics[0].advertise, "192.0.2.1");
	world->settings.publics[0].nr_ranges = 1;
	world->settings.publics[0].ranges[0] =
		(struct model_range){40000, (uint16_t)(40000 + nr_ports - 1)};
	world->settings.nr_networks = 1;
	world->settings.networks[0] = world_prefix("10.0.0.0/16");
	world->now = (struct instant){1000 * SECOND, 1795000000 * SECOND};
	world->seed = 1;
}

void world_make_table(struct world *world)
{
	struct sp_meta meta = {0};

	table_meta_init(&meta);
	meta.nr_publics = world->settings.nr_publics;
	meta.nr_buckets = NR_BUCKETS;
	meta.nr_allow = NR_ALLOW;
	meta.nr_usage = 4096;
	meta.nr_cpus = 1;
	meta.nr_workers = 1;
	meta.hash_seed = 7;
	assert_int_equal(table_map_alloc(&meta, &world->table), 0);
}

static void name_boot(struct world *world)
{
	char boot_id[CLOCK_BOOT_ID_SIZE];

	snprintf(boot_id, sizeof(boot_id), "boot-%u", world->nr_boots);
	journal_set_boot_id(world->journal, boot_id);
}

static void make_edge(struct world *world)
{
	json_problem_clear(&world->problem);
	name_boot(world);
	assert_int_equal(edge_new(&world->settings, world->journal, world->table, ++world->seed,
				  &world->edge),
			 0);
	if (edge_replay(world->edge, &world->now, &world->problem) < 0)
		fail_msg("replay: %s", world->problem.detail);
}

void world_start(struct world *world, const char *path)
{
	char *reason;

	if (!world->table)
		world_make_table(world);
	if (journal_open(path, &world->journal, &reason) < 0)
		fail_msg("journal: %s", reason);
	make_edge(world);
}

void world_stop(struct world *world)
{
	edge_free(world->edge);
	journal_close(world->journal);
	table_map_free(world->table);
	world->edge = NULL;
	world->journal = NULL;
	world->table = NULL;
}

int world_set_up(void **state)
{
	struct world *world = malloc(sizeof(*world));

	world_init(world, 16);
	world_start(world, ":memory:");
	*state = world;
	return 0;
}

int world_tear_down(void **state)
{
	world_stop(*state);
	free(*state);
	return 0;
}

static int refuse_commit(void *context)
{
	return 1;
}

void world_break_journal(struct world *world, bool broken)
{
	sqlite3_commit_hook(journal_handle(world->journal), broken ? refuse_commit : NULL, NULL);
}

const char *world_ask_of(struct journal *database, const char *query)
{
	static char text[256];
	sqlite3_stmt *statement;

	assert_int_equal(sqlite3_prepare_v2(journal_handle(database), query, -1, &statement, NULL),
			 SQLITE_OK);
	text[0] = '\0';
	if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0))
		snprintf(text, sizeof(text), "%s", sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	return text;
}

const char *world_ask(const struct world *world, const char *query)
{
	return world_ask_of(world->journal, query);
}

void world_restart(struct world *world)
{
	edge_free(world->edge);
	make_edge(world);
}

void world_clear_table(struct world *world)
{
	memset(world->table->leases, 0, world->table->nr_slots * sizeof(struct sp_slot));
	memset(world->table->endpoints, 0, world->table->nr_buckets * sizeof(struct sp_bucket));
	memset(world->table->allow, 0, world->table->nr_allow * sizeof(struct sp_allow));
}

void world_reboot(struct world *world, uint64_t downtime_ns)
{
	edge_free(world->edge);
	world_clear_table(world);
	world->nr_boots++;
	world->now.wall_ns += downtime_ns;
	world->now.boot_ns = 20 * SECOND;
	make_edge(world);
}

bool world_pass(struct world *world, uint64_t ns)
{
	uint64_t until_ns = world->now.boot_ns + ns, due_ns;
	bool removed, any = false;

	for (;;) {
		due_ns = edge_expire(world->edge, &world->now, &removed);
		any |= removed;
		if (due_ns > until_ns)
			break;
		if (due_ns < world->now.boot_ns)
			due_ns = world->now.boot_ns;
		world->now.wall_ns += due_ns - world->now.boot_ns;
		world->now.boot_ns = due_ns;
	}
	world->now.wall_ns += until_ns - world->now.boot_ns;
	world->now.boot_ns = until_ns;
	edge_expire(world->edge, &world->now, &removed);
	return any | removed;
}

struct edge_call world_call(struct world *world)
{
	json_problem_clear(&world->problem);
	return (struct edge_call){world->now, {1000, 4242}, &world->problem, NULL};
}

void world_spec(struct build_spec *spec, const char *id, unsigned int nr_nodes,
		const char *const *addresses)
{
	model_build_spec_init(spec);
	snprintf(spec->id, sizeof(spec->id), "%s", id);
	for (unsigned int i = 0; i < nr_nodes; i++) {
		struct node_spec *node = model_build_spec_add_node(spec);

		node->index = i;
		node->has_address = addresses[i][0] != '\0';
		if (node->has_address)
			node->address = world_addr(addresses[i]);
	}
}

struct build_spec *world_many_specs(unsigned int nr)
{
	struct build_spec *specs = calloc(nr, sizeof(*specs));

	assert_non_null(specs);
	for (unsigned int i = 0; i < nr; i++) {
		char id[16], address[32];
		const char *const addresses[] = {address};

		snprintf(id, sizeof(id), "many%u", i);
		snprintf(address, sizeof(address), "10.0.%u.%u", 1 + i / 200, 1 + i % 200);
		world_spec(&specs[i], id, 1, addresses);
	}
	return specs;
}

void world_free_specs(struct build_spec *specs, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		model_build_spec_free(&specs[i]);
	free(specs);
}

int world_put(struct world *world, const char *id, const char *address)
{
	struct edge_call call = world_call(world);
	struct edge_result result;
	struct build_spec spec;
	int error;

	world_spec(&spec, id, 1, &address);
	error = put_build(world->edge, &call, &spec, &result);
	model_build_spec_free(&spec);
	return error;
}

const struct forward *world_ssh(const struct build *build, uint32_t index)
{
	return &model_build_node(build, index)->forwards[0];
}

int world_put_spec(struct world *world, const struct build_spec *spec, struct edge_result *result)
{
	struct edge_call call = world_call(world);

	return put_build(world->edge, &call, spec, result);
}

int world_put_nodes(struct world *world, const char *id, unsigned int nr_nodes,
		    const char *const *addresses, struct edge_result *result)
{
	struct build_spec spec;
	int error;

	world_spec(&spec, id, nr_nodes, addresses);
	error = world_put_spec(world, &spec, result);
	model_build_spec_free(&spec);
	return error;
}

int world_finish(struct world *world, const char *id, uint64_t finished_wall_ns)
{
	struct edge_call call = world_call(world);
	struct edge_result result;

	return edge_calls_finish(world->edge, &call, id, finished_wall_ns, &result);
}

int world_cancel(struct world *world, const char *id, struct edge_result *result)
{
	struct edge_call call = world_call(world);

	return edge_calls_cancel(world->edge, &call, id, result);
}

const struct build *world_get(const struct world *world, const char *id)
{
	const struct build *build = edge_get(world->edge, id);

	if (!build)
		fail_msg("there is no build %s", id);
	return build;
}

const struct sp_slot *world_slot(const struct world *world, const struct forward *forward)
{
	return &world->table->leases[forward->slot_index];
}

const struct sp_slot *world_endpoint(const struct world *world, const char *address, uint16_t port)
{
	struct sp_packet packet = {.protocol = SP_PROTOCOL_TCP, .family = 4};
	struct sp_table view = table_map_view(world->table);
	struct sp_hit hit = {0};

	packet.tuple.from = world_addr(address);
	packet.tuple.from_port_be = SP_BE16(port);
	sp_find_by_endpoint(&view, &packet, &hit);
	return hit.slot;
}

struct counter {
	const char *id;
	enum event_type type;
	unsigned int number;
};

static int count_event(const struct event *event, void *context)
{
	struct counter *counter = context;

	counter->number +=
		event->type == counter->type && strcmp(event->build_id, counter->id) == 0;
	return 0;
}

unsigned int world_count_events(const struct world *world, const char *id, enum event_type type)
{
	struct counter counter = {id, type, 0};

	assert_int_equal(
		state_events_read(edge_events(world->edge), 0, 1000000, count_event, &counter), 0);
	return counter.number;
}
