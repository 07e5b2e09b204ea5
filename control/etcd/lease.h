/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A lease of etcd: keys that hang on it go when its holder is not heard of any more. It is kept
 * alive at a third of its time, and another one is got when it is lost. It says who is there; it is
 * no deadline of anybody's, for its end waits for a leader.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct etcd;
struct etcd_lease;

struct etcd_lease_options {
	unsigned int ttl_s; /* 3 or more */
	/* It is held from now on, under this id. */
	void (*held)(void *context, int64_t id);
	/* It has gone, or nobody answered for so long that it may have; another one will be held.
	 */
	void (*lost)(void *context, const char *reason);
	void *context;
};

/* Result: 0, -ENOMEM, or what sd-event says. The callbacks must not close it. */
int etcd_lease_open(struct etcd *etcd, const struct etcd_lease_options *options,
		    struct etcd_lease **ret_lease);

/* Result: its id, 0 while none is held. */
int64_t etcd_lease_id(const struct etcd_lease *lease);

/* It ends by itself within its time, and what hangs on it goes then. NULL is allowed. */
void etcd_lease_close(struct etcd_lease *lease);
