/* SPDX-License-Identifier: BSD-3-Clause */
/* Which leases are in use: what extension while in use goes by. */
#pragma once

struct connections;
struct edge;
struct table_map;

/* Tells the edge of sessions that linger when their VMs last talked to somebody connected. */
void watch_use_tell(struct edge *edge, const struct table_map *table,
		    struct connections *connections);
