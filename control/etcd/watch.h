/* SPDX-License-Identifier: BSD-3-Clause */
/* One stream of what changes below a prefix, from one revision on, until it breaks. */
#pragma once

#include <stdint.h>

#include "etcd/gateway/kv.h"

struct etcd;
struct etcd_watch;

struct etcd_watch_options {
	struct etcd_bytes prefix;     /* copied */
	struct etcd_bytes until;      /* as in range.h, instead of all with that prefix; copied */
	int64_t revision;	      /* the first that is told */
	void (*begun)(void *context); /* the member has it; nothing from revision on is missed */
	void (*put)(void *context, const struct etcd_kv *kv);
	void (*gone)(void *context, struct etcd_bytes key);
	/* Called once: there will be no more, whatever the reason; the watch is gone with it. */
	void (*broken)(void *context, const char *reason);
	void *context;
};

/* Result: 0 and a watch that lives until broken() or etcd_watch_close(); -ENOMEM, or -EINVAL for a
 * prefix that has no end. The callbacks must not close it. */
int etcd_watch_open(struct etcd *etcd, const struct etcd_watch_options *options,
		    struct etcd_watch **ret_watch);

/* NULL is allowed. */
void etcd_watch_close(struct etcd_watch *watch);
