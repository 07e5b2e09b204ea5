/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One call of etcd: to the current member, to others until the time is up, with another token when
 * the one that there is has expired. For this room alone.
 */
#pragma once

#include <stdbool.h>

#include <jansson.h>

#include "etcd/gateway/header.h"

struct etcd;
struct etcd_call;

struct etcd_result {
	/* 0; what the store refused: -EACCES, -ENOENT, -ERANGE (compacted), -EINVAL, -EREMOTEIO; no
	 * member did it within the time: -EHOSTDOWN; it may be done: -ETIMEDOUT; or -ENOMEM. */
	int error;
	const char *reason; /* of an error; lives as long as the callback */
	const json_t *body; /* without an error; likewise */
	struct etcd_header header;
};

struct etcd_ask {
	const char *path;
	const json_t *body; /* copied as text */
	bool once;	    /* doing it twice is not as good as once */
	void (*done)(void *context, const struct etcd_result *result);
	void *context;
};

/* Result: 0 and a call that lives until done() or etcd_call_cancel(); or -errno. */
int etcd_call_start(struct etcd *etcd, const struct etcd_ask *ask, struct etcd_call **ret_call);

/* Nothing is heard of it any more; it may be done. NULL is allowed. */
void etcd_call_cancel(struct etcd_call *call);
