/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes what becomes of connections into the audit. What that does not take, on a full
 * disk say, waits here in its order until it does. On the event loop's thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "journal/connection.h"
#include "model/clock.h"
#include "watch/connections.h"

struct ring;
struct recorder;

/* From so many waiting changes on, no more connections get a record; from twice as many, no end. */
#define RECORDER_WAITING_MAX 65536u
/* In one transaction: some milliseconds, and less than the log of the audit has room for. */
#define RECORDER_AT_ONCE 512u

struct record {
	enum connection_change change;
	struct connection connection; /* as it is then */
	uint64_t wall_ns;	      /* when it was opened, or ended */
	struct journal_place place;   /* of CONNECTION_ESTABLISHED */
};

/*
 * audit (journal_open_audit()) and notes outlive it. Numbers go on after the highest that a record
 * in the audit, or in the journal before there was one, ever had. Result: 0, -ENOMEM or -errno.
 */
int watch_recorder_new(struct journal *audit, struct journal *journal, const struct ring *notes,
		       struct recorder **ret_recorder);

/* What still waits is lost. NULL is allowed. */
void watch_recorder_free(struct recorder *recorder);

/*
 * Takes one change; that of CONNECTION_ESTABLISHED gives the connection its number. One without a
 * number has no record, so its later changes are passed over. Beyond the limit, or without memory,
 * the change is counted, not kept.
 */
void watch_recorder_add(struct recorder *recorder, struct connection *connection,
			struct record *record);

/* Records all, without sampling: for tests. */
void watch_recorder_take_all(struct recorder *recorder);

/*
 * Writes what waits, some of it, and how far the notes were read, in transactions of at most
 * RECORDER_AT_ONCE, so that a crash neither loses nor repeats a record, unless more than that
 * waits: that it loses. A record that no table takes is counted as lost, and logged if it is the
 * first.
 *
 * Once nothing waits, if ends were lost: ends each record of the audit that is open and whose
 * connection is not, without its bytes. Result: 0, 1 if more waits; or -errno, and all waits on.
 */
int watch_recorder_write_on(struct recorder *recorder, struct connections *connections,
			    const struct instant *now);

struct recorder_figures {
	unsigned int waiting;
	uint64_t lost;	      /* too much waited, no memory, or no table takes them */
	uint64_t sampled_out; /* of those who open connections without end */
};

void watch_recorder_figures(const struct recorder *recorder, struct recorder_figures *ret_figures);
