/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/roll.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include "etcd/etcd.h"
#include "fleet/edges/kept.h"
#include "fleet/edges/progress.h"
#include "fleet/edges/self.h"
#include "fleet/edges/table.h"
#include "fleet/epoch.h"
#include "fleet/fleet.h"
#include "fleet/store/keys.h"
#include "fleet/store/mirror.h"
#include "fleet/store/record.h"
#include "host/boottime.h"
#include "host/config.h"
#include "host/log.h"
#include "json/problem.h"
#include "json/values.h"

#define BEHIND_NS (2 * NS_PER_S)

/* Somebody who waits for the others. */
struct roll_wait {
	LIST_ENTRY(roll_wait) link;
	struct fleet *fleet;
	int64_t revision;
	uint64_t until_ns;
	sd_event_source *timer;
	void (*done)(void *context, const char *unconfirmed);
	void *context;
};

LIST_HEAD(waits, roll_wait);

struct roll {
	struct edges_entry entry; /* of this edge */
	char key[STORE_KEY_BYTES];
	struct edges_self *self;
	struct edges_table *table;
	struct edges_progress builds, ends;
	struct roll_task reading; /* the store, until what is open here was compared with it */
	int64_t mark;		  /* a revision that it must have done within BEHIND_NS */
	uint64_t marked_ns;
	bool alive, taken;
	bool compared; /* once */
	bool ready;    /* it had everything once */
	struct waits waits;
};

static void look_at_waits(struct fleet *fleet);

static void log_alive(void *context)
{
	struct fleet *fleet = context;

	fleet->roll->alive = true;
	fleet->roll->taken = false;
	log_write(LOG_NOTICE, "This edge is in the fleet.",
		  log_string("edge", fleet->roll->entry.name));
}

