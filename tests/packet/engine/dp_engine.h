/* SPDX-License-Identifier: BSD-3-Clause */
/* The stages of a worker of sallyport-dp, on one frame; its ports are rings. */
#pragma once

#include "engine/host_engine.h"
#include "engine/network.h"

#include <sallyport/decide.h>
#include <sallyport/link/hint.h>
#include <sallyport/table_host.h>
#include <sallyport/verdict.h>

struct dp_engine;

/* What the worker did with a frame. */
struct dp_result {
	enum sp_verdict
		verdict;  /* SP_RACED for what the XDP program would have left to the kernel */
	__u64 bytes[2];	  /* counted as sent on, by enum sp_direction */
	int sent;	  /* whether a frame left, */
	int to_builds;	  /* by which of the two ports, */
	struct frame out; /* and that frame */
};

/*
 * Starts EAL, once in a process, and a worker that reads that table, with the routes and neighbours
 * that the kernel has now, mirrored. Result: 0 or -errno. Undone by dp_engine_close(), which takes
 * NULL.
 */
int dp_engine_open(const struct sp_table *table, struct dp_engine **ret);
void dp_engine_close(struct dp_engine *engine);

/* Makes trunks of its ports. */
void dp_engine_trunk(struct dp_engine *engine, uint32_t public_vlan, uint32_t builds_vlan);

/* What lies before each frame from a VM from now on, and counts as a hint; NULL: nothing does. */
void dp_engine_hint(struct dp_engine *engine, const struct sp_hint *hint);

/* Result: how many hints were worth that so far. */
uint64_t dp_engine_hints(const struct dp_engine *engine, enum sp_hint_worth worth);

/* Result: 0, -EPROTO if not exactly one verdict was counted or more than one frame left. */
int dp_engine_run(struct dp_engine *engine, enum sp_role role, const struct frame *in,
		  struct dp_result *ret);
