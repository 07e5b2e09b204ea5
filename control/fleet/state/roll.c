/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/state/roll.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/edges/kept.h"
#include "fleet/edges/progress.h"
#include "fleet/edges/self.h"
#include "fleet/edges/table.h"
#include "fleet/state/await.h"
#include "fleet/state/epoch.h"
#include "fleet/state/fleet.h"
#include "fleet/state/roll_state.h"
#include "fleet/store/keys.h"
#include "fleet/store/mirror.h"
#include "fleet/store/record.h"
#include "host/boottime.h"
#include "host/config.h"
#include "host/log.h"
#include "json/problem.h"
#include "json/values.h"

#define BEHIND_NS (2 * NS_PER_S)

static void tell(struct fleet *fleet);

/* All builds of the noted revision have been told. While all of the store comes, in another order,
 * nothing is known of what lies between. */
static void see(struct fleet *fleet)
{
	if (fleet->reading)
		return;
	edges_progress_see(&fleet->roll->builds, fleet->roll->noted);
	edges_progress_see(&fleet->roll->ends, fleet->roll->noted);
	tell(fleet);
	state_await_look(fleet);
}

/* What is told now is of a later revision, or nothing is. */
static void see_noted(struct fleet *fleet)
{
	if (fleet->roll->builds.seen < fleet->roll->noted)
		see(fleet);
}

static int on_turn(sd_event_source *source, void *context)
{
	see_noted(context);
	return 0;
}

/* Others did not wait for this edge while it was lost: what had ended by when it is waited for
 * again must be made here before it is well. All of that has been told once our own entry is. */
static void come_back(struct fleet *fleet)
{
	struct roll *roll = fleet->roll;

	if (roll->back || !roll->alive || roll->told < roll->put || fleet->reading)
		return;
	roll->back = true;
	roll->mark = roll->builds.seen;
	roll->marked_ns = boottime_now_ns();
	tell(fleet);
}

static void lose(struct roll *roll)
{
	roll->back = roll->ready = false;
}

static void log_alive(void *context, int64_t revision)
{
	struct fleet *fleet = context;

	fleet->roll->alive = true;
	fleet->roll->taken = false;
	fleet->roll->put = revision;
	come_back(fleet);
	log_write(LOG_NOTICE, "This edge is in the fleet.",
		  log_string("edge", fleet->roll->entry.name));
}

static void log_lost(void *context, const char *reason)
{
	struct fleet *fleet = context;

	fleet->roll->alive = false;
	lose(fleet->roll);
	log_write(LOG_WARNING, "This edge is cut off: the fleet does not count on it any more.",
		  log_string("reason", reason));
}

static void log_taken(void *context)
{
	struct fleet *fleet = context;

	fleet->roll->taken = true;
	log_write(LOG_ERR,
		  "Another living edge of the fleet has the same edge.name: this one is not in the "
		  "fleet before one of them has another.",
		  log_string("edge", fleet->roll->entry.name));
}

int state_roll_open(struct fleet *fleet)
{
	const struct config *config = fleet->config;
	struct roll *roll = calloc(1, sizeof(*roll));

	fleet->roll = roll;
	if (!roll)
		return -ENOMEM;
	roll->reading = (struct roll_task){-1, -1};
	roll->strangers_ns = UINT64_MAX;
	state_roll_add(fleet, &roll->reading, true);
	roll->table = edges_table_new();
	if (!roll->table)
		return -ENOMEM;
	store_keys_edge(config->fleet.prefix, config->edge.name, roll->key);
	roll->entry.since_ns = boottime_wall_ns();
	snprintf(roll->entry.name, sizeof(roll->entry.name), "%s", config->edge.name);
	snprintf(roll->entry.id, sizeof(roll->entry.id), "%s", fleet->kept->id);
	return sd_event_add_defer(fleet->event, &roll->turn, on_turn, fleet);
}

int state_roll_begin(struct fleet *fleet)
{
	const struct edges_self_options options = {
		.event = fleet->event,
		.etcd = fleet->etcd,
		.key = fleet->roll->key,
		.entry = &fleet->roll->entry,
		.ttl_s = (unsigned int)(fleet->config->fleet.edge_ttl_ns / NS_PER_S),
		.alive = log_alive,
		.lost = log_lost,
		.taken = log_taken,
		.context = fleet,
	};

	return edges_self_open(&options, &fleet->roll->self);
}

