/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cuts beside the journal: that a session was ended, or ends sooner, while the journal could not be
 * written. A file of fixed size, written full at the start, so that a cut is noted in place on a
 * disk without a free block; what it holds is good until the journal has the same.
 *
 * A record is of one build as it was at one revision: one that the journal has at a later revision,
 * or that another journal calls by the same serial, is nothing to it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/session.h"

struct journal;

#define JOURNAL_CUTS_MAX  65536
#define JOURNAL_CUTS_WHAT 16
#define JOURNAL_CUTS_NONE UINT32_MAX

struct journal_cut {
	uint64_t serial;
	uint64_t created_wall_ns;
	uint64_t revision; /* that the cut has made */
	uint64_t wall_ns;  /* when it was made, */
	uint64_t boot_ns;  /* in the journal's boot */
	uint64_t left_ns;  /* of a session that ends sooner, then */
	uint64_t finished_wall_ns;
	uid_t uid; /* who asked */
	pid_t pid;
	enum session_state state;
	enum session_reason reason;
	char what[JOURNAL_CUTS_WHAT]; /* for the audit; "": nobody asked */
	bool same_boot;		      /* read back: boot_ns is of the running boot */
};

/*
 * Opens the file, PATH-cuts beside the journal (memory for ":memory:"), makes it or grows it to at
 * least so many records, at most JOURNAL_CUTS_MAX. Result: 0, or -errno and there is none: then
 * journal_cuts_take() finds no place.
 */
int journal_cuts_open(struct journal *journal, uint32_t nr_records);

/* Result: how many records there is room for, 0 without a file. */
uint32_t journal_cuts_room(const struct journal *journal);

/* Result: a free record, taken; or JOURNAL_CUTS_NONE. */
uint32_t journal_cuts_take(struct journal *journal);

/* Writes a taken record. It outlives a crash of the host after journal_cuts_sync(). Results: 0 or
 * -errno. */
int journal_cuts_write(struct journal *journal, uint32_t index, const struct journal_cut *cut);
int journal_cuts_sync(struct journal *journal);

/* Empties a record and gives it back. That it comes back after a crash does no harm. */
void journal_cuts_clear(struct journal *journal, uint32_t index);

/* Result: whether there is a sound record with an index from *index on, which is set to its own. */
bool journal_cuts_next(struct journal *journal, uint32_t *index, struct journal_cut *ret_cut);
