/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the API into the state, as cheaply as can be: all builds once; then at each tick the status,
 * the events since the last one, the builds that they name, those in sight for their rates, a page
 * of open connections, and a page of the others. One call at a time, so that keys are heard
 * between.
 */
#pragma once

#include "cli/talk/client.h"
#include "cli/top/changes.h"
#include "cli/top/list/state.h"

struct top_feed {
	struct client *client;
	struct top *top;
	unsigned int todo;	 /* bits of what this tick still asks for */
	json_int_t load_after;	 /* while all builds are read */
	json_int_t sweep_after;	 /* of the page that is read at each tick */
	json_int_t count_after;	 /* while open connections are read */
	bool counting;		 /* they are being read */
	uint64_t counted_opened; /* what the last count was made for */
	uint64_t counted_open;
	unsigned int ticks_uncounted;
	uint64_t counted; /* connections that the last count found */
	struct top_changes changes;
	size_t turn;  /* of those in sight, which one is next */
	size_t shown; /* of those in sight, how many were asked for */
	unsigned int ticks;
	bool every; /* read all builds at each tick, for the rates of all */
	int error;  /* -errno of the call by which sallyportd was lost, or 0 */
};

/* A tick has come: calls follow by top_feed_step(). To be called when there are none left. */
void top_feed_tick(struct top_feed *feed);

/* Asks for what is in the detail, as soon as may be. */
void top_feed_open(struct top_feed *feed);

/* Makes one call at most. Result: whether there are more to be made. */
bool top_feed_step(struct top_feed *feed);