void state_roll_close(struct fleet *fleet)
{
	if (!fleet->roll)
		return;
	edges_self_close(fleet->roll->self);
	edges_table_free(fleet->roll->table);
	sd_event_source_disable_unref(fleet->roll->turn);
	free(fleet->roll);
	fleet->roll = NULL;
}

static void see_own(struct fleet *fleet, int64_t revision)
{
	fleet->roll->told = revision;
	if (!revision)
		lose(fleet->roll);
	come_back(fleet);
}

void state_roll_put(struct fleet *fleet, const char *name, const char *value, int64_t revision)
{
	struct roll *roll = fleet->roll;
	int error = 0;

	see_noted(fleet);
	if (strcmp(name, roll->entry.name) == 0)
		see_own(fleet, revision);

	if (value)
		error = edges_table_put(roll->table, name, value,
					fleet->reading ? 0 : boottime_now_ns());
	else
		edges_table_gone(roll->table, name, boottime_now_ns());
	if (error)
		log_write(LOG_WARNING, "An edge of the fleet is passed over.",
			  log_string("edge", name), log_error("error", error));
	if (!value && strcmp(name, roll->entry.name) != 0)
		log_write(LOG_WARNING, "An edge of the fleet is not heard of any more.",
			  log_string("edge", name));
	state_await_look(fleet);
}

/* Says how far this edge is, if it is further. */
static void tell(struct fleet *fleet)
{
	struct roll *roll = fleet->roll;

	if (roll->builds.done >= roll->mark) {
		/* Builds without a record, which are to end here, have no revision: once nothing is
		 * left to be done they have. */
		roll->ready = roll->compared && roll->back &&
			      (roll->ready || (!roll->builds.nr[0] && !roll->builds.nr[1]));
		roll->mark = roll->builds.seen;
		roll->marked_ns = boottime_now_ns();
	}
	if (roll->entry.applied == roll->builds.done && roll->entry.removed == roll->ends.done)
		return;
	roll->entry.applied = roll->builds.done;
	roll->entry.removed = roll->ends.done;
	if (roll->self)
		edges_self_update(roll->self);
	state_await_look(fleet);
}

void state_roll_read(struct fleet *fleet)
{
	state_roll_add(fleet, &fleet->roll->reading, true);
	fleet->roll->strangers_ns = UINT64_MAX;
	edges_table_begin(fleet->roll->table);
}

static void find_newest(void *context, const struct record *record)
{
	struct roll *roll = context;

	if (record->mod_revision > roll->noted)
		roll->noted = record->mod_revision;
	if (record->ended_ns && record->mod_revision > roll->ended)
		roll->ended = record->mod_revision;
}

void state_roll_whole(struct fleet *fleet)
{
	uint64_t now_ns = boottime_now_ns();

	edges_table_whole(fleet->roll->table, now_ns);
	fleet->roll->strangers_ns = now_ns + roll_fence_ns(fleet);
	store_mirror_each(fleet->mirror, find_newest, fleet->roll);
	see(fleet);
	come_back(fleet);
	state_await_look(fleet);
}

void state_roll_compared(struct fleet *fleet)
{
	struct roll_task task = fleet->roll->reading;

	fleet->roll->reading = (struct roll_task){-1, -1};
	fleet->roll->compared = true;
	state_roll_finish(fleet, task);
}

void state_roll_add(struct fleet *fleet, struct roll_task *task, bool end)
{
	struct roll *roll = fleet->roll;

	if (task->build < 0)
		task->build = (int)edges_progress_add(&roll->builds);
	if (end && task->end < 0)
		task->end = (int)edges_progress_add(&roll->ends);
}

void state_roll_note(struct fleet *fleet, int64_t revision, bool end)
{
	struct roll *roll = fleet->roll;

	if (end && revision > roll->ended)
		roll->ended = revision;
	if (revision <= roll->noted)
		return;
	see_noted(fleet);
	roll->noted = revision;
	sd_event_source_set_enabled(roll->turn, SD_EVENT_ONESHOT);
}

