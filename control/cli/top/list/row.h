/* SPDX-License-Identifier: BSD-3-Clause */
/* One build as top knows it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "model/session.h"

/* When an answer of the API came. */
struct top_moment {
	uint64_t now_ns; /* CLOCK_BOOTTIME */
	uint64_t wall_ns;
};

struct top_row {
	char *id;
	char *title;
	char *organisation;
	char *actors; /* parted by commas */
	enum session_state state;
	enum session_reason reason;
	uint64_t begun_ns;    /* of the time whose rest is left: the build's, or its linger's */
	uint64_t deadline_ns; /* CLOCK_BOOTTIME; of one that has ended: when that was */
	uint32_t nodes;
	uint32_t public_port; /* of the first node */
	uint64_t packets;     /* both directions */
	uint64_t bytes;
	uint64_t counted_ns;
	double packets_rate; /* a second, negative: not known yet */
	double bytes_rate;
	uint32_t connections; /* open now */
	uint32_t counting;    /* of those that are being counted */
	uint32_t round;	      /* of the last answer that had it */
	struct top_row *next; /* in its bucket */
};

/* Result: a row from a build of the API, or NULL: it is none, or no memory. */
struct top_row *list_row_read(const json_t *build, const struct top_moment *moment);

/* NULL is allowed. */
void list_row_free(struct top_row *row);

/*
 * Takes over what newer says and frees it; rates come of both. Result: whether something changed by
 * which rows are found and sorted, other than what is counted.
 */
bool list_row_take(struct top_row *row, struct top_row *newer);

/* Result: what is left at that time; 0 for what has ended. */
uint64_t list_row_left_ns(const struct top_row *row, uint64_t now_ns);

/* Result: of how much that is the rest. */
uint64_t list_row_whole_ns(const struct top_row *row);
