/* SPDX-License-Identifier: BSD-3-Clause */
/* PUTs that wait together share a commit, and so its wait for the disk. */
#pragma once

#include "edge/state/call.h"

struct build_spec;
struct edge;

/* One of several. */
struct edge_put {
	struct edge_call call;
	const struct build_spec *spec;
	void (*done)(struct edge_put *put, int result, const struct edge_result *put_result);
	void *context;
};

/*
 * Declares builds as put_build() one after the other, but those that have nothing to do with each
 * other share a commit. done is called for each, in order, as soon as its commit is made; the
 * result is as put_build()'s.
 */
void put_all_builds(struct edge *edge, struct edge_put *puts, unsigned int nr_puts);
