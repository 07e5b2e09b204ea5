/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Watches the connections through leases: records them, tells the model that somebody has connected
 * or was refused, and when a session ends tells both ends of each connection. Packets never wait
 * for it. On the event loop's thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "journal/audit.h"
#include "watch/connections.h"
#include "watch/recorder.h"

struct attempts;
struct edge;
struct journal;
struct table_map;
struct watch;

/*
 * Starts watching, from where the audit says that was left. edge, audit and table outlive it.
 * Result: 0, -ENOMEM, or -errno of the journal or sd-event.
 */
int watch_start(sd_event *event, struct edge *edge, struct journal *audit,
		const struct table_map *table, struct watch **ret_watch);

/* Records all connections, without sampling: for tests. */
void watch_record_all(struct watch *watch);

/* Reads what there is, and stops. NULL is allowed. */
void watch_stop(struct watch *watch);

/*
 * Ends the connections of sessions that have ended since the last call: after each loop turn.
 * Result: whether there is more to follow.
 */
bool watch_follow(struct watch *watch);

/*
 * Takes what is noted by now, and writes the records of it: for whoever is asked what became of
 * connections, within the tenth of a second between two looks. NULL is allowed.
 */
void watch_look(struct watch *watch);

struct watch_figures {
	struct connections_figures connections;
	struct recorder_figures records;
	uint64_t notes_lost;	 /* overwritten before they were read */
	uint64_t notes_withheld; /* not written, for the sake of other leases' notes */
	uint64_t untold;	 /* first connections, beyond what waits for the journal */
	uint64_t provoked;
	struct journal_audit_figures audit;
};

void watch_figures(const struct watch *watch, struct watch_figures *ret_figures);

/* Takes a note of another edge; after watch_look(). */
void watch_told(struct watch *watch, const char *edge, struct sp_note *note);

/* Result: the connections known now, for diagnose and lists. */
struct connections *watch_connections(struct watch *watch);

/* Result: what became of attempts to connect. */
const struct attempts *watch_attempts(const struct watch *watch);
