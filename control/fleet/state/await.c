/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/state/await.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fleet/state/fleet.h"
#include "fleet/state/roll_state.h"
#include "host/boottime.h"
#include "host/config.h"

#define HERE_NS (300 * NS_PER_S) /* a sync of very many builds may take long */

/* Somebody who waits for the others, or for this edge. */
struct roll_wait {
	LIST_ENTRY(roll_wait) link;
	struct fleet *fleet;
	int64_t revision;
	bool here;
	uint64_t until_ns;
	sd_event_source *timer;
	void (*done)(void *context, const char *unconfirmed);
	void *context;
};

/* What is looked for in a table. */
struct search {
	const struct roll_wait *wait; /* NULL: all others are named */
	const struct fleet *fleet;
	uint64_t now_ns;
	uint64_t wake_ns; /* when something changes by itself */
	bool waits;	  /* for one of them */
	FILE *names;	  /* NULL without memory: they are counted all the same */
	unsigned int nr;
	int64_t floor; /* removed by all of them */
};

/* When it gets no packets any more, if it stays lost: its routes have gone by then. */
static uint64_t fenced_ns(const struct fleet *fleet, const struct edges_known *known)
{
	return known->alive ? UINT64_MAX : known->lost_ns + roll_fence_ns(fleet);
}

static void look_at_one(void *context, const struct edges_known *known)
{
	struct search *search = context;
	uint64_t at_ns = fenced_ns(search->fleet, known);

	if (!roll_is_other(search->fleet->roll, known))
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
	if (search->names)
		fprintf(search->names, "%s%s", search->nr ? ", " : "", known->entry.name);
	search->nr++;
}

/* Counts those that are missing. Result: their names, to be freed; NULL: none, or no memory. */
static char *search_for(struct search *search)
{
	char *text = NULL;
	size_t bytes;
	bool whole;

	search->names = open_memstream(&text, &bytes);
	edges_table_each(search->fleet->roll->table, look_at_one, search);
	whole = search->names && !ferror(search->names);
	if (search->names && fclose(search->names) != 0)
		whole = false;
	if (search->nr && whole)
		return text;
	free(text);
	return NULL;
}

char *state_await_others(const struct fleet *fleet)
{
	struct search search = {.fleet = fleet};

	return search_for(&search);
}

static void find_floor(void *context, const struct edges_known *known)
{
	struct search *search = context;

	if (roll_is_other(search->fleet->roll, known) &&
	    fenced_ns(search->fleet, known) > search->now_ns &&
	    known->entry.removed < search->floor)
		search->floor = known->entry.removed;
}

int64_t state_await_floor(const struct fleet *fleet)
{
	struct search search = {.fleet = fleet, .now_ns = boottime_now_ns(), .floor = INT64_MAX};

	if (search.now_ns < fleet->roll->strangers_ns)
		return 0;
	edges_table_each(fleet->roll->table, find_floor, &search);
	return search.floor;
}

/* As search_for(), of this edge, which has no name. */
static void search_here(struct search *search)
{
	const struct roll_wait *wait = search->wait;

	if (search->fleet->roll->builds.done >= wait->revision)
		return;
	search->waits = search->now_ns < wait->until_ns;
	search->nr = 1;
}

/* Result: who is missing, NULL: nobody. */
static const char *name_missing(const struct search *search, const char *names)
{
	if (!search->nr)
		return NULL;
	if (search->wait->here)
		return "";
	return names ? names : AWAIT_ANY;
}

/* Result: whether it is known who was there when it was written: that has been told to us as well,
 * and whoever was lost before we heard of it gets no packets any more. */
static bool is_told(const struct roll_wait *wait, struct search *search)
{
	const struct roll *roll = wait->fleet->roll;

	if (search->now_ns < roll->strangers_ns && roll->strangers_ns < search->wake_ns)
		search->wake_ns = roll->strangers_ns;
	return roll->builds.seen >= wait->revision && search->now_ns >= roll->strangers_ns;
}

static void look(struct roll_wait *wait)
{
	struct search search = {.wait = wait,
				.fleet = wait->fleet,
				.now_ns = boottime_now_ns(),
				.wake_ns = wait->until_ns};
	char *names = NULL;
	bool told = wait->here || is_told(wait, &search);

	if (wait->here)
		search_here(&search);
	else
		names = search_for(&search);
	if (search.waits || (!told && search.now_ns < wait->until_ns)) {
		sd_event_source_set_time(wait->timer, search.wake_ns / NS_PER_US + 1);
		sd_event_source_set_enabled(wait->timer, SD_EVENT_ONESHOT);
	} else {
		void (*done)(void *context, const char *unconfirmed) = wait->done;
		void *context = wait->context;
		const char *missing = name_missing(&search, names);

		state_await_cancel(wait);
		done(context, told || missing ? missing : AWAIT_ANY);
	}
	free(names);
}

void state_await_look(struct fleet *fleet)
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

/* Result: 0, -ENOMEM or what sd-event says. */
static int begin(const struct roll_wait *like, struct roll_wait **ret_wait)
{
	struct fleet *fleet = like->fleet;
	struct roll_wait *wait = malloc(sizeof(*wait));
	int r;

	if (!wait)
		return -ENOMEM;
	*wait = *like;
	r = sd_event_add_time(fleet->event, &wait->timer, CLOCK_BOOTTIME, 0, 1, on_timer, wait);
	if (r < 0) {
		free(wait);
		return r;
	}
	LIST_INSERT_HEAD(&fleet->roll->waits, wait, link);
	*ret_wait = wait;
	return 0;
}

int state_await_begin(struct fleet *fleet, int64_t revision,
		      void (*done)(void *context, const char *unconfirmed), void *context,
		      struct roll_wait **ret_wait)
{
	const struct roll_wait wait = {
		.fleet = fleet,
		.revision = revision,
		.until_ns = boottime_now_ns() + fleet->config->fleet.fence_after_ns,
		.done = done,
		.context = context,
	};

	return begin(&wait, ret_wait);
}

int state_await_here(struct fleet *fleet, int64_t revision,
		     void (*done)(void *context, const char *unconfirmed), void *context,
		     struct roll_wait **ret_wait)
{
	const struct roll_wait wait = {
		.fleet = fleet,
		.revision = revision,
		.here = true,
		.until_ns = boottime_now_ns() + HERE_NS,
		.done = done,
		.context = context,
	};

	return begin(&wait, ret_wait);
}

void state_await_cancel(struct roll_wait *wait)
{
	if (!wait)
		return;
	LIST_REMOVE(wait, link);
	sd_event_source_disable_unref(wait->timer);
	free(wait);
}
