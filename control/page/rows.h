/* SPDX-License-Identifier: BSD-3-Clause */
/* Builds as the status page polls them: lists without names, since there are many. */
#pragma once

#include <stdint.h>

#include <jansson.h>

#include "model/clock.h"

struct build;
struct edge;
struct table_map;
struct watch;

/*
 * Result: serial, id, title, state, reason, user, organisation, actors, created (Unix s), deadline
 * (boot s), ended (Unix s), whether anybody was connected, nodes, and how many of them are ready;
 * NULL without memory.
 */
json_t *page_rows_build(const struct build *build);

/* Of how many ports one answer adds up what they carry. */
#define PAGE_ROWS_PORTS_MAX 1024u

struct page_rows_source {
	const struct edge *edge;
	const struct table_map *table;
	struct watch *watch; /* may be NULL */
};

/*
 * Result: serial, connections open now, bytes to the VMs, bytes to clients; NULL without memory.
 * *ports is what is left of PAGE_ROWS_PORTS_MAX: a build that is beyond it has null for figures.
 */
json_t *page_rows_live(const struct page_rows_source *source, const struct build *build,
		       unsigned int *ports);
