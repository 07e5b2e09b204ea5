/* SPDX-License-Identifier: BSD-3-Clause */
/* What a handler may reach: the parts of sallyportd, and the API's own. Filled in by the server. */
#pragma once

#include <limits.h>
#include <net/if.h>
#include <stdint.h>

#include <sallyport/table.h>

#include "host/config.h"
#include "json/problem.h"

struct announce;
struct api_pages;
struct api_route;
struct api_streams;
struct api_turns;
struct api_waits;
struct captures;
struct edge;
struct explain;
struct journal;
struct kernel;
struct metrics_requests;
struct roster_heard;
struct table_map;
struct watch;

struct api_context {
	struct edge *edge;
	struct table_map *table;
	struct kernel *kernel;
	struct announce *announce;  /* NULL: nothing is announced */
	struct roster_heard *fleet; /* NULL: fleet.etcd is not given */
	struct explain *explain;    /* this and the next may be NULL */
	struct watch *watch;
	struct journal *audit;		/* of connections; may be NULL too */
	const struct api_route *routes; /* all rows, ended by one without a method */
	struct api_turns *turns;
	struct api_waits *waits;
	struct api_streams *streams;
	struct captures *captures;
	struct api_pages *pages;
	struct metrics_requests *requests;
	uint64_t started_wall_ns;
	char hooks_cursor[PATH_MAX];
	char name[CONFIG_NAME_SIZE];
	char interfaces[2][IF_NAMESIZE]; /* by enum sp_direction, that of what comes in */
	/* A call was refused with 5xx, for the reason in detail. */
	void (*refused)(void *user, enum problem_type type, const char *detail);
	void *user;
};
