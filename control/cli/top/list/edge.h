/* SPDX-License-Identifier: BSD-3-Clause */
/* What GET /v1/status says of the edge as a whole, and how fast its counters grow. */
#pragma once

#include <sallyport/verdict.h>

#include "cli/top/list/row.h"

struct top_edge {
	bool known;
	char name[64];
	char version[32];
	char started_at[40];
	char carrying[24];
	char engine[24];
	char problem[160]; /* of an interface; "": none */
	json_t *fleet;	   /* as it was heard; NULL: not yet, null: there is none */
	uint64_t of_state[SESSION_STATES_NR];
	uint64_t oldest_seq; /* of events; 0: there are none */
	uint64_t newest_seq;
	uint64_t ports_free;
	uint64_t ports_total;
	uint64_t open; /* connections */
	uint64_t opened;
	uint64_t verdict[SP_VERDICT_COUNT];
	uint64_t bytes; /* of what was carried, both ways */
	uint64_t read_ns;
	bool rated; /* the rates below are known */
	double opened_rate;
	double verdict_rate[SP_VERDICT_COUNT];
	double bytes_rate;
};

/* Takes over an answer. Result: 0, or -EINVAL for what is none. */
int list_edge_read(struct top_edge *edge, const json_t *status, const struct top_moment *moment);

void list_edge_free(struct top_edge *edge);

/* Result: packets a second that were carried. */
double list_edge_carried(const struct top_edge *edge);

/* Result: a verdict's name and what it means. */
const char *list_edge_verdict_name(enum sp_verdict verdict);
const char *list_edge_verdict_help(enum sp_verdict verdict);

/* Result: whether a packet with that verdict did not get to where it wanted: dropped or refused. */
bool list_edge_refuses(enum sp_verdict verdict);

/*
 * Writes the verdicts that refuse and have been counted to ret_verdicts, those that grow fastest
 * first. Result: how many.
 */
unsigned int list_edge_drops(const struct top_edge *edge,
			     enum sp_verdict ret_verdicts[SP_VERDICT_COUNT]);
