/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One change of the edge, of any size: all of it is journaled and published, or nothing has
 * happened. Builds are not changed in place: a change makes a copy, works on it, and the copy
 * replaces the build once the journal has it. What has to be taken meanwhile (ports, endpoints,
 * counts) is written down and given back if it comes to nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "edge/state/state.h"
#include "model/build.h"
#include "table/endpoints.h"
#include "table/publish.h"

struct txn_change {
	struct build *before; /* NULL: a new build */
	struct build *after;  /* NULL: forget it */
	const char *what;     /* for the audit; NULL: not asked for by anybody */
	bool whole;	      /* nodes or lists changed too */
	struct peer peer;     /* who asked */
};

struct txn_piece;
struct txn_undo;
struct txn_lease;

struct txn {
	struct edge *edge;
	struct instant now;
	struct peer peer;
	struct problem *problem; /* NULL: nobody asks */
	struct txn_change *change;
	unsigned int nr_changes, room_changes;
	struct event *event;
	unsigned int nr_events, room_events;
	struct txn_undo *undo;
	unsigned int nr_undo, room_undo;
	struct txn_lease *lease;
	unsigned int nr_leases, room_leases;
	const struct edge_receipt *receipt; /* to be journaled too, of the outcome; NULL: none */
	struct edge_outcome outcome;
	const struct build *audited; /* a build that somebody asked about, */
	const char *audited_what;    /* for what, for the audit; NULL: nothing */
	uint64_t sync_generation;    /* BUILD_DEFAULT: leave it */
	uint64_t lives_kept;	     /* as it will be; 0: leave it */
	uint64_t addresses_kept;     /* likewise */
	bool moment;		     /* commit even without a change */
	bool removed;		     /* set by txn_commit(): live slots were ended */
	unsigned int nr_cut;	     /* cuts made without the journal; likewise, */
	bool cut_all;		     /* the change was nothing else, */
	enum edge_standing standing; /* and how well it is kept */
	uint32_t pools_low;	     /* as it will be */
	unsigned int nr_applied;     /* steps of the commit that are taken */
	/* save.c's: */
	bool saving;					/* the journal's transaction is open */
	bool saved;					/* and is committed */
	int save_error;					/* the first one */
	unsigned int nr_saved_changes, nr_saved_events; /* handed over */
	struct txn_piece *piece;			/* which the thread has; or NULL */
};

/* How far a transaction was; to go back there. */
struct txn_mark {
	unsigned int nr_changes, nr_events, nr_undo, nr_leases;
};

void txn_begin(struct txn *txn, struct edge *edge, const struct edge_call *call);

/* The same for what nobody asked for. */
void txn_begin_own(struct txn *txn, struct edge *edge, const struct instant *now);

/*
 * Journals and publishes. Result: 0, or -errno with the problem set and nothing changed but what is
 * cut (cut.h), which is made in any case: first, if all is well, so that no disk holds it up; alone
 * if it is not. Either way the transaction is over and what it held is freed, copies too if
 * anything failed.
 */
int txn_commit(struct txn *txn);

/*
 * The same bit by bit: begin; save, until it does not say -EINPROGRESS, while the thread of the
 * journal writes; some, until it does not say -EAGAIN, or end, which is all the rest of it. The
 * edge is to be busy in between. Results of begin and save are as above, but for a change that was
 * nothing but cuts too. Once saved it is as good as done.
 */
int txn_commit_begin(struct txn *txn);
int txn_commit_save(struct txn *txn);
int txn_commit_some(struct txn *txn, unsigned int most);
void txn_commit_end(struct txn *txn);

/*
 * Makes the cuts of the changes from that one on: only ever sooner, before the journal is asked,
 * since what it says does not matter to them. txn_commit() begins with it.
 */
void txn_commit_cut(struct txn *txn, unsigned int first);

/* Gives it all back before it is saved. */
void txn_commit_abort(struct txn *txn);

/* The same, unless the journal turns out to have it: then it is ended. */
void txn_commit_stop(struct txn *txn);

/* Gives everything back. Also after a failed call below, which says no more than -errno. */
void txn_abort(struct txn *txn);

/* Aborts for a call; without a problem of its own it was memory. Result: error. */
int txn_give_up(struct txn *txn, int error);

/* Result: whether an open build ends by it, so that slots may go out of use. */
bool txn_commit_removes(const struct txn *txn);

/* Gives back what was collected since the mark; no build may have been edited on both sides. */
struct txn_mark txn_mark(const struct txn *txn);
void txn_abort_to(struct txn *txn, const struct txn_mark *mark);

/* Result: the build as it will be: its copy in this transaction, or itself. */
const struct build *txn_current(const struct build *build);

/* Result: the copy to work on, made at the first call; NULL without memory. */
struct build *txn_edit(struct txn *txn, struct build *build, const char *what);

/* The build's nodes or lists will be journaled too. */
void txn_mark_whole(struct txn *txn, const struct build *copy);

/* Adds a new build, the transaction's from now on, and numbers it. Result: 0 or -ENOMEM. */
int txn_create(struct txn *txn, struct build *build, const char *what);

/* The ended build is over and done with: its slots and ports are freed. Result: 0 or -ENOMEM. */
int txn_forget(struct txn *txn, struct build *build);

/* Appends an event about a build (NULL: none); to be filled on. Result: NULL without memory. */
struct event *txn_event(struct txn *txn, enum event_type type, const struct build *build);

/* Takes a public port for a forward. Result: 0, -ENOSPC or -ENOMEM. */
int txn_take_port(struct txn *txn, uint32_t public_index, struct forward *forward);

/* Takes this very one. Result: 0, -EBUSY if it is not free, or -ENOMEM. */
int txn_take_this_port(struct txn *txn, uint32_t ordinal, struct forward *forward);

/*
 * Of a prefix: gives a forward an address of its own, where it has that port; or another port of
 * an address that its node has. Results: as the two above, and -ENOSPC once no address is left.
 */
int txn_take_own(struct txn *txn, uint32_t public_index, uint16_t port, struct forward *forward);
int txn_take_own_port(struct txn *txn, uint32_t public_index, const struct sp_addr *addr,
		      uint16_t port, struct forward *forward);

/* Makes the build the holder of an endpoint. Result: 0 or -ENOMEM. */
int txn_hold(struct txn *txn, const struct endpoint *endpoint, uint64_t serial);

/* Counts an open build, or no longer, under all its names. Result: 0 or -ENOMEM. */
int txn_count(struct txn *txn, const struct build *build);
int txn_uncount(struct txn *txn, const struct build *build);

/* Takes the build's allow list. Result: 0, -ENOSPC or -ENOMEM. */
int txn_take_allow(struct txn *txn, struct build *build);

/* The forward's slot will be filled: reserved, or live if its node has a VM. Result: 0, -ENOSPC or
 * -ENOMEM. */
int txn_prepare(struct txn *txn, const struct build *copy, const struct node *node,
		const struct forward *forward);

/*
 * Ends an open build: the one place where sessions end. Result: 0, -EALREADY if it has, -EPERM or
 * -ENOMEM.
 */
int txn_end(struct txn *txn, struct build *build, enum session_event event, const char *what);

/* Result: whether so few ports are free that it is, or still is, worth a warning. */
uint32_t txn_commit_pools_low(const struct edge *edge);
