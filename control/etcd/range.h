/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading keys: all of a prefix as they were at one moment, page by page. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "etcd/gateway/kv.h"

struct etcd;
struct etcd_range;

struct etcd_range_end {
	int error; /* 0, or as an etcd_result has it; -ERANGE: compacted between two pages */
	const char *reason; /* of an error */
	int64_t revision;   /* without one: of the store when all of these were so */
};

struct etcd_range_request {
	struct etcd_bytes key;	 /* copied */
	bool prefix;		 /* all keys that begin with it */
	struct etcd_bytes until; /* or all from it up to this one, which is none of them; copied;
				  * data NULL: not */
	unsigned int page;	 /* at most so many in one answer, 1 or more */
	void (*visit)(void *context, const struct etcd_kv *kv); /* in order of keys */
	void (*end)(void *context, const struct etcd_range_end *end);
	void *context;
};

/* Result: 0 and a range that lives until end() or etcd_range_cancel(); -ENOMEM, or -EINVAL for a
 * prefix that has no end. The callbacks must not cancel it. */
int etcd_range_start(struct etcd *etcd, const struct etcd_range_request *request,
		     struct etcd_range **ret_range);

/* NULL is allowed. */
void etcd_range_cancel(struct etcd_range *range);
