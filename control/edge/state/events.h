/* SPDX-License-Identifier: BSD-3-Clause */
/* What happened, in order: durable, numbered, read by resumable streams. */
#pragma once

#include <stdint.h>

#include "model/session.h"

struct journal;

#define EVENT_BUILD_ID_MAX 128
#define EVENT_DETAIL_BYTES 128
#define EVENT_NO_NODE	   (-1)

/*
 * The types, one row each: name, spelling, what value holds, what the event means. Unless said
 * otherwise detail is empty.
 */
#define EVENT_TYPES(X)                                                                             \
	X(BUILD_ENABLED, "build.enabled", "deadline (wall ns)", "ssh access was enabled")          \
	X(BUILD_CHANGED, "build.changed", "deadline (wall ns)", "nodes were bound or added")       \
	X(BUILD_FINISHED, "build.finished", "deadline (wall ns)", "the build is over")             \
	X(BUILD_EXTENDED, "build.extended", "deadline (wall ns)", "the deadline was moved")        \
	X(BUILD_WARNING, "build.warning", "seconds left", "the session ends soon")                 \
	X(BUILD_CONNECTED, "build.connected", "0", "first connection; detail: the client")         \
	X(BUILD_ENDED, "build.ended", "0", "the session is over; reason says why")                 \
	X(NODE_READY, "node.ready", "0", "the VM's port answers")                                  \
	X(NODE_UNREACHABLE, "node.unreachable", "0", "the VM's port no longer answers")            \
	X(POOL_LOW, "pool.low", "free ports", "few public ports are left")                         \
	X(POOL_RECOVERED, "pool.recovered", "free ports", "enough public ports are free again")    \
	X(ENGINE_SWITCHED, "engine.switched", "0", "another engine carries; detail: which")        \
	X(CLIENT_REFUSED, "client.refused", "packets", "an address not allowed; detail: which")

enum event_type {
#define EVENT_ENUM(name, spelling, value, meaning) EVENT_##name,
	EVENT_TYPES(EVENT_ENUM)
#undef EVENT_ENUM
		EVENT_TYPES_NR
};

struct event {
	uint64_t seq; /* from 1, no gaps, never reused */
	uint64_t wall_ns;
	enum event_type type;
	char build_id[EVENT_BUILD_ID_MAX + 1]; /* empty: not about one build */
	int32_t node_index;		       /* or EVENT_NO_NODE */
	enum session_reason reason;	       /* of BUILD_ENDED */
	uint64_t value;			       /* see the table */
	char detail[EVENT_DETAIL_BYTES];
};

const char *state_events_type_name(enum event_type type);
int state_events_type_parse(const char *name, enum event_type *ret_type);

/* Called for each event in order; any result but 0 ends the reading and is passed on. */
typedef int event_visitor(const struct event *event, void *context);

/* The event log. A small object over the journal: sequence numbers and the oldest kept. */
struct events {
	struct journal *journal;
	uint64_t oldest_seq; /* the first one still kept; newest_seq + 1 if none is */
	uint64_t newest_seq; /* 0: none yet */
	uint64_t last_seq;   /* given out; past the newest one while a transaction is open */
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
