/* SPDX-License-Identifier: BSD-3-Clause */
/* A whole fleet of one draw: hosts, etcd, callers and what they were promised. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host.h"
#include "ledger.h"
#include "net.h"

#define SIM_BOUND_NS 2000000000ull /* fleet.clock_bound */

struct sim_options {
	uint64_t seed;
	unsigned int nr_hosts;
	unsigned int nr_vms;
	unsigned int nr_ports;
	unsigned int quarantine_s;
	unsigned int builds; /* at most, 0: as many as there are ports */
};

struct sim_world {
	struct sim_options options;
	struct sim_hosts common;
	struct sim_host *host[SIM_HOSTS];
	bool wrong_clock[SIM_HOSTS]; /* it was, by more than the bound, at some time */
	int64_t worst_ns;	     /* of such a one */
	struct sim_ledger ledger;
	struct sim_caller *caller;
	char directory[64];
};

void sim_world_begin(struct sim_world *world, const struct sim_options *options);
void sim_world_end(struct sim_world *world);

/* Lets time pass, and looks every look_ns whether all promises are kept. Result: whether they are.
 */
bool sim_world_pass(struct sim_world *world, uint64_t ns, uint64_t look_ns);

/* Passes time until every edge has what the store has. Result: whether they have, within ns. */
bool sim_world_settle(struct sim_world *world, uint64_t ns);
