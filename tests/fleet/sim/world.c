/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agenda.h"
#include "caller.h"
#include "chance.h"
#include "check.h"
#include "gateway.h"
#include "host/boottime.h"

void sim_world_begin(struct sim_world *world, const struct sim_options *options)
{
	memset(world, 0, sizeof(*world));
	world->options = *options;
	sim_chance_begin(options->seed);
	sim_agenda_begin();
	sim_gateway_open();
	snprintf(world->directory, sizeof(world->directory), "%s/sallyport-sim-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(world->directory))
		abort();
	world->common = (struct sim_hosts){
		.directory = world->directory,
		.nr_ports = options->nr_ports,
		.nr_buckets = 64,
		.quarantine_s = options->quarantine_s,
		.builds = options->builds ? options->builds : options->nr_ports,
	};
	while (world->common.nr_buckets * 4 < options->nr_ports)
		world->common.nr_buckets *= 2;
	sim_ledger_begin(&world->ledger, options->nr_vms);
	for (unsigned int i = 0; i < options->nr_hosts; i++)
		world->host[i] = sim_host_new(&world->common, i);
	world->caller = sim_caller_new(world);
}

void sim_world_end(struct sim_world *world)
{
	sim_caller_free(world->caller);
	for (unsigned int i = 0; i < world->options.nr_hosts; i++)
		sim_host_free(world->host[i]);
	sim_gateway_close();
	sim_agenda_pass_until(sim_agenda_now_ns() + 60 * NS_PER_S); /* what is on its way */
	assert(!sim_agenda_waiting());
	sim_ledger_end(&world->ledger);
	rmdir(world->directory);
}

bool sim_world_pass(struct sim_world *world, uint64_t ns, uint64_t look_ns)
{
	uint64_t until_ns = sim_agenda_now_ns() + ns;

	while (sim_agenda_now_ns() < until_ns && !*world->ledger.broken) {
		uint64_t next_ns = sim_agenda_now_ns() + look_ns;

		sim_agenda_pass_until(next_ns < until_ns ? next_ns : until_ns);
		sim_check_now(world);
	}
	return !*world->ledger.broken;
}

bool sim_world_settle(struct sim_world *world, uint64_t ns)
{
	uint64_t until_ns = sim_agenda_now_ns() + ns;
	unsigned int i;

	while (sim_agenda_now_ns() < until_ns) {
		if (!sim_world_pass(world, NS_PER_S / 4, NS_PER_S / 4))
			return false;
		for (i = 0; i < world->options.nr_hosts && !sim_host_lack(world->host[i]); i++)
			;
		if (i == world->options.nr_hosts)
			return true;
	}
	return false;
}
