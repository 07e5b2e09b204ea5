/* SPDX-License-Identifier: BSD-3-Clause */
#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "caller.h"
#include "check.h"
#include "faults.h"

void scene_judge(struct sim_world *world, const char *what)
{
	char broken[SIM_BROKEN_BYTES];
	uint64_t seed = world->options.seed;

	snprintf(broken, sizeof(broken), "%s", world->ledger.broken);
	if (!*broken)
		return;
	fail_msg("%s: %s (again: SALLYPORT_SEED=%llu SALLYPORT_SIM_DRAWS=1)", what, broken,
		 (unsigned long long)seed);
}

void scene_settle(struct sim_world *world, const char *what)
{
	sim_caller_pace(world->caller, 0);
	if (!sim_world_settle(world, SCENE_SETTLE_NS)) {
		for (unsigned int i = 0; i < world->options.nr_hosts; i++)
			if (sim_host_lack(world->host[i]))
				sim_ledger_break(&world->ledger, "e%u does not come back: %s", i,
						 sim_host_lack(world->host[i]));
	}
	sim_world_pass(world, SCENE_SWEPT_NS, 5 * SCENE_LOOK_NS);
	sim_check_end(world);
	scene_judge(world, what);
	sim_world_end(world);
}

void scene_begin(struct sim_world *world, uint64_t seed, unsigned int nr_hosts)
{
	const struct sim_options options = {.seed = seed,
					    .nr_hosts = nr_hosts,
					    .nr_vms = 40,
					    .nr_ports = 60,
					    .quarantine_s = 10};

	sim_world_begin(world, &options);
	assert_true(sim_world_settle(world, SCENE_SETTLE_NS));
}

void scene_end(struct sim_world *world, const char *what)
{
	struct sim_faults *faults = sim_faults_new(world);

	sim_faults_mend(faults);
	sim_faults_free(faults);
	scene_settle(world, what);
}

unsigned int scene_put(struct sim_world *world, unsigned int nr)
{
	unsigned int first = 0;

	for (unsigned int i = 0; i < nr; i++) {
		first = sim_caller_put(world->caller, i % world->options.nr_hosts, i, 12 * 3600,
				       5) -
			i;
		sim_world_pass(world, 50 * NS_PER_MS, SCENE_LOOK_NS);
	}
	sim_world_pass(world, 10 * NS_PER_S, SCENE_LOOK_NS);
	for (unsigned int i = 0; i < nr; i++)
		assert_true(world->ledger.promise[first + i].acknowledged);
	return first;
}
