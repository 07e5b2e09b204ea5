/* SPDX-License-Identifier: BSD-3-Clause */
/* What sallyportd is asked for, beside its stream of events. */
#pragma once

#include <stdint.h>

#define HOOKS_EDGE_BYTES 256

struct dead_letter;
struct notice;

struct hooks_daemon {
	char edge[HOOKS_EDGE_BYTES]; /* its name */
	uint64_t newest;	     /* the number of the newest event */
};

/* Result: 0 if a program listens at the socket, or -errno. */
int hooks_daemon_reach(const char *socket);

/* Asks for some seconds at most. Result: 0, -ENOMEM, or -EIO if there is no answer. */
int hooks_daemon_ask(const char *socket, struct hooks_daemon *ret_daemon);

/*
 * Tells of an event that was given up, so that it becomes one itself; again, it does not become
 * another. Result: 0, -ENOMEM, -EIO if there is no answer, or none for now, or the status of a
 * refusal.
 */
int hooks_daemon_tell(const char *socket, const struct dead_letter *letter,
		      const struct notice *notice);
