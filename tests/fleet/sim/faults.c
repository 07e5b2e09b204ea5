/* SPDX-License-Identifier: BSD-3-Clause */
#include "faults.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agenda.h"
#include "chance.h"
#include "gateway.h"
#include "host/boottime.h"
#include "quiet.h"
#include "store.h"
#include "world.h"

#define HOUR_NS	  (3600 * (int64_t)NS_PER_S)
#define CHOICES	  64
#define WITHIN_NS ((int64_t)SIM_BOUND_NS * 9 / 10)

static const char *const names[] = {
	[SIM_FAULT_CUT] = "cut",
	[SIM_FAULT_FLEET] = "fleet killed",
	[SIM_FAULT_DAEMON] = "daemon killed",
	[SIM_FAULT_POWER] = "power",
	[SIM_FAULT_MEMBER] = "member",
	[SIM_FAULT_QUORUM] = "quorum",
	[SIM_FAULT_ELECTION] = "election",
	[SIM_FAULT_COMPACTION] = "compaction",
	[SIM_FAULT_WATCH] = "watch",
	[SIM_FAULT_CLOCK] = "clock",
	[SIM_FAULT_LATE] = "late",
	[SIM_FAULT_LEASES] = "leases",
};

struct mending {
	struct sim_task task;
	struct sim_faults *faults;
	enum sim_fault fault;
	unsigned int target;
	bool waits;
};

struct sim_faults {
	struct sim_world *world;
	struct sim_task next;
	unsigned int mask, per_minute;
	struct mending mending[CHOICES];
};

static void mend(struct sim_faults *faults, enum sim_fault fault, unsigned int target)
{
	struct sim_world *world = faults->world;

	sim_quiet_say("mended: %s of %u", names[fault], target);
	switch (fault) {
	case SIM_FAULT_CUT:
		memset(sim_net.cut[target], 0, sizeof(sim_net.cut[target]));
		break;
	case SIM_FAULT_FLEET:
		sim_host_start_fleet(world->host[target]);
		break;
	case SIM_FAULT_DAEMON:
		sim_host_start_daemon(world->host[target]);
		break;
	case SIM_FAULT_POWER:
		sim_host_power_on(world->host[target]);
		break;
	case SIM_FAULT_MEMBER:
	case SIM_FAULT_QUORUM:
		sim_gateway_kill(target, false);
		sim_gateway_hang(target, false);
		sim_gateway_isolate(target, false);
		break;
	case SIM_FAULT_CLOCK:
		sim_host_clock(world->host[target])->error_ns = 0;
		sim_host_clock(world->host[target])->lost = false;
		break;
	case SIM_FAULT_LATE:
		sim_net.late_percent = sim_net.lost_percent = sim_net.twice_percent = 0;
		break;
	default:
		break;
	}
}

static void on_mending(void *context)
{
	struct mending *mending = context;

	mending->waits = false;
	mend(mending->faults, mending->fault, mending->target);
}

/* Mostly soon, sometimes after longer than anybody waits. */
static uint64_t draw_time(void)
{
	if (sim_chance_percent(25))
		return sim_chance_between(15000, 60000) * NS_PER_MS;
	return sim_chance_between(50, 8000) * NS_PER_MS;
}

static void mend_later(struct sim_faults *faults, enum sim_fault fault, unsigned int target)
{
	for (unsigned int i = 0; i < CHOICES; i++) {
		struct mending *mending = &faults->mending[i];

		if (mending->waits)
			continue;
		mending->waits = true;
		mending->fault = fault;
		mending->target = target;
		sim_agenda_set(&mending->task, sim_agenda_now_ns() + draw_time());
		return;
	}
	mend(faults, fault, target);
}

static void cut(unsigned int host)
{
	uint8_t which = (uint8_t)sim_chance_between(1, 3);
	unsigned int one = (unsigned int)sim_chance_below(SIM_MEMBERS);

	if (sim_chance_percent(30))
		sim_net.cut[host][one] = which;
	else
		memset(sim_net.cut[host], which, sizeof(sim_net.cut[host]));
}

static void fail_member(unsigned int member)
{
	switch (sim_chance_below(3)) {
	case 0:
		sim_gateway_kill(member, true);
		break;
	case 1:
		sim_gateway_hang(member, true);
		break;
	default:
		sim_gateway_isolate(member, true);
		break;
	}
}

/* A step that is too wide is one that the kernel knows of. */
static void step(struct sim_world *world, unsigned int host)
{
	struct sim_clock *clock = sim_host_clock(world->host[host]);
	bool far = sim_chance_percent(20);
	int64_t width_ns = far ? 2 * HOUR_NS : 2 * WITHIN_NS;

	clock->error_ns = (int64_t)sim_chance_below((uint64_t)width_ns) - width_ns / 2;
	clock->lost = far;
	if (!far)
		return;
	world->wrong_clock[host] = true;
	if (llabs(clock->error_ns) > world->worst_ns)
		world->worst_ns = llabs(clock->error_ns);
}

