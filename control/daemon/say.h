/* SPDX-License-Identifier: BSD-3-Clause */
/* Logs the events and refusals that an operator looks for in the journal. */
#pragma once

#include <stdint.h>

#include "json/problem.h"

struct edge;
struct event;

/* When each kind of refusal was logged last, on CLOCK_BOOTTIME; 0: never. */
struct daemon_said {
	uint64_t refused_ns[PROBLEM_TYPES_NR];
};

/* Logs an event that is about the edge as a whole; those of one build or client are not. */
void daemon_say_event(const struct event *event);

/* Warns of open builds that lead to where builds.networks no longer do: at a start and at a reload.
 */
void daemon_say_outside(const struct edge *edge);

/* Logs that calls are refused for want of something of ours, each kind at most once in ten seconds.
 */
void daemon_say_refused(struct daemon_said *said, enum problem_type type, const char *detail,
			uint64_t now_ns);
