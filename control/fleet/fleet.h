/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of sallyport-fleet share: made and undone in main.c, filled by fleet_open(). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "fleet/talk/local.h"

struct config;
struct edges_kept;
struct epoch;
struct etcd;
struct mirror;
struct owed;
struct queue;
struct roll;

#define FLEET_REASON_BYTES 256

struct fleet {
	sd_event *event;
	const struct config *config;
	struct etcd *etcd;
	struct talk_local local;
	struct mirror *mirror;
	bool reading; /* the store is read as a whole: the mirror is half of it */
	bool current; /* the mirror is the store, as far as is known */
	char reason[FLEET_REASON_BYTES]; /* why it is not */
	char name[32];			 /* of this process: no two are alike */
	uint64_t nr_changes;		 /* made up so far */
	struct owed *owed;		 /* builds that ended here, and the store is to be told */
	struct edges_kept *kept;	 /* who this edge is */
	struct epoch *epoch;		 /* whether the store is the one that it was */
	struct roll *roll;		 /* the edges, and how far this one is */
	struct queue *queue;		 /* builds that are to be made here as the store has them */
};
