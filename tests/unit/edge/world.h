/* SPDX-License-Identifier: BSD-3-Clause */
/* An edge on plain memory with a clock of its own: what the tests of the model share. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "edge/edge.h"
#include "journal/journal.h"
#include "model/build.h"
#include "model/ports.h"

#define SECOND 1000000000ULL
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

struct world {
	struct model_settings settings;
	struct table_map *table;
	struct journal *journal;
	struct edge *edge;
	struct instant now;
	struct problem problem;
	unsigned int nr_boots;
	uint64_t seed;
};

/* Fills in settings: 192.0.2.1 with nr_ports ports from 40000, networks 10.0.0.0/16. */
void world_init(struct world *world, unsigned int nr_ports);

/* Makes the table alone. */
void world_make_table(struct world *world);

/* Makes a table (unless there is one), a journal at path and an edge, and replays. */
void world_start(struct world *world, const char *path);
void world_stop(struct world *world);

/* For cmocka: a world of 16 ports with a journal in memory, started and stopped. */
int world_set_up(void **state);
int world_tear_down(void **state);
#define WORLD_CASE(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

/* From here on the journal takes nothing, or takes all. */
void world_break_journal(struct world *world, bool broken);

/* Asks the journal. Result, until the next: the first column of the first row, "" for none. */
const char *world_ask(const struct world *world, const char *query);
/* The same of another database, such as an audit. */
const char *world_ask_of(struct journal *database, const char *query);

/* The daemon anew over the same table and journal. */
void world_restart(struct world *world);

/* The host anew: an empty table, another boot; so much time has passed on both clocks. */
void world_reboot(struct world *world, uint64_t downtime_ns);

/* Empties the table as a reboot does; the edge is to be made anew. */
void world_clear_table(struct world *world);

/* Passes time and does what is due when it is due. Result: whether something was removed. */
bool world_pass(struct world *world, uint64_t ns);

struct edge_call world_call(struct world *world);

/* A spec of nodes 0 to nr_nodes - 1 at the addresses, "" for one without. */
void world_spec(struct build_spec *spec, const char *id, unsigned int nr_nodes,
		const char *const *addresses);

/* The specs of nr builds many0, many1 …, of one VM each; and their end. */
struct build_spec *world_many_specs(unsigned int nr);
void world_free_specs(struct build_spec *specs, unsigned int nr);

/* PUT of one node at an address ("" for none). Result: as put_build(). */
int world_put(struct world *world, const char *id, const char *address);

/* Calls of the edge. Results: as put_build() and so on. */
int world_put_spec(struct world *world, const struct build_spec *spec, struct edge_result *result);
int world_put_nodes(struct world *world, const char *id, unsigned int nr_nodes,
		    const char *const *addresses, struct edge_result *result);
int world_finish(struct world *world, const char *id, uint64_t finished_wall_ns);
int world_cancel(struct world *world, const char *id, struct edge_result *result);

/* Result: a node's own port. */
const struct forward *world_ssh(const struct build *build, uint32_t index);

/* Result: the build; fails the test if there is none. */
const struct build *world_get(const struct world *world, const char *id);
const struct sp_slot *world_slot(const struct world *world, const struct forward *forward);

/* Result: the slot that replies from there belong to, NULL for none: as the engines find it. */
const struct sp_slot *world_endpoint(const struct world *world, const char *address, uint16_t port);

struct sp_addr world_addr(const char *text);
struct sp_prefix world_prefix(const char *text);

/* Adds a prefix to those who may connect. */
void world_allow(struct build_spec *spec, const char *text);

/* Result: how many events of that type there are about that build. */
unsigned int world_count_events(const struct world *world, const char *id, enum event_type type);