static void log_lost(void *context, const char *reason)
{
	struct fleet *fleet = context;

	fleet->roll->alive = false;
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

int fleet_roll_open(struct fleet *fleet)
{
	const struct config *config = fleet->config;
	struct roll *roll = calloc(1, sizeof(*roll));

	fleet->roll = roll;
	if (!roll)
		return -ENOMEM;
	roll->reading = (struct roll_task){-1, -1};
	fleet_roll_add(fleet, &roll->reading, true);
	roll->table = edges_table_new();
	if (!roll->table)
		return -ENOMEM;
	store_keys_edge(config->fleet.prefix, config->edge.name, roll->key);
	roll->entry.since_ns = boottime_wall_ns();
	snprintf(roll->entry.name, sizeof(roll->entry.name), "%s", config->edge.name);
	snprintf(roll->entry.id, sizeof(roll->entry.id), "%s", fleet->kept->id);
	return 0;
}

int fleet_roll_begin(struct fleet *fleet)
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

void fleet_roll_close(struct fleet *fleet)
{
	if (!fleet->roll)
		return;
	edges_self_close(fleet->roll->self);
	edges_table_free(fleet->roll->table);
	free(fleet->roll);
	fleet->roll = NULL;
}

static bool is_other(const struct fleet *fleet, const struct edges_known *known)
{
	return strcmp(known->entry.name, fleet->roll->entry.name) != 0;
}

void fleet_roll_put(struct fleet *fleet, const char *name, const char *value)
{
	struct roll *roll = fleet->roll;
	int error = 0;

	if (value)
		error = edges_table_put(roll->table, name, value,
					fleet->reading ? 0 : boottime_wall_ns());
	else
		edges_table_gone(roll->table, name, boottime_now_ns());
	if (error)
		log_write(LOG_WARNING, "An edge of the fleet is passed over.",
			  log_string("edge", name), log_error("error", error));
	if (!value && strcmp(name, roll->entry.name) != 0)
		log_write(LOG_WARNING, "An edge of the fleet is not heard of any more.",
			  log_string("edge", name));
	look_at_waits(fleet);
}

/* Says how far this edge is, if it is further. */
static void tell(struct fleet *fleet)
{
	struct roll *roll = fleet->roll;

	if (roll->builds.done >= roll->mark) {
		roll->ready = roll->compared;
		roll->mark = roll->builds.seen;
		roll->marked_ns = boottime_now_ns();
	}
	if (roll->entry.applied == roll->builds.done && roll->entry.removed == roll->ends.done)
		return;
	roll->entry.applied = roll->builds.done;
	roll->entry.removed = roll->ends.done;
	if (roll->self)
		edges_self_update(roll->self);
}

void fleet_roll_read(struct fleet *fleet)
{
	fleet_roll_add(fleet, &fleet->roll->reading, true);
	edges_table_begin(fleet->roll->table);
}

static void find_newest(void *context, const struct record *record)
{
	int64_t *newest = context;

	if (record->mod_revision > *newest)
		*newest = record->mod_revision;
}

void fleet_roll_whole(struct fleet *fleet)
{
	int64_t newest = 0;

	edges_table_whole(fleet->roll->table, boottime_now_ns());
	store_mirror_each(fleet->mirror, find_newest, &newest);
	fleet_roll_see(fleet, newest);
	look_at_waits(fleet);
}

void fleet_roll_compared(struct fleet *fleet)
{
	struct roll_task task = fleet->roll->reading;

	fleet->roll->reading = (struct roll_task){-1, -1};
	fleet->roll->compared = true;
	fleet_roll_finish(fleet, task);
}

void fleet_roll_add(struct fleet *fleet, struct roll_task *task, bool end)
{
	struct roll *roll = fleet->roll;

	if (task->build < 0)
		task->build = (int)edges_progress_add(&roll->builds);
	if (end && task->end < 0)
		task->end = (int)edges_progress_add(&roll->ends);
}

/* While all of the store comes, in another order, nothing is known of what lies between. */
void fleet_roll_see(struct fleet *fleet, int64_t revision)
{
	if (fleet->reading)
		return;
	edges_progress_see(&fleet->roll->builds, revision);
	edges_progress_see(&fleet->roll->ends, revision);
	tell(fleet);
}

void fleet_roll_finish(struct fleet *fleet, struct roll_task task)
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

const char *fleet_roll_lack(const struct fleet *fleet)
{
	const struct roll *roll = fleet->roll;

	if (roll->taken)
		return "another edge has its name";
	if (!fleet->current)
		return fleet->reason;
	if (fleet_epoch_lack(fleet))
		return fleet_epoch_lack(fleet);
	if (!roll->alive)
		return "it is cut off from the store";
	if (!roll->ready)
		return "it does not have the fleet's builds yet";
	return is_behind(roll) ? "changes of the store wait to be made here" : NULL;
}

struct clocks {
	const struct fleet *fleet;
	int64_t ahead_ns; /* of the slowest */
	bool known;
};

static void find_slowest(void *context, const struct edges_known *known)
{
	struct clocks *clocks = context;

	if (!known->alive || !is_other(clocks->fleet, known))
		return;
	clocks->known &= known->compared;
	if (known->ahead_ns < clocks->ahead_ns)
		clocks->ahead_ns = known->ahead_ns;
}

uint64_t fleet_roll_wall_ns(const struct fleet *fleet)
{
	struct clocks clocks = {.fleet = fleet, .known = true};

	edges_table_each(fleet->roll->table, find_slowest, &clocks);
	return clocks.known ? boottime_wall_ns() + (uint64_t)clocks.ahead_ns : 0;
}

void fleet_roll_judge_clock(const struct fleet *fleet, struct problem *problem)
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

/* What is looked for in a table. */
struct search {
	const struct roll_wait *wait; /* NULL: all others are named */
	const struct fleet *fleet;
	uint64_t now_ns;
	uint64_t wake_ns; /* when something changes by itself */
	bool waits;	  /* for one of them */
	FILE *names;
	unsigned int nr;
};

/* When it gets no packets any more, if it stays lost: its routes have gone by then. */
static uint64_t fenced_ns(const struct fleet *fleet, const struct edges_known *known)
{
	return known->alive ? UINT64_MAX
			    : known->lost_ns + fleet->config->fleet.fence_after_ns -
				      fleet->config->fleet.edge_ttl_ns;
}

static void look_at_one(void *context, const struct edges_known *known)
{
	struct search *search = context;
	uint64_t at_ns = fenced_ns(search->fleet, known);

	if (!is_other(search->fleet, known))
		return;
	if (search->wait) {
		uint64_t begun_ns =
			search->wait->until_ns - search->fleet->config->fleet.fence_after_ns;

		/* One that was fenced before has nothing to do with it. */
		if (known->entry.removed >= search->wait->revision || at_ns <= begun_ns)
			return;
		if (at_ns > search->now_ns && search->now_ns < search->wait->until_ns)
			search->waits = true;
		if (at_ns > search->now_ns && at_ns < search->wake_ns)
			search->wake_ns = at_ns;
	}
	fprintf(search->names, "%s%s", search->nr++ ? ", " : "", known->entry.name);
}

/* Result: the names of those that are missing, to be freed; NULL: none, or no memory. */
static char *search_for(struct search *search)
{
	char *text = NULL;
	size_t bytes;

	search->names = open_memstream(&text, &bytes);
	if (!search->names)
		return NULL;
	edges_table_each(search->fleet->roll->table, look_at_one, search);
	fclose(search->names);
	if (search->nr)
		return text;
	free(text);
	return NULL;
}

char *fleet_roll_others(const struct fleet *fleet)
{
	struct search search = {.fleet = fleet};

	return search_for(&search);
}

/* Result: whether it is over, and gone. */
static bool look(struct roll_wait *wait)
{
	struct search search = {.wait = wait,
				.fleet = wait->fleet,
				.now_ns = boottime_now_ns(),
				.wake_ns = wait->until_ns};
	char *names = search_for(&search);

	if (search.waits) {
		sd_event_source_set_time(wait->timer, search.wake_ns / NS_PER_US + 1);
		sd_event_source_set_enabled(wait->timer, SD_EVENT_ONESHOT);
	} else {
		void (*done)(void *context, const char *unconfirmed) = wait->done;
		void *context = wait->context;

		fleet_roll_cancel(wait);
		done(context, names);
	}
	free(names);
	return !search.waits;
}

static void look_at_waits(struct fleet *fleet)
{
	struct roll_wait *wait = LIST_FIRST(&fleet->roll->waits);

	while (wait) {
		struct roll_wait *next = LIST_NEXT(wait, link);

		look(wait);
		wait = next;
	}
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	look(context);
	return 0;
}

int fleet_roll_await(struct fleet *fleet, int64_t revision,
		     void (*done)(void *context, const char *unconfirmed), void *context,
		     struct roll_wait **ret_wait)
{
	struct roll_wait *wait = calloc(1, sizeof(*wait));
	int r;

	if (!wait)
		return -ENOMEM;
	*wait = (struct roll_wait){.fleet = fleet,
				   .revision = revision,
				   .until_ns =
					   boottime_now_ns() + fleet->config->fleet.fence_after_ns,
				   .done = done,
				   .context = context};
	r = sd_event_add_time(fleet->event, &wait->timer, CLOCK_BOOTTIME, 0, 1, on_timer, wait);
	if (r < 0) {
		free(wait);
		return r;
	}
	LIST_INSERT_HEAD(&fleet->roll->waits, wait, link);
	*ret_wait = wait;
	return 0;
}

void fleet_roll_cancel(struct roll_wait *wait)
{
	if (!wait)
		return;
	LIST_REMOVE(wait, link);
	sd_event_source_disable_unref(wait->timer);
	free(wait);
}

static json_t *show_edge(const struct fleet *fleet, const struct edges_known *known)
{
	const struct edges_entry *entry = &known->entry;
	int64_t behind = fleet->roll->builds.seen - entry->applied;
	uint64_t lost_ns = boottime_wall_ns() - (boottime_now_ns() - known->lost_ns);

	return json_pack("{s:s, s:b, s:b, s:o, s:I, s:I, s:I, s:o, s:{s:b, s:I, s:o}}", "name",
			 entry->name, "self", !is_other(fleet, known), "alive", known->alive,
			 "lost_at", json_values_time(known->alive ? 0 : lost_ns), "applied",
			 (json_int_t)entry->applied, "removed", (json_int_t)entry->removed,
			 "behind", (json_int_t)(behind > 0 && known->alive ? behind : 0), "since",
			 json_values_time(entry->since_ns), "clock", "synchronised",
			 entry->clock.synchronised, "bound_ms",
			 (json_int_t)(entry->clock.bound_ns / NS_PER_MS), "ahead_ms",
			 known->compared ? json_integer(known->ahead_ns / (int64_t)NS_PER_MS)
					 : json_null());
}

struct showing {
	const struct fleet *fleet;
	json_t *edges;
};

static void show_one(void *context, const struct edges_known *known)
{
	struct showing *showing = context;

	json_array_append_new(showing->edges, show_edge(showing->fleet, known));
}

json_t *fleet_roll_show(const struct fleet *fleet)
{
	struct showing showing = {fleet, json_array()};
	const char *lack = fleet_roll_lack(fleet);

	edges_table_each(fleet->roll->table, show_one, &showing);
	return json_pack("{s:s, s:b, s:o, s:{s:s, s:b, s:b, s:I}, s:o}", "edge",
			 fleet->roll->entry.name, "current", !lack, "reason",
			 json_values_string_or_null(lack), "store", "member",
			 etcd_member(fleet->etcd), "followed", fleet->current, "adopted",
			 !fleet_epoch_lack(fleet), "revision", (json_int_t)fleet->roll->builds.seen,
			 "edges", showing.edges);
}
