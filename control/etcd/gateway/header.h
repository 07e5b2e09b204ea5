/* SPDX-License-Identifier: BSD-3-Clause */
/* What each answer of etcd begins with. */
#pragma once

#include <stdint.h>

#include <jansson.h>

struct etcd_header {
	uint64_t cluster_id;
	int64_t revision;   /* of the store; 0: not told */
	uint64_t raft_term; /* grows with each election */
};

/* Reads the header of an answer. Result: 0, or -EBADMSG if there is none of this form. */
int gateway_header_read(const json_t *answer, struct etcd_header *ret_header);
