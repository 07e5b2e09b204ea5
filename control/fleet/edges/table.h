/* SPDX-License-Identifier: BSD-3-Clause */
/* The edges of the fleet, as the store tells of them: those alive, and those that were lost. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fleet/edges/entry.h"

#define EDGES_MAX 256

struct edges_table;

struct edges_known {
	struct edges_entry entry; /* the last */
	bool alive;
	uint64_t lost_ns;     /* since when it is not */
	unsigned int reading; /* in which it was seen */
	uint64_t seen_ns;     /* when it was put, a moment after it was written; 0: nobody knows */
	int64_t mark;	      /* a revision of the store; it has it, or lacks it */
	uint64_t marked_ns;   /* since then */
};

/*
 * Result: the time by its clock now, or a little less, if seen_ns is known. It goes on with the
 * time since the boot: our own clock may have been set since.
 */
uint64_t edges_table_wall_ns(const struct edges_known *known, uint64_t now_ns);

/* Result: NULL without memory. */
struct edges_table *edges_table_new(void);

/* NULL is allowed. */
void edges_table_free(struct edges_table *table);

/* All entries come: what is not put until edges_table_whole() has gone. */
void edges_table_begin(struct edges_table *table);
void edges_table_whole(struct edges_table *table, uint64_t now_ns);

/*
 * now_ns: for a value that was written a moment ago; 0: nobody knows when. Result: 0;
 * -EBADMSG for a value that is none; or -ENOSPC: there are EDGES_MAX others alive.
 */
int edges_table_put(struct edges_table *table, const char *name, const char *value,
		    uint64_t now_ns);

/* The store is at this revision now: who has not what it had when they were marked lags. */
void edges_table_mark(struct edges_table *table, int64_t seen, uint64_t now_ns);

void edges_table_gone(struct edges_table *table, const char *name, uint64_t now_ns);

/* Calls visit for each, by name. */
void edges_table_each(const struct edges_table *table,
		      void (*visit)(void *context, const struct edges_known *known), void *context);
