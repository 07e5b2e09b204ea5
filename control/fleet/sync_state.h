/* SPDX-License-Identifier: BSD-3-Clause */
/* A sync on its way. For sync.c, which leads it, sync_plan.c, sync_try.c and sync_write.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <jansson.h>
#include <systemd/sd-event.h>

#include "fleet/store/keys.h"
#include "fleet/store/record.h"
#include "json/problem.h"

struct etcd_range;
struct etcd_txn_call;
struct fleet;
struct fleet_syncs;
struct http_request;
struct roll_wait;
struct transfer;

enum sync_change {
	SYNC_UNCHANGED,
	SYNC_CREATED,
	SYNC_CHANGED,
	SYNC_CANCELLED,
	SYNC_ENDED, /* it had before */
	SYNC_CHANGES_NR,
};

struct sync_item {
	char id[STORE_ID_BYTES];
	json_t *body; /* of the set; NULL: the set does not name it */
	uint64_t finished_ns;
	struct record *before, *after; /* before NULL: none; after NULL: nothing is to be written */
	enum sync_change change;
	unsigned int nr_tries;
};

/* One transaction under way. */
struct sync_txn {
	LIST_ENTRY(sync_txn) link;
	struct sync *sync;
	struct etcd_txn_call *call;
	bool telling; /* it is of one item, and says what is in the way */
	unsigned int nr_items;
	size_t item[]; /* places */
};

LIST_HEAD(sync_txns, sync_txn);

struct sync {
	TAILQ_ENTRY(sync) link;
	struct fleet_syncs *syncs;
	struct fleet *fleet;
	struct http_request *request;
	json_t *set;	       /* as it came, less what is read */
	json_t *ids;	       /* of the set, as keys */
	json_t *avoid;	       /* keys of ports that are not to be chosen */
	json_int_t generation; /* -1: not given */
	bool dry_run, allow_empty;
	struct sync_item *item; /* those of the set, then those that it does not name */
	size_t nr_items, nr_set, room;
	size_t nr_planned;
	char name[STORE_CHANGE_BYTES];	/* no two are alike */
	char mark_key[STORE_KEY_BYTES]; /* which sync is the last that was begun */
	int64_t mark_revision;
	json_int_t marked; /* generation of the mark */
	struct etcd_range *look;
	struct etcd_txn_call *take;
	struct transfer *transfer;
	size_t *tried; /* which builds of the trial are which items */
	unsigned int nr_tries;
	size_t *todo; /* a ring of places that are to be written */
	size_t first, nr_todo;
	bool setting; /* those that are not named are through */
	struct sync_txns txns;
	unsigned int nr_txns, nr_errors;
	int64_t revision, removal_revision;
	struct problem problem; /* set: no more is written */
	struct roll_wait *wait;
	sd_event_source *turn;
	int (*step)(struct sync *sync);	 /* on each turn */
	void (*next)(struct sync *sync); /* once a stage is over, or the problem is set */
	void (*end)(struct sync *sync);	 /* it is answered */
};

/* sync_plan.c: some items. Result: -EAGAIN: there are more; 0: all; -EINVAL with the problem set;
 * or -ENOMEM. */
int fleet_sync_plan_some(struct sync *sync);

/* Makes of one item anew what is to be written. Result: 0, -EINVAL with the problem set, -ENOMEM.
 */
int fleet_sync_plan_item(struct sync *sync, size_t place);

/* sync_try.c: asks sallyportd whether it would make all of it, which answers if not. */
void fleet_sync_try(struct sync *sync);

/* sync_write.c: writes all of it. */
void fleet_sync_write(struct sync *sync);
void fleet_sync_write_cancel(struct sync *sync);
