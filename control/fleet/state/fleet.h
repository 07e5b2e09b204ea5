/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of sallyport-fleet share: made and undone in parts.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "fleet/talk/local.h"

struct config;
struct edges_kept;
struct epoch;
struct fleet_syncs;
struct etcd;
struct etcd_health;
struct keep;
struct mirror;
struct owed;
struct queue;
struct roll;

#define FLEET_REASON_BYTES 256

struct fleet {
	sd_event *event;
	const struct config *config;
	struct etcd *etcd;
	struct etcd_health *health;
	struct talk_local local;
	struct mirror *mirror;
	bool reading; /* the store is read as a whole: the mirror is half of it */
	bool current; /* the mirror is the store, as far as is known */
	char reason[FLEET_REASON_BYTES]; /* why it is not */
	bool lacking;  /* a build that goes on has ended here, as this edge did not know in time */
	char name[32]; /* of this process: no two are alike */
	uint64_t nr_changes;	   /* made up so far */
	struct owed *owed;	   /* builds that ended here, and the store is to be told */
	struct keep *keep;	   /* them on the disk */
	struct edges_kept *kept;   /* who this edge is */
	struct epoch *epoch;	   /* whether the store is the one that it was */
	struct roll *roll;	   /* the edges, and how far this one is */
	struct fleet_syncs *syncs; /* whole sets that were asked for */
	struct queue *queue;	   /* builds that are to be made here as the store has them */
};
