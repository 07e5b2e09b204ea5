/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keeps the audit of connections within its time and its bytes: bit by bit, between other things of
 * the event loop, until nothing is overdue or too much; and begins it anew if it is lost. On the
 * event loop's thread.
 */
#pragma once

#include <systemd/sd-event.h>

struct edge;
struct journal;
struct keeper;

/*
 * Logs what journal_audit_file_open() or journal_audit_file_renew() has said, if anything, and
 * frees the reason, which may be NULL.
 */
void audit_keeper_tell(int result, char *reason);

/* audit and edge outlive it. Result: 0, -ENOMEM, or -errno of the journal or sd-event. */
int audit_keeper_start(sd_event *event, struct edge *edge, struct journal *audit,
		       struct keeper **ret_keeper);
void audit_keeper_stop(struct keeper *keeper); /* NULL is allowed */

/* The audit has grown: see soon whether that is too much. */
void audit_keeper_look(struct keeper *keeper);
