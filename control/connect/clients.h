/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is connected to a build now, as the engines noted it. */
#pragma once

#include <stdint.h>

#include <sallyport/addr.h>

#include "model/build.h"
#include "model/clock.h"

#define CONNECT_CLIENTS_MAX 64

/* All open connections of one client to one port. */
struct connect_client {
	uint32_t node;	     /* its index */
	const char *forward; /* the build's own */
	struct sp_addr addr;
	uint64_t since_wall_ns; /* of the oldest one */
	unsigned int nr_connections;
};

struct connect_clients {
	struct connect_client item[CONNECT_CLIENTS_MAX]; /* by node, in no order within it */
	unsigned int nr;
	unsigned int left_out; /* connections that found no place */
};

struct connections;
struct table_map;

/* What the VMs have accepted. The result is good as long as the build. */
void connect_clients_find(struct connections *connections, const struct table_map *table,
			  const struct build *build, const struct instant *now,
			  struct connect_clients *ret_clients);
