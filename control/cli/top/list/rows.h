/* SPDX-License-Identifier: BSD-3-Clause */
/* All builds that top knows of, by id. */
#pragma once

#include <stddef.h>

#include "cli/top/list/row.h"

#define TOP_ROWS_MAX 2000000u /* more than limits.builds may say */

struct top_rows {
	struct top_row **row; /* in no order */
	size_t nr;
	size_t room;
	struct top_row **bucket;
	size_t nr_buckets; /* a power of two, or 0 */
	size_t of_state[SESSION_STATES_NR];
	uint32_t round;
	uint64_t changes; /* grows when rows come, go, or change otherwise than by counts */
	uint64_t counts;  /* grows when counts change */
};

void list_rows_clear(struct top_rows *rows);

/* Result: NULL if there is none. */
struct top_row *list_rows_find(const struct top_rows *rows, const char *id);

/*
 * Puts in a build as the API describes it, in place of what was known of it. Pointers to rows stay
 * good. Result: 0; -EINVAL: it is no build, or cannot be kept; -ENOMEM; -EOVERFLOW.
 */
int list_rows_put(struct top_rows *rows, const json_t *build, const struct top_moment *moment);

/* Lets go of a build, if it is known. */
void list_rows_remove(struct top_rows *rows, const char *id);

/* From here on all builds are put in; and here they have been: others are gone. */
void list_rows_begin(struct top_rows *rows);
void list_rows_finish(struct top_rows *rows);

/* Lets go of those that ended first until so many ended ones are left. */
void list_rows_keep_ended(struct top_rows *rows, size_t nr);

/*
 * Counts connections: begin, each one that is open, finish. Only then do the rows have the new
 * counts.
 */
void list_rows_count_begin(struct top_rows *rows);
void list_rows_count(struct top_rows *rows, const char *id);
void list_rows_count_finish(struct top_rows *rows);