static void lose_quorum(struct sim_faults *faults)
{
	unsigned int kept = (unsigned int)sim_chance_below(SIM_MEMBERS);

	for (unsigned int i = 0; i < SIM_MEMBERS; i++)
		if (i != kept || sim_chance_percent(30)) {
			fail_member(i);
			mend_later(faults, SIM_FAULT_QUORUM, i);
		}
}

static void make_late(void)
{
	sim_net.late_percent = (unsigned int)sim_chance_below(30);
	sim_net.lost_percent = (unsigned int)sim_chance_below(15);
	sim_net.twice_percent = (unsigned int)sim_chance_below(30);
}

static void strike(struct sim_faults *faults, enum sim_fault fault)
{
	struct sim_world *world = faults->world;
	unsigned int host = (unsigned int)sim_chance_below(world->options.nr_hosts);
	unsigned int member = (unsigned int)sim_chance_below(SIM_MEMBERS);

	sim_quiet_say("fault %s, of e%u or m%u", names[fault], host, member);
	switch (fault) {
	case SIM_FAULT_CUT:
		cut(host);
		mend_later(faults, fault, host);
		break;
	case SIM_FAULT_FLEET:
		sim_host_kill_fleet(world->host[host]);
		mend_later(faults, fault, host);
		break;
	case SIM_FAULT_DAEMON:
		sim_host_kill_daemon(world->host[host]);
		mend_later(faults, fault, host);
		break;
	case SIM_FAULT_POWER:
		sim_host_power_off(world->host[host]);
		mend_later(faults, fault, host);
		break;
	case SIM_FAULT_MEMBER:
		fail_member(member);
		mend_later(faults, fault, member);
		break;
	case SIM_FAULT_QUORUM:
		lose_quorum(faults);
		break;
	case SIM_FAULT_ELECTION:
		sim_gateway_elect();
		break;
	case SIM_FAULT_COMPACTION:
		sim_store_compact(sim_store_revision() - (int64_t)sim_chance_below(20));
		break;
	case SIM_FAULT_WATCH:
		sim_gateway_break_watches((int)host, sim_chance_percent(50));
		break;
	case SIM_FAULT_CLOCK:
		step(world, host);
		mend_later(faults, fault, host);
		break;
	case SIM_FAULT_LATE:
		make_late();
		mend_later(faults, fault, 0);
		break;
	case SIM_FAULT_LEASES:
		sim_gateway_revoke();
		break;
	case SIM_FAULTS_NR:
		break;
	}
}

static void plan_next(struct sim_faults *faults)
{
	if (faults->per_minute)
		sim_agenda_set(&faults->next,
			       sim_agenda_now_ns() +
				       sim_chance_below(120 * NS_PER_S / faults->per_minute));
}

static void on_next(void *context)
{
	struct sim_faults *faults = context;
	enum sim_fault fault = (enum sim_fault)sim_chance_below(SIM_FAULTS_NR);

	if (faults->mask >> fault & 1)
		strike(faults, fault);
	plan_next(faults);
}

struct sim_faults *sim_faults_new(struct sim_world *world)
{
	struct sim_faults *faults = calloc(1, sizeof(*faults));

	assert(faults);
	faults->world = world;
	faults->next = (struct sim_task){.run = on_next, .context = faults};
	for (unsigned int i = 0; i < CHOICES; i++) {
		struct mending *mending = &faults->mending[i];

		mending->task = (struct sim_task){.run = on_mending, .context = mending};
		mending->faults = faults;
	}
	return faults;
}

void sim_faults_begin(struct sim_faults *faults, unsigned int mask, unsigned int per_minute)
{
	faults->mask = mask;
	faults->per_minute = per_minute;
	sim_agenda_cancel(&faults->next);
	plan_next(faults);
}

void sim_faults_mend(struct sim_faults *faults)
{
	struct sim_world *world = faults->world;

	sim_faults_begin(faults, 0, 0);
	for (unsigned int i = 0; i < CHOICES; i++) {
		sim_agenda_cancel(&faults->mending[i].task);
		faults->mending[i].waits = false;
	}
	for (unsigned int i = 0; i < SIM_MEMBERS; i++)
		mend(faults, SIM_FAULT_MEMBER, i);
	mend(faults, SIM_FAULT_LATE, 0);
	for (unsigned int i = 0; i < world->options.nr_hosts; i++) {
		mend(faults, SIM_FAULT_CUT, i);
		mend(faults, SIM_FAULT_CLOCK, i);
		mend(faults, SIM_FAULT_POWER, i);
		mend(faults, SIM_FAULT_DAEMON, i);
		mend(faults, SIM_FAULT_FLEET, i);
	}
}

void sim_faults_free(struct sim_faults *faults)
{
	sim_agenda_cancel(&faults->next);
	for (unsigned int i = 0; i < CHOICES; i++)
		sim_agenda_cancel(&faults->mending[i].task);
	free(faults);
}
