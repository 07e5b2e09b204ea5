/* SPDX-License-Identifier: BSD-3-Clause */
/* The daemon's event loop: signals, the one timer for deadlines, netlink. */
#pragma once

struct daemon;

/* Makes the loop, with SIGTERM, SIGINT and SIGHUP blocked and the watchdog fed. Result: 0, -errno.
 */
int daemon_loop_new(struct daemon *daemon);
void daemon_loop_free(struct daemon *daemon);

/* Adds what needs the daemon's parts. Result: 0 or -errno, to be followed by daemon_loop_end(). */
int daemon_loop_begin(struct daemon *daemon);
void daemon_loop_end(struct daemon *daemon);
