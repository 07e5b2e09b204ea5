/* SPDX-License-Identifier: BSD-3-Clause */
/* What happened, in order: durable, numbered, read by resumable streams. */
#pragma once

#include <stdint.h>

#include "model/event.h"

struct journal;

/* Called for each event in order; any result but 0 ends the reading and is passed on. */
typedef int event_visitor(const struct event *event, void *context);

#define EVENTS_RECENT 512 /* a power of two */

/* The event log. A small object over the journal: sequence numbers and the oldest kept. */
struct events {
	struct journal *journal;
	uint64_t oldest_seq; /* the first one still kept; newest_seq + 1 if none is */
	uint64_t newest_seq; /* 0: none yet */
	uint64_t last_seq;   /* given out; past the newest one while a transaction is open */
	uint64_t told[EVENT_TYPES_NR]; /* since the start */
	uint64_t open[EVENT_TYPES_NR]; /* of the transaction that is open */
	/* Those read from memory, by their number modulo EVENTS_RECENT: from first to last. */
	struct event recent[EVENTS_RECENT];
	uint64_t recent_first, recent_last; /* 0: none */
};

/* Reads the bounds from the journal. Result: 0 or -errno. */
int state_events_open(struct events *events, struct journal *journal);

/*
 * Numbers and journals one event, inside the journal's open transaction. Nobody reads it before
 * state_events_committed(). Result: 0 and event->seq set, or -errno.
 */
int state_events_append(struct events *events, struct event *event);

/* What was appended is durable now, or is undone. */
void state_events_committed(struct events *events);
void state_events_rolled_back(struct events *events);

/* These are the last ones that were committed: the next to ask need not read them back. */
void state_events_keep(struct events *events, const struct event *event, unsigned int nr,
		       uint64_t wall_ns);

/*
 * Visits at most max events with seq > since. Result: 0 (also if there are none), -ESTALE if
 * events after since are no longer kept (410), the visitor's non-zero result, or -errno.
 */
int state_events_read(struct events *events, uint64_t since, unsigned int max, event_visitor *visit,
		      void *context);

/*
 * Visits the next events after *seq, in order, and moves *seq to each before its visit. Those no
 * longer kept are passed over. Result: 1 if there are more, 0, -EIO if one that should be there is
 * not, or as above.
 */
int state_events_follow(struct events *events, uint64_t *seq, event_visitor *visit, void *context);

/* The newest kept of that type. Result: 0, -ENOENT, or -errno. */
int state_events_last(struct events *events, enum event_type type, struct event *ret_event);

/* Forgets the oldest ones until at most keep are left. Result: 0 or -errno. */
int state_events_compact(struct events *events, uint64_t keep);
