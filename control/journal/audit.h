/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What keeps the audit of connections (journal_open_audit()) within its bounds of time and bytes,
 * however fast others fill it. Each call does a bounded part, and is called again until it says 0.
 * Result of those: how many records went, or -errno.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct journal;

#define JOURNAL_AUDIT_BUDGET_MIN ((uint64_t)32 << 20)
#define JOURNAL_AUDIT_MEMORY_MAX ((uint64_t)128 << 20)

/*
 * How many bytes the file and its log may have together, at least that minimum; in memory no more
 * than that maximum. Result: 0 or -errno.
 */
int journal_audit_set_budget(struct journal *audit, uint64_t bytes);

struct journal_audit_figures {
	uint64_t bytes;	  /* of the file, without its log */
	uint64_t used;	  /* of these */
	uint64_t budget;  /* of the file */
	uint64_t dropped; /* records, for the sake of the budget, since the start */
	uint64_t renewed; /* how often it was lost, and begun anew, since the start */
	bool in_memory;	  /* no file could be had */
};

/* Result: 0 or -errno. */
int journal_audit_figures(struct journal *audit, struct journal_audit_figures *ret_figures);

/* Drops what was opened before then, and what is known of builds and sources last seen before. */
int journal_audit_drop_overdue(struct journal *audit, uint64_t before_wall_ns);

/* Drops the oldest records, if the budget is nearly used up. */
int journal_audit_drop_excess(struct journal *audit);

/* Gives pages back to the file system that long were not used. Result: 1 if there may be more. */
int journal_audit_shrink(struct journal *audit);

/*
 * Takes over records that the journal held before there was an audit, or that an audit in memory
 * holds; the open ones at first. One whose number another has by now gets a new one.
 */
int journal_audit_take_open(struct journal *audit, struct journal *journal);
int journal_audit_take_over(struct journal *audit, struct journal *journal);

/* The open ones, all at once, and they stay there too. Result: 0 or -errno. */
int journal_audit_copy_open(struct journal *audit, struct journal *memory);

/* Result: 0 and the highest number that a record in either ever had; or -errno. */
int journal_audit_last(struct journal *audit, struct journal *journal, uint64_t *ret_number);
