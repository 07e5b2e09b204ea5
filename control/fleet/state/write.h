/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes of the store, each one transaction: it is as it was when it was looked at, or nothing is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "etcd/txn.h"

struct fleet;
struct record;

struct fleet_write {
	const struct record *before; /* NULL: there must be none */
	const struct record *after;
	void (*done)(void *context, const struct etcd_txn_result *result);
	void *context;
};

/*
 * From one record to another: what is new of its claims must not be there, and is taken; a build
 * that ends gives up its VMs, and keeps its ports while they rest. If it cannot be, done() is given
 * the record and those claims as they are. Result: 0, -E2BIG if the store takes no transaction so
 * long, -EBADMSG for a body without sense, or -ENOMEM.
 */
int state_write_send(struct fleet *fleet, const struct fleet_write *write,
		     struct etcd_txn_call **ret_call);

/*
 * The same, added to a transaction of several such, whose caller sends it; its done() and context
 * are no matter. tell: if it cannot be, done() is given those keys, which the store has to read
 * with each request. Result: 0, -EBADMSG or -ENOMEM.
 */
int state_write_add(const struct fleet *fleet, const struct fleet_write *write, bool tell,
		    struct etcd_txn *txn);

/* Result: how many operations of a transaction that takes, or less. */
unsigned int state_write_size(const struct fleet_write *write);

/* Back again, if nobody has changed it since that revision. Result: as above. */
int state_write_undo(struct fleet *fleet, const struct fleet_write *write, int64_t revision,
		     struct etcd_txn_call **ret_call);

/* Forgets write->before, which has ended, and all its claims. Result: as above. */
int state_write_forget(struct fleet *fleet, const struct fleet_write *write,
		       struct etcd_txn_call **ret_call);
