/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The edge: every build, the pool of public ports, the journal and the table, kept in step. All
 * calls are synchronous, from one thread, with the time passed in. A call that changes something is
 * journaled durably, then published to the table, before it returns; a call that fails has changed
 * nothing, anywhere.
 *
 * Cuts are the exception: ends of sessions, and finish. They are published first and need no
 * journal. If it cannot be written they are noted beside it and owed to it, and a call that comes
 * to nothing else has succeeded, its result's standing saying so; one that fails for the journal
 * has made its cuts, and nothing else.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <sallyport/table.h>

#include "edge/state/call.h"
#include "edge/state/events.h"
#include "model/build.h"
#include "model/clock.h"
#include "model/peer.h"
#include "model/settings.h"
#include "json/problem.h"

struct edge;
struct journal;
struct ports_figures;
struct receipt;
struct table_map;

/*
 * Creates an edge over a journal and a table, both the caller's and outliving it. seed shuffles the
 * pool. Nothing is read or published yet: edge_replay() comes next. Result: 0 or -errno (-EINVAL:
 * settings, -ENOSPC: the table is too small for the pool).
 */
int edge_new(const struct model_settings *settings, struct journal *journal,
	     struct table_map *table, uint64_t seed, struct edge **ret_edge);
void edge_free(struct edge *edge);

/* For edge_replay(): how to wait before a foreign slot is written over. Without: not at all.
 */
void edge_replay_set_wait(struct edge *edge, edge_wait *wait, void *context);

/* For edge_expire(), which frees slots. Without, a slot waits for its quarantine alone. */
void edge_expire_set_drain(struct edge *edge, edge_drain *drain, void *context);

/*
 * Loads every build from the journal, ends those whose deadline has passed, and makes the table
 * agree, leaving alone the slots that do already. Once, at start. Result: 0 or -errno, with
 * *problem saying why in a sentence.
 */
int edge_replay(struct edge *edge, const struct instant *now, struct problem *problem);

/*
 * Live leases that the table held where the journal knew of no build at all, as with the wrong
 * state_dir. The replay has ended them.
 */
uint32_t edge_count_strangers(const struct edge *edge);

/*
 * Swaps in new settings: limits and durations for what comes. The public addresses and ports must
 * be the same. Result: 0, or -EINVAL and the problem, with nothing changed.
 */
int edge_reload(struct edge *edge, const struct model_settings *settings, struct problem *problem);

const struct model_settings *edge_settings(const struct edge *edge);

/*
 * Result: how many open builds lead to an address outside the settings' networks, as those declared
 * before the networks were changed; *ret_one is one of them, or NULL.
 */
unsigned int edge_count_outside(const struct edge *edge, const struct build **ret_one);

/*
 * Starts the linger. finished_wall_ns is when the build ended, BUILD_DEFAULT: now; the future and
 * the time before creation are cut to now and creation. The first call wins, later ones change
 * nothing, nor do calls on an ended build. Problem: NOT_FOUND, JOURNAL.
 */
int edge_calls_finish(struct edge *edge, const struct edge_call *call, const char *id,
		      uint64_t finished_wall_ns, struct edge_result *ret_result);

/*
 * Moves the deadline later, never past the cap. Problem: NOT_FOUND, BUILD_ENDED, INVALID (not
 * later), OVER_EXTENSION naming the most possible, JOURNAL.
 */
int edge_calls_extend(struct edge *edge, const struct edge_call *call, const char *id,
		      const struct edge_extension *extension, struct edge_result *ret_result);

/*
 * Ends a session. On an ended one: EDGE_UNCHANGED, and removed, so that an answer that could not be
 * given is waited for again. Problem: NOT_FOUND, JOURNAL.
 */
int edge_calls_cancel(struct edge *edge, const struct edge_call *call, const char *id,
		      struct edge_result *ret_result);

/*
 * Ends a session's slots at once, also while the edge is busy; the cancel itself follows when its
 * turn has come. Until then nothing opens them again.
 */
void edge_calls_cut_ahead(struct edge *edge, const char *id);

/* The full desired set. */
struct edge_sync {
	const struct build_spec *specs;
	unsigned int nr_specs;
	bool dry_run;
	bool allow_empty;
	uint64_t generation; /* BUILD_DEFAULT: not given; else not below the last one given */
	/* Others stay, but for those named in cancel; what is here keeps its lifetime. */
	bool partial;
	const char *const *cancel;
	unsigned int nr_cancel;
};

/* Told of each build of the set, and each cancelled one, also in a dry run. */
typedef void edge_sync_visitor(const char *id, enum edge_change change, bool cancelled,
			       void *context);

/*
 * Makes the open builds equal the set, all or nothing; if it is partial, as far as it names them.
 * Pointers of problems begin with /builds/N.
 * visit may be NULL. Problems: those of put_build(), EMPTY_SYNC, STALE_SYNC. A dry run has no
 * receipt.
 */
int edge_sync(struct edge *edge, const struct edge_call *call, const struct edge_sync *sync,
	      edge_sync_visitor *visit, void *context, struct edge_sync_result *ret_result);

/*
 * The same bit by bit, so that others have their turn: begin, step until it says neither -EAGAIN
 * nor -EINPROGRESS, free. The latter: there is nothing to do before journal_thread_fd() can be
 * read. The edge is busy until then: it can be looked at as it was before, but no call that changes
 * it may be made, and the journal is not to be read. sync, the problem and context live as long as
 * the work. Freed before its end, it changes nothing, unless it was journaled already. Result of
 * begin: 0 or -ENOMEM.
 */
struct edge_sync_work;
int edge_sync_begin(struct edge *edge, const struct edge_call *call, const struct edge_sync *sync,
		    edge_sync_visitor *visit, void *context, struct edge_sync_work **ret_work);
