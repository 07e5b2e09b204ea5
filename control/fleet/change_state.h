/* SPDX-License-Identifier: BSD-3-Clause */
/* A change on its way. For change.c, which begins it, and settle.c, which ends it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "fleet/change.h"
#include "fleet/state/keep.h"
#include "fleet/state/roll.h"
#include "fleet/state/stale.h"
#include "fleet/store/record.h"
#include "transfer/transfer.h"
#include "json/problem.h"

struct apply;
struct etcd_range;
struct etcd_txn_call;
struct roll_wait;

#define FLEET_CHANGE_TRIES 8

struct change {
	LIST_ENTRY(change) link;
	struct fleet *fleet;
	struct fleet_changes *changes;
	void (*begin)(struct change *change); /* again, as it is known to be now */
	enum fleet_change_kind kind;
	char id[STORE_ID_BYTES];
	json_t *body;
	struct http_request *request;
	/* Behind its end; NULL: nobody waits for it. */
	void (*then)(void *context, const struct fleet_change_end *end);
	void *context;
	struct record *before, *after; /* before NULL: none */
	json_t *avoid;		       /* keys of ports that were in use after all */
	unsigned int nr_tries;
	int64_t revision;	 /* of the store, once it is written; 0 before */
	struct etcd_range *look; /* at its record alone */
	bool looked, twice;	 /* the latter: for sallyportd had it after all */
	struct etcd_txn_call *txn;
	struct keep_wait on_disk; /* a removal that the store cannot be told of */
	struct stale_wait behind; /* a cancellation of what was here before */
	struct apply *apply;
	struct roll_task task;	   /* of that: no end is confirmed meanwhile */
	struct roll_wait *wait;	   /* for other edges: it is made here */
	unsigned int status;	   /* to answer with then */
	bool alone;		   /* the store was not told */
	bool forward;		   /* nothing is changed: sallyportd judges the request */
	struct transfer *transfer; /* of what sallyportd is asked directly */
	struct transfer_end kept;  /* what sallyportd said, while something else is waited for; its
				    * body is ours */
};

/* Result: whether nobody asked for it: the store is told of an end that this edge knows of. */
static inline bool change_is_own(const struct change *change)
{
	return !change->request && !change->then;
}
