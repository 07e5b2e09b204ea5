/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keeps the kernel's managed neighbours in step with the builds: every VM that an open build leads
 * to is added once for each node, and removed when the build ends. Goes by the edge's events, so
 * that no change can be forgotten.
 */
#pragma once

struct daemon_followers;
struct edge;
struct kernel;

/* Adds the VMs of all open builds. Result: 0 and *ret_followers to be freed, or -ENOMEM. */
int daemon_follow_new(struct edge *edge, struct kernel *kernel,
		      struct daemon_followers **ret_followers);

/* Forgets; the kernel keeps its neighbours. NULL is allowed. */
void daemon_follow_free(struct daemon_followers *followers);

/*
 * Follows some of what has happened since the last call. Result: 1 if there is more, 0, or -errno
 * of the journal or the kernel, with the rest followed all the same.
 */
int daemon_follow_run(struct daemon_followers *followers);