int edge_sync_step(struct edge_sync_work *work, struct edge_sync_result *ret_result);
void edge_sync_free(struct edge_sync_work *work);

/* Result: whether such a work is under way. edge_expire() and edge_note_...() wait for its end. */
bool edge_is_busy(const struct edge *edge);

/*
 * Does what is due: ends what has expired, was never used; warns; forgets what is past its
 * quarantine; every minute writes the journal's last moment and compacts. Result: the
 * CLOCK_BOOTTIME at which to call again (soon, if the journal could not be written). *ret_removed
 * is set if slots went out of use. Much is done bit by bit, by many calls: the edge is busy then,
 * and the next call is due also once edge_thread_fd() can be read.
 */
uint64_t edge_expire(struct edge *edge, const struct instant *now, bool *ret_removed);

/* Others wait while edge_expire() keeps the edge busy, and come first once it no longer does; or
 * they have begun what needs the edge only later. */
void edge_expire_hold(struct edge *edge, bool hold);

/* Gives up what edge_expire() has under way, or ends it if it is journaled already. */
void edge_expire_stop(struct edge *edge);

/* Result: the build (also an ended one, until it is forgotten) or NULL. */
const struct build *edge_get(const struct edge *edge, const char *id);

/* Result: the first build created after that serial (0: of all), in order of creation; NULL: none.
 */
const struct build *edge_after(const struct edge *edge, uint64_t serial);

/* Result: the build that holds or last held that slot, NULL if none; and which of its ports. */
const struct build *edge_by_slot(const struct edge *edge, uint32_t slot_index,
				 const struct node **ret_node, const struct forward **ret_forward);

/* Result: the serial of the build that holds or last held that slot, 0 if none did. */
uint64_t edge_slot_serial(const struct edge *edge, uint32_t slot_index);

/* What the readiness prober found out. Result: 0, -ENOENT, -EBUSY, or -errno of the journal. */
int edge_notes_node(struct edge *edge, const struct instant *now, const char *id,
		    uint32_t node_index, enum node_event event);

/*
 * A client's connection through that slot came up. The first of a build is journaled, lifts
 * connect_within and is an event. Result: 0, -ENOENT if the slot is nobody's, or -EBUSY or -errno
 * of the journal (call again).
 */
int edge_notes_connected(struct edge *edge, const struct instant *now, uint32_t slot_index,
			 const struct sp_addr *client, uint16_t client_port);

/*
 * A client has been connected to that build, now or in an earlier life of the daemon: one whom a
 * closed port may tell about it. Remembered for the latest ones (state/guests.h).
 */
void edge_notes_guest(struct edge *edge, uint64_t serial, const struct sp_addr *client);

/* Result: whether it is remembered that this client has been connected to the build. */
bool edge_notes_knows_guest(const struct edge *edge, const struct build *build,
			    const struct sp_addr *client);

/* Packets of a connection were seen lately: what extension while in use goes by. */
void edge_notes_used(struct edge *edge, uint32_t slot_index, uint64_t last_seen_ns);

/* Has the packets of a slot captured (captures.h); 0: no longer. Nothing else changes by it. */
void edge_notes_capture_slot(struct edge *edge, uint32_t slot_index, uint32_t until_s);

/*
 * Writes into the audit that somebody asked for something that changes no build. Result: 0, or
 * -errno and the problem: JOURNAL. The edge is not busy.
 */
int edge_notes_audit(struct edge *edge, const struct edge_call *call, const struct build *build,
		     const char *what);

/* An event of another part (ENGINE_SWITCHED, CLIENT_REFUSED); seq and wall_ns are set here. */
int edge_notes_event(struct edge *edge, const struct instant *now, struct event *event);

/*
 * Tells of it by an event, unless the one given up is such an event itself: else there would be no
 * end. Problem: INVALID (there is no event of that number yet), JOURNAL.
 */
int edge_notes_dead_letter(struct edge *edge, const struct edge_call *call,
			   const struct edge_dead_letter *letter);

struct edge_figures {
	unsigned int builds[SESSION_STATES_NR];
	unsigned int nodes;
	unsigned int leases_live;
	unsigned int leases_expected; /* ports of open builds that have an address here */
	unsigned int endpoints;
	unsigned int endpoints_max;
	unsigned int allow_lists;
	unsigned int allow_lists_max;
	uint64_t oldest_seq;
	uint64_t newest_seq;
	uint64_t told[EVENT_TYPES_NR]; /* events since the start */
	uint64_t sync_generation;      /* of the last sync that gave one, 0: none */
	uint64_t journal_errors;
	uint64_t failing_since_ns; /* as edge_failing_since_ns() */
	uint64_t cuts;		   /* made without the journal, since the start */
	unsigned int cuts_owed;	   /* of them, not in the journal yet, */
	unsigned int cuts_loose;   /* and of these, not in the file beside it either */
	unsigned int cuts_room;	   /* of that file, in cuts; 0: there is none */
};

/* Since when, on CLOCK_BOOTTIME, the journal refuses changes; 0: it does not. */
uint64_t edge_failing_since_ns(const struct edge *edge);

void edge_figures(const struct edge *edge, struct edge_figures *ret_figures);

/* Figures of one public address's part of the pool (ports.h). Result: 0, or -ENOENT past the last.
 */
int edge_pool_figures(const struct edge *edge, unsigned int public_index,
		      struct ports_figures *ret_figures);

/* Result: what can be read once the thread of the journal has a result (journal_thread_fd()). */
int edge_thread_fd(const struct edge *edge);

struct events *edge_events(struct edge *edge);
struct journal *edge_journal(struct edge *edge);