void state_roll_finish(struct fleet *fleet, struct roll_task task)
{
	if (task.build >= 0)
		edges_progress_finish(&fleet->roll->builds, (unsigned int)task.build);
	if (task.end >= 0)
		edges_progress_finish(&fleet->roll->ends, (unsigned int)task.end);
	tell(fleet);
}

static bool is_behind(const struct roll *roll)
{
	return roll->builds.done < roll->mark && boottime_now_ns() - roll->marked_ns > BEHIND_NS;
}

const char *state_roll_lack(const struct fleet *fleet)
{
	const struct roll *roll = fleet->roll;

	if (roll->taken)
		return "another edge has its name";
	if (!fleet->current)
		return fleet->reason;
	if (state_epoch_lack(fleet))
		return state_epoch_lack(fleet);
	if (!roll->alive)
		return "it is cut off from the store";
	if (!roll->ready)
		return "it does not have the fleet's builds yet";
	if (fleet->lacking)
		return "builds have ended here that were extended elsewhere";
	return is_behind(roll) ? "changes of the store wait to be made here" : NULL;
}

struct clocks {
	const struct fleet *fleet;
	uint64_t now_ns, wall_ns; /* by the slowest */
	bool known;
};

static void find_slowest(void *context, const struct edges_known *known)
{
	struct clocks *clocks = context;

	if (!known->alive || !roll_is_other(clocks->fleet->roll, known))
		return;
	clocks->known &= known->seen_ns != 0;
	if (edges_table_wall_ns(known, clocks->now_ns) < clocks->wall_ns)
		clocks->wall_ns = edges_table_wall_ns(known, clocks->now_ns);
}

uint64_t state_roll_wall_ns(const struct fleet *fleet)
{
	struct clocks clocks = {.fleet = fleet,
				.now_ns = boottime_now_ns(),
				.wall_ns = boottime_wall_ns(),
				.known = true};

	edges_table_each(fleet->roll->table, find_slowest, &clocks);
	return clocks.known ? clocks.wall_ns : 0;
}

void state_roll_judge_clock(const struct fleet *fleet, struct problem *problem)
{
	uint64_t bound_ns = fleet->config->fleet.clock_bound_ns;
	struct edges_clock clock = edges_clock_read();

	if (edges_clock_is_within(clock, bound_ns))
		return;
	if (!clock.synchronised)
		json_problem_set(
			problem, PROBLEM_CLOCK,
			"The kernel says that nobody synchronises the clock of edge %s, so "
			"its deadlines would be wrong on others: start chrony or "
			"systemd-timesyncd.",
			fleet->roll->entry.name);
	else
		json_problem_set(problem, PROBLEM_CLOCK,
				 "The clock of edge %s may be wrong by %llu ms, which is more than "
				 "fleet.clock_bound.",
				 fleet->roll->entry.name,
				 (unsigned long long)(clock.bound_ns / NS_PER_MS));
}

struct edges_table *state_roll_table(const struct fleet *fleet)
{
	return fleet->roll->table;
}

int64_t state_roll_revision(const struct fleet *fleet)
{
	return fleet->roll->builds.seen;
}

int64_t state_roll_ended(const struct fleet *fleet)
{
	return fleet->roll->ended;
}

bool state_roll_is_self(const struct fleet *fleet, const struct edges_known *known)
{
	return !roll_is_other(fleet->roll, known);
}

void state_roll_announced(struct fleet *fleet, const char *state, const char *why)
{
	struct edges_entry *entry = &fleet->roll->entry;
	char cut[EDGES_WHY_BYTES];
	json_t *whole;

	snprintf(cut, sizeof(cut), "%s", why);
	whole = json_values_string(cut);
	if (whole && strlen(state) < sizeof(entry->announced) &&
	    (strcmp(entry->announced, state) != 0 ||
	     strcmp(entry->why, json_string_value(whole)) != 0)) {
		snprintf(entry->announced, sizeof(entry->announced), "%s", state);
		snprintf(entry->why, sizeof(entry->why), "%s", json_string_value(whole));
		if (fleet->roll->self)
			edges_self_update(fleet->roll->self);
	}
	json_decref(whole);
}
