/* SPDX-License-Identifier: BSD-3-Clause */
/* A spec becomes a change of a transaction: what PUT and sync share. */
#pragma once

#include "edge/state/call.h"

struct build_spec;
struct edge;
struct txn;

/*
 * Works one spec into the transaction. pointers of problems begin with prefix. Result: 0, or -errno
 * (the problem says why, unless -ENOMEM) and the transaction is to be aborted.
 */
int put_build_work_in(struct txn *txn, const struct build_spec *spec, const char *prefix,
		      enum edge_change *ret_change);

/*
 * Declares a build: creates it, binds its reserved nodes, adds nodes and forwards, or finds nothing
 * to do. Public ports never move. Result: 0, or -errno and problem: INVALID, OUTSIDE_NETWORKS,
 * ADMITS_NOBODY, ENDPOINT_IN_USE naming the holder, PORT_IN_USE, BUILD_ENDED,
 * BUILD_DIFFERS, OVER_LIMIT,
 * NO_PORTS, TABLE_FULL, JOURNAL. Pointers are relative to the body.
 */
int put_build(struct edge *edge, const struct edge_call *call, const struct build_spec *spec,
	      struct edge_result *ret_result);
