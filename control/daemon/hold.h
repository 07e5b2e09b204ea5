/* SPDX-License-Identifier: BSD-3-Clause */
/* The hold of a host that starts: before sallyportd, and its end. Logs. */
#pragma once

struct config;

/*
 * sallyportd --hold: packets for public ports wait for sallyportd from now on. Tells the service
 * manager READY when they do, or after a moment without a public interface, for which it then goes
 * on waiting. Result: 0, also where there is nothing to hold or nothing to hold it on, or -errno.
 */
int daemon_hold(const struct config *config);

/* All that packets need is there: they need not wait any more. */
void daemon_hold_end(void);
