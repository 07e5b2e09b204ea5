/* SPDX-License-Identifier: BSD-3-Clause */
/* A change on its way. For change.c, which begins it, and settle.c, which ends it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "fleet/change.h"
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
	void (*begin)(struct change *change); /* again, as it is known to be now */
	enum fleet_change_kind kind;
	char id[STORE_ID_BYTES];
	json_t *body;
	struct http_request *request;
	struct record *before, *after; /* before NULL: none */
	json_t *avoid;		       /* keys of ports that were in use after all */
	unsigned int nr_tries;
	int64_t revision;	 /* of the store, once it is written; 0 before */
	struct etcd_range *look; /* at its record alone */
	bool looked;
	struct etcd_txn_call *txn;
	struct apply *apply;
	struct roll_wait *wait;	   /* for other edges: it is made here */
	unsigned int status;	   /* to answer with then */
	bool alone;		   /* the store was not told */
	struct transfer *transfer; /* of what sallyportd is asked directly */
	uint64_t until_ns;	   /* of an extension; 0: not known yet */
	struct transfer_end
		refusal; /* of sallyportd, while the store is set back; its body is ours */
};
