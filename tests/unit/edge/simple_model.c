/* SPDX-License-Identifier: BSD-3-Clause */
#include "simple_model.h"

#include <string.h>

#include <sallyport/table.h>

#include "edge/edge.h"
#include "model/build.h"

void simple_init(struct simple *simple, const struct model_settings *settings)
{
	memset(simple, 0, sizeof(*simple));
	simple->settings = settings;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool is_open(const struct simple_build *build)
{
	return build->exists && build->state != SESSION_ENDED;
}

static unsigned int count_open(const struct simple *simple)
{
	unsigned int number = 0;

	for (unsigned int i = 0; i < SIMPLE_IDS; i++)
		number += is_open(&simple->build[i]);
	return number;
}

static unsigned int count_ports(const struct simple *simple)
{
	unsigned int number = 0;

	for (unsigned int i = 0; i < SIMPLE_IDS; i++)
		for (unsigned int j = 0; simple->build[i].exists && j < simple->build[i].nr_nodes;
		     j++)
			number += 1 + simple->build[i].vnc[j];
	return number;
}

void simple_end(struct simple_build *build, enum session_event event, uint64_t now_ns)
{
	static const enum session_reason reasons[SESSION_EVENTS_NR] = {
		[SESSION_CANCEL] = SESSION_CANCELLED,
		[SESSION_STAY_UNUSED] = SESSION_UNUSED,
		[SESSION_SUPERSEDE] = SESSION_SUPERSEDED,
	};

	build->reason = reasons[event];
	if (event == SESSION_EXPIRE)
		build->reason =
			build->state == SESSION_FINISHED ? SESSION_EXPIRED : SESSION_LIFETIME;
	build->state = SESSION_ENDED;
	build->gone_ns = now_ns + build->quarantine_ns;
}

static enum problem_type check_spec(const struct simple_spec *spec)
{
	if (spec->vm[0] == SIMPLE_OUTSIDE)
		return PROBLEM_OUTSIDE_NETWORKS;
	for (unsigned int i = 0; i < spec->nr_nodes; i++)
		for (unsigned int j = 0; j < i; j++)
			if (spec->vm[i] != SIMPLE_NO_VM && spec->vm[i] == spec->vm[j])
				return PROBLEM_INVALID;
	return PROBLEM_NONE;
}

static bool differs(uint64_t given, uint64_t now)
{
	return given != BUILD_DEFAULT && given != now;
}

static enum problem_type check_against(const struct simple_build *build,
				       const struct simple_spec *spec)
{
	if (build->state == SESSION_ENDED)
		return PROBLEM_BUILD_ENDED;
	if (differs(spec->max_lifetime_ns, build->max_lifetime_ns) ||
	    differs(spec->connect_within_ns, build->connect_within_ns) ||
	    (build->state == SESSION_FINISHED && differs(spec->linger_ns, build->linger_ns)))
		return PROBLEM_BUILD_DIFFERS;
	if (spec->nr_nodes < build->nr_nodes)
		return PROBLEM_BUILD_DIFFERS;
	for (unsigned int i = 0; i < build->nr_nodes; i++)
		if (spec->vm[i] != SIMPLE_NO_VM && build->vm[i] != SIMPLE_NO_VM &&
		    spec->vm[i] != build->vm[i])
			return PROBLEM_BUILD_DIFFERS;
	return PROBLEM_NONE;
}

static void begin(struct simple *simple, struct simple_build *build, const struct simple_spec *spec,
		  uint64_t now_ns)
{
	const struct model_settings *settings = simple->settings;
	const struct simple_build old = *build;

	*build = (struct simple_build){.exists = true, .state = SESSION_RESERVED};
	memcpy(build->untold, old.untold, sizeof(old.untold));
	build->nr_untold = old.nr_untold;
	if (old.state == SESSION_ENDED && old.nr_end_events == 0 && old.nr_untold < SIMPLE_UNTOLD)
		build->untold[build->nr_untold++] = old.reason;
	build->linger_ns = spec->linger_ns == BUILD_DEFAULT ? settings->linger_ns : spec->linger_ns;
	build->max_lifetime_ns = spec->max_lifetime_ns == BUILD_DEFAULT ? settings->max_lifetime_ns
									: spec->max_lifetime_ns;
	build->connect_within_ns =
		spec->connect_within_ns == BUILD_DEFAULT ? 0 : spec->connect_within_ns;
	build->max_extension_ns = settings->max_extension_ns;
	build->quarantine_ns = settings->quarantine_ns;
	build->deadline_ns = now_ns + build->max_lifetime_ns;
	build->hard_end_ns = now_ns + settings->max_lifetime_ns;
	build->cap_ns = least(build->deadline_ns + build->max_extension_ns, build->hard_end_ns);
}

/* One PUT at work: the build as it was, and as it is becoming, node by node. */
struct work {
	struct simple *simple;
	struct simple_build *build;
	struct simple_build before;
	const struct simple_spec *spec;
	unsigned int nr_ports;
	uint64_t now_ns;
};

static bool node_has(const struct simple_build *build, unsigned int node, int vm, bool vnc)
{
	return node < build->nr_nodes && build->vm[node] == vm && (!vnc || build->vnc[node]);
}

/* Does another build have this VM's port (vnc or its own), or a node of this one before node? */
static struct simple_build *holder_of(struct work *work, int vm, bool vnc, unsigned int node)
{
	for (unsigned int i = 0; i < SIMPLE_IDS; i++) {
		struct simple_build *build = &work->simple->build[i];
		bool self = build == work->build;

		for (unsigned int j = 0; is_open(build) && j < SIMPLE_NODES; j++) {
			if (self && j == node)
				continue;
			if (node_has(self && j > node ? &work->before : build, j, vm, vnc))
				return build;
		}
	}
	return NULL;
}

static enum problem_type claim(struct work *work, unsigned int node, bool vnc)
{
	struct simple_build *holder = holder_of(work, work->build->vm[node], vnc, node);

	if (!holder)
		return PROBLEM_NONE;
	if (holder == work->build)
		return PROBLEM_ENDPOINT_IN_USE;
	if (holder->deadline_ns <= work->now_ns)
		simple_end(holder, SESSION_EXPIRE, work->now_ns);
	else if (work->spec->supersede)
		simple_end(holder, SESSION_SUPERSEDE, work->now_ns);
	else
		return PROBLEM_ENDPOINT_IN_USE;
	return PROBLEM_NONE;
}

/* One port of a node: claimed if its VM is new, or the port is. */
static enum problem_type put_port(struct work *work, unsigned int node, bool vnc)
{
	const struct simple_build *before = &work->before;
	bool known = node < before->nr_nodes, fresh = !known || (vnc && !before->vnc[node]);
	bool bound = work->build->vm[node] != SIMPLE_NO_VM;
	bool bind = bound && !(known && before->vm[node] != SIMPLE_NO_VM);
	enum problem_type problem = PROBLEM_NONE;

	if (bound && (bind || fresh))
		problem = claim(work, node, vnc);
	if (problem == PROBLEM_NONE && fresh && work->nr_ports >= SIMPLE_PORTS)
		problem = PROBLEM_NO_PORTS;
	work->nr_ports += fresh;
	return problem;
}

static void merge_nodes(struct simple_build *build, const struct simple_spec *spec)
{
	for (unsigned int i = 0; i < spec->nr_nodes; i++) {
		if (i >= build->nr_nodes)
			build->vm[i] = SIMPLE_NO_VM;
		if (spec->vm[i] != SIMPLE_NO_VM)
			build->vm[i] = spec->vm[i];
		build->vnc[i] |= spec->vnc[i];
	}
	build->nr_nodes = spec->nr_nodes;
}

static enum problem_type put_nodes(struct simple *simple, struct simple_build *build,
				   const struct simple_spec *spec, uint64_t now_ns)
{
	struct work work = {simple, build, *build, spec, count_ports(simple), now_ns};
	enum problem_type problem = PROBLEM_NONE;

	merge_nodes(build, spec);
	for (unsigned int i = 0; i < build->nr_nodes && problem == PROBLEM_NONE; i++) {
		problem = put_port(&work, i, false);
		if (problem == PROBLEM_NONE && build->vnc[i])
			problem = put_port(&work, i, true);
	}
	return problem;
}

static void move_state(struct simple_build *build, uint64_t now_ns)
{
	bool bound = true;

	for (unsigned int i = 0; i < build->nr_nodes; i++)
		bound &= build->vm[i] != SIMPLE_NO_VM;
	if (bound && build->connect_within_ns && !build->connect_by_ns && !build->connected)
		build->connect_by_ns = now_ns + build->connect_within_ns;
	if (build->state != SESSION_FINISHED)
		build->state = bound ? SESSION_RUNNING : SESSION_RESERVED;
}

enum problem_type simple_put(struct simple *simple, const struct simple_spec *spec, uint64_t now_ns)
{
	struct simple_build *build = &simple->build[spec->id];
	bool fresh = !build->exists;
	enum problem_type problem = check_spec(spec);

	if (problem == PROBLEM_NONE && !fresh)
		problem = check_against(build, spec);
	if (problem != PROBLEM_NONE)
		return problem;
	if (fresh)
		begin(simple, build, spec, now_ns);
	else if (spec->linger_ns != BUILD_DEFAULT)
		build->linger_ns = spec->linger_ns;
	problem = put_nodes(simple, build, spec, now_ns);
	if (problem == PROBLEM_NONE && fresh && count_open(simple) > simple->settings->builds)
		problem = PROBLEM_OVER_LIMIT;
	if (problem == PROBLEM_NONE)
		move_state(build, now_ns);
	return problem;
}

enum problem_type simple_finish(struct simple_build *build, uint64_t now_ns)
{
	if (!build->exists)
		return PROBLEM_NOT_FOUND;
	if (build->state != SESSION_RESERVED && build->state != SESSION_RUNNING)
		return PROBLEM_NONE;
	build->state = SESSION_FINISHED;
	build->deadline_ns = least(build->deadline_ns, now_ns + build->linger_ns);
	build->cap_ns = least(build->cap_ns, build->deadline_ns + build->max_extension_ns);
	return PROBLEM_NONE;
}

enum problem_type simple_extend(struct simple_build *build, uint64_t by_ns)
{
	if (!build->exists)
		return PROBLEM_NOT_FOUND;
	if (build->state == SESSION_ENDED)
		return PROBLEM_BUILD_ENDED;
	if (build->deadline_ns + by_ns > build->cap_ns)
		return PROBLEM_OVER_EXTENSION;
	build->deadline_ns += by_ns;
	return PROBLEM_NONE;
}

void simple_cancel_others(struct simple *simple, const struct simple_spec *specs,
			  unsigned int nr_specs, uint64_t now_ns)
{
	bool named[SIMPLE_IDS] = {false};

	for (unsigned int i = 0; i < nr_specs; i++)
		named[specs[i].id] = true;
	for (unsigned int i = 0; i < SIMPLE_IDS; i++)
		if (is_open(&simple->build[i]) && !named[i])
			simple_end(&simple->build[i], SESSION_CANCEL, now_ns);
}

static void tick_build(struct simple_build *build, uint64_t now_ns)
{
	if (!build->exists)
		return;
	if (build->state == SESSION_ENDED) {
		if (build->gone_ns <= now_ns)
			build->exists = false;
		return;
	}
	if (build->deadline_ns <= now_ns)
		simple_end(build, SESSION_EXPIRE, now_ns);
	else if (build->connect_by_ns && build->connect_by_ns <= now_ns)
		simple_end(build, SESSION_STAY_UNUSED, now_ns);
}

void simple_tick(struct simple *simple, uint64_t now_ns)
{
	for (unsigned int i = 0; i < SIMPLE_IDS; i++)
		tick_build(&simple->build[i], now_ns);
}

static void rebase(uint64_t *at_ns, bool quarantine, const struct instant *then,
		   const struct instant *now)
{
	int64_t left_ns = (int64_t)(*at_ns - then->boot_ns);
	int64_t lost_ns = (int64_t)(now->wall_ns - then->wall_ns);

	if (*at_ns == 0)
		return;
	if (lost_ns < 0 && !quarantine) {
		*at_ns = 1;
		return;
	}
	if (left_ns < 0)
		left_ns = 0;
	if (lost_ns > 0)
		left_ns -= lost_ns;
	*at_ns = left_ns > -(int64_t)now->boot_ns ? (uint64_t)((int64_t)now->boot_ns + left_ns) : 1;
}

void simple_rebase(struct simple *simple, const struct instant *then, const struct instant *now)
{
	for (unsigned int i = 0; i < SIMPLE_IDS; i++) {
		struct simple_build *build = &simple->build[i];

		rebase(&build->deadline_ns, false, then, now);
		rebase(&build->cap_ns, false, then, now);
		rebase(&build->hard_end_ns, false, then, now);
		rebase(&build->connect_by_ns, false, then, now);
		rebase(&build->gone_ns, true, then, now);
	}
}

bool simple_port_taken(const struct simple *simple, uint16_t port)
{
	for (unsigned int i = 0; i < SIMPLE_IDS; i++)
		for (unsigned int j = 0; simple->build[i].exists && j < simple->build[i].nr_nodes;
		     j++)
			if (simple->build[i].port[j][0] == port ||
			    simple->build[i].port[j][1] == port)
				return true;
	return false;
}

static enum sp_slot_state slot_state(const struct simple_build *build, unsigned int node)
{
	if (build->state == SESSION_ENDED)
		return SP_SLOT_ENDED;
	return build->vm[node] == SIMPLE_NO_VM ? SP_SLOT_RESERVED : SP_SLOT_LIVE;
}

void simple_count_slots(const struct simple *simple, unsigned int ret_number[4])
{
	memset(ret_number, 0, 4 * sizeof(*ret_number));
	ret_number[SP_SLOT_FREE] = SIMPLE_PORTS;
	for (unsigned int i = 0; i < SIMPLE_IDS; i++) {
		const struct simple_build *build = &simple->build[i];

		for (unsigned int j = 0; build->exists && j < build->nr_nodes; j++) {
			ret_number[slot_state(build, j)] += 1 + build->vnc[j];
			ret_number[SP_SLOT_FREE] -= 1 + build->vnc[j];
		}
	}
}
