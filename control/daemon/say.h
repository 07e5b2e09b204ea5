/* SPDX-License-Identifier: BSD-3-Clause */
/* Logs the events and refusals that an operator looks for in the journal. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "json/problem.h"

struct edge;
struct api_answered;
struct event;

/* When each kind of refusal was logged last, on CLOCK_BOOTTIME; 0: never. */
struct daemon_said {
	uint64_t refused_ns[PROBLEM_TYPES_NR];
	uint64_t second;		     /* in which requests were logged last, */
	unsigned int nr_requests, nr_unsaid; /* how many, and how many were not */
	uint64_t request_number;	     /* since the start */
	uint64_t failing_since_ns; /* of the journal, as it was said; 0: that it is written */
	uint64_t failing_ns;	   /* the latest look that found it so */
};

/* Logs an event that is about the edge as a whole; those of one build or client are not. */
void daemon_say_event(const struct event *event);

/* Warns of open builds that lead to where builds.networks no longer do: at a start and at a reload.
 */
void daemon_say_outside(const struct edge *edge);

/* After a start: that, and whether the table had leases while the journal was empty. */
void daemon_say_replayed(const struct edge *edge, const char *state_dir);

/* Logs that calls are refused for want of something of ours, each kind at most once in ten seconds.
 */
void daemon_say_refused(struct daemon_said *said, enum problem_type type, const char *detail,
			uint64_t now_ns);

/* Logs that the journal refuses changes, if no refusal said so already, and that it takes them
 * again. At every turn of the loop. */
void daemon_say_journal(struct daemon_said *said, uint64_t failing_since_ns, uint64_t now_ns);

/* Logs one request, and of those beyond what a second may have, how many there were. */
void daemon_say_request(struct daemon_said *said, const struct api_answered *answered,
			uint64_t now_ns);

/* For the API. context: the daemon. Result: whether requests are to be logged now. */
bool daemon_say_wants_requests(void *context);

/* For the API: logs that a removal was not confirmed in time. */
void daemon_say_stuck(void *context, bool by_worker);
