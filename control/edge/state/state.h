/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the edge share. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "edge/state/addresses.h"
#include "edge/state/call.h"
#include "edge/state/debts.h"
#include "edge/state/events.h"
#include "edge/state/guests.h"
#include "edge/state/holders.h"
#include "edge/state/registry.h"
#include "edge/state/tally.h"
#include "journal/journal.h"
#include "model/build.h"
#include "model/ports.h"
#include "model/settings.h"
#include "table/publish.h"

/*
 * The journal's number of the uses of slots (table_publish_lives()): those that have begun, and so
 * many more that not each change has to write it.
 */
#define EDGE_LIVES	 "lives"
#define EDGE_LIVES_AHEAD 65536u

/* The names by which open builds are counted. */
#define COUNT_ALL	   'b' /* of the empty name */
#define COUNT_ACTOR	   'a'
#define COUNT_ORGANISATION 'o'

struct expiry;

struct edge {
	struct model_settings settings;
	struct journal *journal;
	struct table_map *table;
	struct publish *publish;
	struct ports *ports;
	struct registry *registry;
	struct holders *holders;
	struct tally *tally;
	struct guests *guests;
	struct addresses addresses;
	struct events events;
	uint64_t last_serial;
	uint64_t sync_generation;
	uint64_t lives_kept;	/* the journal knows of so many uses of slots, begun or to come */
	uint64_t moment_due_ns; /* when to write the last moment again */
	uint64_t journal_errors;
	uint32_t pools_low; /* bits, by the first public address of each pool */
	struct debts debts;
	bool owes_rebase;	   /* the journal's times are of another boot: owed too */
	uint64_t failing_since_ns; /* the journal refuses changes since then; 0: it does not */
	bool busy;		   /* a change is done bit by bit: no other may begin */
	struct expiry *expiry;	   /* it is what the clock does: expire.c's */
	bool held;		   /* others come first, before it does more */
	uint32_t nr_strangers;	   /* live slots that a start found beside an empty journal */
	edge_wait *wait_quiescent;
	void *wait_context;
	edge_drain *drain; /* the rest of these are drain.c's */
	void *drain_context;
	uint64_t nr_ends;	 /* numbers of ends that were given */
	uint64_t drained_below;	 /* ends with lower numbers are over */
	uint64_t draining_below; /* will be, when the present wait is; 0: there is none */
	uint64_t drain_begun_ns;
	uint64_t drain_polled_ns; /* not twice in one turn */
};

struct ports_figures;

/* The journal did not take something: so many times, and since when. It is tried again soon. */
void state_journal_refused(struct edge *edge, uint64_t now_ns);

/* It did. */
void state_journal_took(struct edge *edge);

/* Result: whether the forward has a slot: its address is one of the settings' publics. */
static inline bool forward_has_slot(const struct forward *forward)
{
	return forward->slot_index != UINT32_MAX;
}

/* Fills in what a public address and port stand for here; PORTS_NONE, UINT32_MAX if nothing. */
void state_place_forward(const struct edge *edge, struct forward *forward);

struct endpoint state_endpoint(const struct node *node, const struct forward *forward);

/* usage_index is not set. */
struct lease state_lease(const struct build *build, const struct node *node,
			 const struct forward *forward);
