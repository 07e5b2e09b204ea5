/* SPDX-License-Identifier: BSD-3-Clause */
#include "etcd/gateway/header.h"

#include <errno.h>

#include "etcd/gateway/value.h"

int gateway_header_read(const json_t *answer, struct etcd_header *ret_header)
{
	const json_t *object = json_object_get(answer, "header");
	struct etcd_header header;

	if (!json_is_object(object) ||
	    gateway_value_read_uint(object, "cluster_id", &header.cluster_id) ||
	    gateway_value_read_int(object, "revision", &header.revision) ||
	    gateway_value_read_uint(object, "raft_term", &header.raft_term) || !header.cluster_id)
		return -EBADMSG;
	*ret_header = header;
	return 0;
}
