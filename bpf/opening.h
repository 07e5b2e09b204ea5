/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* Whether a client's segment is to be looked for among what VMs wait for (openings.h). */
#pragma once

#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "table_bpf.h"

#include <sallyport/decide.h>
#include <sallyport/openings.h>

/* Result: whether a segment that is noted for nothing else may be one that a VM waits for. */
SP_INLINE int sp_may_answer(const struct sp_packet *packet, const struct sp_hit *hit, __u64 now_ns)
{
	__u32 index = sp_opening_of_slot(hit->slot_index);
	const struct sp_opening *of_slot;

	if (hit->direction != SP_TOWARD_VM || !(packet->tcp_flags & SP_TCP_ACK))
		return 0;
	of_slot = bpf_map_lookup_elem(&openings, &index);
	return of_slot && now_ns < SP_LOAD(of_slot->answered_ns) + SP_OPENING_NS;
}
