/* SPDX-License-Identifier: BSD-3-Clause */
/* What every call of the edge is given, and what it comes to. */
#pragma once

#include <stdbool.h>

#include "model/clock.h"
#include "model/event.h"
#include "model/peer.h"
#include "json/problem.h"

#define EDGE_HOOK_MAX 60

struct build;
struct receipt;

enum edge_change {
	EDGE_UNCHANGED,
	EDGE_CREATED,
	EDGE_CHANGED,
};

/* How well a change is kept. */
enum edge_standing {
	EDGE_JOURNALED,
	EDGE_RECORDED, /* a cut: beside the journal, which is owed it; it outlives any crash */
	EDGE_LOOSE,    /* a cut that is in force, but that a crash of the host forgets */
};

struct edge_result {
	const struct build *build; /* good until the next change */
	enum edge_change change;
	enum edge_standing standing;
	bool removed; /* slots went out of use: wait for quiescence (quiesce.h) before answering */
};

struct edge_sync_result {
	unsigned int nr_created;
	unsigned int nr_changed;
	unsigned int nr_cancelled; /* open here and not in the set */
	unsigned int nr_unchanged;
	unsigned int nr_ended; /* in the set, but ended here: left so */
	bool removed;
};

/* What a change will have come to once it is journaled. */
struct edge_outcome {
	struct edge_result build;
	const struct edge_sync_result *sync; /* of edge_sync(), which has no build */
};

/* A receipt to be journaled with the change, in one transaction, also if nothing changes. */
struct edge_receipt {
	struct receipt *receipt; /* user, key and digest are filled in */
	/* Fills in the rest. Result: 0, or -errno and nothing is changed. */
	int (*fill)(void *context, const struct edge_outcome *outcome, struct receipt *receipt);
	void *context;
};

/* What every call is given. problem is filled when, and only when, the result is negative. */
struct edge_call {
	struct instant now;
	struct peer peer;
	struct problem *problem;
	const struct edge_receipt *receipt; /* NULL: none is wanted */
};

/* Waits until every reader is drained (table_quiesce_wait_drained()). Result: 0 or -errno. */
typedef int edge_wait(void *context);

/*
 * Begins a wait until every reader is drained (table_quiesce_drain()), or looks after the one that
 * was begun last. Never blocks. Result of EDGE_DRAIN_POLL: 0, or -errno: not yet.
 */
enum edge_drain_step { EDGE_DRAIN_BEGIN, EDGE_DRAIN_POLL };
typedef int edge_drain(void *context, enum edge_drain_step step);

/* An event that sallyport-hooks has given up. */
struct edge_dead_letter {
	uint64_t seq;
	uint64_t nr_tries;
	char hook[EDGE_HOOK_MAX + 1]; /* without a colon */
	char reason[EVENT_DETAIL_BYTES];
};

/* By how much, or until when: exactly one is not BUILD_DEFAULT. */
struct edge_extension {
	uint64_t by_ns;
	uint64_t until_wall_ns;
};
