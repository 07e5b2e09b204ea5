/* SPDX-License-Identifier: BSD-3-Clause */
/* What happened: one event, and the types there are. */
#pragma once

#include <stdint.h>

#include "model/session.h"

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
	X(ENGINE_SWITCHED, "engine.switched", "0",                                                 \
	  "another engine carries; detail: which, after which, and why")                           \
	X(CLIENT_REFUSED, "client.refused", "packets",                                             \
	  "not allowed, or over a limit; detail: who")                                             \
	X(ATTACHMENT_LOST, "attachment.lost", "0", "an interface meets no program; detail: why")   \
	X(ATTACHMENT_RESTORED, "attachment.restored", "ms without",                                \
	  "it does again; detail: which")                                                          \
	X(HOST_CORRECTED, "host.corrected", "how many", "what others changed, put right; detail")  \
	X(DELIVERY_FAILED, "delivery.failed", "number of an event",                                \
	  "a hook or the webhook did not take an event: it is a dead letter; detail: why")

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

/* What the detail of ENGINE_SWITCHED says: "ENGINE, after ENGINE: why"; in older ones, "ENGINE". */
struct event_switch {
	char now[8], before[8];
	const char *why; /* in the event; NULL, and no before: it does not say */
};

struct event_switch model_event_read_switch(const struct event *event);

/* Cuts why where there is no more room. */
void model_event_set_switch(struct event *event, const char *now, const char *before,
			    const char *why);

/* Result: its spelling; what it means; and back from the spelling: 0, or -EINVAL. */
const char *model_event_type_name(enum event_type type);
const char *model_event_type_meaning(enum event_type type);
int model_event_type_parse(const char *name, enum event_type *ret_type);
