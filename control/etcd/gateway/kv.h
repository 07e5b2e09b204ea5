/* SPDX-License-Identifier: BSD-3-Clause */
/* A key with its value, as the store has it. */
#pragma once

#include <stdint.h>

#include <jansson.h>

#include "etcd/gateway/value.h"

struct etcd_kv {
	struct etcd_bytes key;	 /* both are followed by a NUL that is not counted */
	struct etcd_bytes value; /* may be empty */
	int64_t mod_revision;
};

/* Result: 0 and what is to be cleared, -EBADMSG or -ENOMEM. */
int gateway_kv_read(const json_t *object, struct etcd_kv *ret_kv);

void gateway_kv_clear(struct etcd_kv *kv);
