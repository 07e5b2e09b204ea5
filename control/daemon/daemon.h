/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sallyportd as a whole: its parts, started in order and undone in reverse. What packets need
 * (programs, table) stays behind when it stops.
 */
#pragma once

#include <stdint.h>

#include <systemd/sd-event.h>

#include "daemon/say.h"
#include "explain/text.h"
#include "table/quiesce.h"

struct announce;
struct api;
struct carrier;
struct config;
struct daemon_followers;
struct edge;
struct explain;
struct journal;
struct kernel;
struct readiness;
struct watch;

struct daemon {
	const char *config_path;
	struct config *config; /* owned */
	int lock_fd;
	sd_event *event;
	struct journal *journal;
	struct journal *audit; /* of connections; NULL without memory */
	struct kernel *kernel;
	struct quiescer *quiescer;
	struct edge *edge;
	struct daemon_followers *followers;
	struct explain *explain; /* NULL if it could not be started: ports stay mute */
	struct watch *watch;	 /* NULL if it could not be started: nobody counts as connected */
	struct readiness *readiness; /* NULL: nodes stay pending */
	struct carrier *carrier;     /* NULL: switches of engine are not told */
	struct announce *announce;   /* NULL: nothing is announced */
	struct api *api;
	struct daemon_said said;
	sd_event_source *soon; /* of a file that can always be read */
	int soon_fd;
	sd_event_source *deadline; /* one timer on CLOCK_BOOTTIME, for the model and the kernel */
	struct quiesce drained;	   /* who may have something left for a lease that has ended */
	bool drain_told;	   /* that it takes long */
	struct quiesce reloaded;   /* who may not have seen the last reload */
	sd_event_source *again;	   /* a reload that waits for that */
	sd_event_source *netlink;
	sd_event_source *post; /* after each turn of the loop */
};

/*
 * Runs until SIGTERM or SIGINT. config is taken over. Logs why it cannot, or why it ends.
 * Result: 0 after a clean end, or -errno.
 */
int daemon_run(const char *config_path, struct config *config);

/*
 * Has the sallyportd that serves this edge read its configuration again, and waits until it has (at
 * most 30 s). Logs why nothing was applied. Result: 0, or -errno.
 */
int daemon_reload(const struct config *config);

/* Removes everything of ours from the kernel. Logs. Result: 0 or -errno. */
int daemon_detach(const struct config *config);

/* Prints the version of the journal to stdout, 0 if there is none. Logs. Result: 0 or -errno. */
int daemon_journal_version(const struct config *config);

/* Puts the journal's copy of that version in its place (journal/copy.h). Logs. Result: the same. */
int daemon_take_back_journal(const struct config *config, int version);
