/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * This edge's entry in the store, which hangs on a lease: it goes when the edge is not heard of any
 * more, and is put again. It is written anew twice in the lease's time at least, with the clock as
 * it is then. A name belongs to one living edge.
 */
#pragma once

#include <stdbool.h>

#include "fleet/edges/entry.h"

struct etcd;
struct edges_self;
typedef struct sd_event sd_event;

struct edges_self_options {
	sd_event *event;
	struct etcd *etcd;
	const char *key;	   /* lives as long as it */
	struct edges_entry *entry; /* likewise: what is to be written, as it is then */
	unsigned int ttl_s;
	/* Its entry is there from this revision on, for at least the lease's time; or no more, and
	 * why. */
	void (*alive)(void *context, int64_t revision);
	void (*lost)(void *context, const char *reason);
	/* Another edge has the name. Told once, until the name is ours. */
	void (*taken)(void *context);
	void *context;
};

/* Result: 0, -ENOMEM, or what sd-event says. The callbacks must not close it. */
int edges_self_open(const struct edges_self_options *options, struct edges_self **ret_self);

/* The entry stays for the rest of its time: whoever is started again takes it over. NULL is
 * allowed. */
void edges_self_close(struct edges_self *self);

/* The entry has changed: it is written at once, or a moment after the write before. */
void edges_self_update(struct edges_self *self);
