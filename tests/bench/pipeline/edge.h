/* SPDX-License-Identifier: BSD-3-Clause */
/* All that a worker needs in a situation: table, routes and neighbours, one device, itself. */
#pragma once

#include <stdbool.h>

#include "crew.h"
#include "hop/nexthop.h"
#include "port/port.h"

#include "host/table_map.h"

struct situation;
struct rte_mempool;

struct edge {
	struct table_map *table;
	struct nexthops nexthops;
	struct ports ports;
	struct crew crew;
	struct rte_mempool *pool;
};

/*
 * Opens it with ethdev 0, after EAL has started; the process ends with it, so nothing undoes it.
 * Result: 0 or -errno.
 */
int edge_open(struct edge *edge, const struct situation *situation);

/* Whether the worker heeds the hints that lie before VMs' packets. */
void edge_heed_hints(struct edge *edge, bool heed);
