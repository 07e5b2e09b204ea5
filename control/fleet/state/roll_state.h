/* SPDX-License-Identifier: BSD-3-Clause */
/* The roll of edges. For roll.c, and await.c, which waits for them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/queue.h>

#include <systemd/sd-event.h>

#include "fleet/edges/entry.h"
#include "fleet/edges/progress.h"
#include "fleet/edges/table.h"
#include "fleet/state/fleet.h"
#include "fleet/state/roll.h"
#include "fleet/store/keys.h"
#include "host/config.h"

struct edges_self;
struct roll_wait;

LIST_HEAD(waits, roll_wait);

struct roll {
	struct edges_entry entry; /* of this edge */
	char key[STORE_KEY_BYTES];
	struct edges_self *self;
	struct edges_table *table;
	struct edges_progress builds, ends;
	int64_t ended;		  /* of the newest end that was told */
	int64_t noted;		  /* of the newest build that was told; others may share it */
	sd_event_source *turn;	  /* which ends that */
	struct roll_task reading; /* the store, until what is open here was compared with it */
	int64_t mark;		  /* a revision that it must have done within BEHIND_NS */
	uint64_t marked_ns;
	bool alive, taken;
	int64_t put, told; /* our entry since we are alive, and as the store tells of it */
	bool back;	   /* what was before that is known */
	bool compared;	   /* once */
	bool ready;	   /* it had everything once, since it is back */
	/* Until then edges that this one has never heard of may get packets: they were lost before.
	 */
	uint64_t strangers_ns;
	struct waits waits;
};

/* Result: how long an edge may get packets once it is lost. */
static inline uint64_t roll_fence_ns(const struct fleet *fleet)
{
	return fleet->config->fleet.fence_after_ns - fleet->config->fleet.edge_ttl_ns;
}

/* Result: whether it is another edge than this one. */
static inline bool roll_is_other(const struct roll *roll, const struct edges_known *known)
{
	return strcmp(known->entry.name, roll->entry.name) != 0;
}
