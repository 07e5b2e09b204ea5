/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Following all keys below a prefix, or up to another key: they are read as a whole, then watched
 * from there, and read as a whole again whenever the watch breaks, for whatever reason. The member
 * is asked for a key every few seconds, for a watch of one that hangs would be silent for ever.
 */
#pragma once

#include <stdint.h>

#include "etcd/gateway/kv.h"

struct etcd;
struct etcd_follow;

struct etcd_follow_options {
	struct etcd_bytes prefix; /* lives as long as the following */
	struct etcd_bytes until;  /* likewise; all from prefix up to this one; data NULL: all */
	unsigned int page;	  /* keys in one answer of a reading */
	/* All keys come, told by put(); also if the reading before was not finished. */
	void (*begin)(void *context);
	void (*put)(void *context, const struct etcd_kv *kv);
	/* That were all, as they were at this revision. */
	void (*whole)(void *context, int64_t revision);
	/* While watching: a key has gone. */
	void (*gone)(void *context, struct etcd_bytes key);
	/* What is known may be old from here on, until whole(). Told once. */
	void (*away)(void *context, const char *reason);
	void *context;
};

/* Result: 0, -ENOMEM, or what sd-event says. The callbacks must not close it. */
int etcd_follow_open(struct etcd *etcd, const struct etcd_follow_options *options,
		     struct etcd_follow **ret_follow);

/* NULL is allowed. */
void etcd_follow_close(struct etcd_follow *follow);
