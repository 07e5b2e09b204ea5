/* SPDX-License-Identifier: BSD-3-Clause */
/* What is over is ended before anybody changes it. Part of the edge. */
#pragma once

struct edge;
struct edge_call;

/*
 * Ends that build if its deadline has passed and edge_expire() was not there yet: nothing is to be
 * done to a session that is over. Result: 0, or -errno and the problem.
 */
int txn_settle_overdue(struct edge *edge, const struct edge_call *call, const char *id);
