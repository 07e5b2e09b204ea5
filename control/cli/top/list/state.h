/* SPDX-License-Identifier: BSD-3-Clause */
/* All that the screen is painted from, and keys change. */
#pragma once

#include "cli/talk/talk.h"
#include "cli/top/list/edge.h"
#include "cli/top/list/rows.h"
#include "cli/top/list/view.h"

enum top_mode {
	TOP_LIST,
	TOP_TYPE, /* a filter */
	TOP_SHOW, /* one build */
	TOP_DROPS,
	TOP_FLEET,
	TOP_HELP,
	TOP_MODES_NR
};

#define TOP_REFUSALS_MAX 16

/* A client that was refused, as an event told. */
struct top_refusal {
	char time[40];
	char detail[160];
	uint64_t packets;
};

/* What the API is asked for a build that is open. */
enum top_part {
	TOP_PART_BUILD,
	TOP_PART_CONNECT,   /* who is connected */
	TOP_PART_DIAGNOSIS, /* what the edge knows about why ssh fails */
	TOP_PARTS_NR
};

struct top_detail {
	char id[TOP_ID_SIZE];
	json_t *part[TOP_PARTS_NR]; /* as the API answered; NULL: not known (yet) */
	bool gone;
	struct top_refusal refusal[TOP_REFUSALS_MAX]; /* the oldest first */
	unsigned int nr_refusals;
	unsigned int first; /* line in sight */
};

struct top {
	const struct cli *cli; /* --utc */
	struct top_rows rows;
	struct top_view view;
	struct top_edge edge;
	struct top_detail detail;
	enum top_mode mode;
	enum top_mode back;	     /* where help returns to */
	char ask_id[TOP_ID_SIZE];    /* the build whose cancel is asked about; "": none */
	char cancel_id[TOP_ID_SIZE]; /* the build that is to be cancelled; "": none */
	char filter_before[TOP_FILTER_SIZE];
	char message[512]; /* the answer to what was asked last; "": none */
	bool message_bad;
	bool loading;	    /* not all builds have come yet */
	char lost[256];	    /* why sallyportd does not answer; "": it does */
	uint64_t lost_ns;   /* since then */
	uint64_t called_ns; /* when the call began that is waited for; 0: there is none */
	uint64_t now_ns;
	unsigned int width;
	unsigned int height;
};

/*
 * Result: since when there is no answer: of a call that failed, or that is waited for longer than a
 * moment; 0: there is nothing to complain of.
 */
uint64_t list_state_silent(const struct top *top);

/* Opens the detail of a build, of which nothing is known yet. */
void list_state_open(struct top *top, const char *id);

/* Adds one that was refused. */
void list_state_refused(struct top_detail *detail, const json_t *event);

void list_state_free(struct top *top);
