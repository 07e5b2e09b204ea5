/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A transaction: if all comparisons hold, all changes are made, else none is, and some keys are
 * read. A store takes at most so many of each (etcd's --max-txn-ops, 128 if not given) in one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "etcd/gateway/kv.h"

struct etcd;
struct etcd_txn;
struct etcd_txn_call;

struct etcd_txn_result {
	/* 0, or as an etcd_result has it. -ETIMEDOUT: it may have been done; read to find out. */
	int error;
	const char *reason;
	bool succeeded;	  /* without an error: the comparisons held */
	int64_t revision; /* of the store behind it */
	/* What was read because they did not, in the order in which it was asked for. */
	const struct etcd_kv *kvs;
	unsigned int nr_kvs;
};

/* Result: an empty transaction, NULL without memory. */
struct etcd_txn *etcd_txn_new(void);

/* NULL is allowed. */
void etcd_txn_free(struct etcd_txn *txn);

/* These add to it. Without memory the transaction is spoilt, and etcd_txn_send() says so. The
 * mod_revision of a key that is not there is 0. */
void etcd_txn_compare(struct etcd_txn *txn, struct etcd_bytes key, int64_t mod_revision);
void etcd_txn_put(struct etcd_txn *txn, struct etcd_bytes key, struct etcd_bytes value);
void etcd_txn_delete(struct etcd_txn *txn, struct etcd_bytes key);
void etcd_txn_else_read(struct etcd_txn *txn, struct etcd_bytes key);

/* Likewise; the key goes with that lease. */
void etcd_txn_put_leased(struct etcd_txn *txn, struct etcd_bytes key, struct etcd_bytes value,
			 int64_t lease);

/* Result: the most of comparisons, changes and readings, which the store limits. */
unsigned int etcd_txn_size(const struct etcd_txn *txn);

/*
 * Sends it, once; the transaction remains the caller's, who may free it at once. Result: 0 and
 * done() will be called unless it is cancelled; or -ENOMEM.
 */
int etcd_txn_send(struct etcd *etcd, const struct etcd_txn *txn,
		  void (*done)(void *context, const struct etcd_txn_result *result), void *context,
		  struct etcd_txn_call **ret_call);

/* It may be done all the same. NULL is allowed. */
void etcd_txn_cancel(struct etcd_txn_call *call);
