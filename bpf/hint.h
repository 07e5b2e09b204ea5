/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* The hint that goes with a steered packet (sallyport/link/hint.h): where the program writes it. */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "table_bpf.h"

#include <sallyport/decide.h>
#include <sallyport/link/hint.h>

/*
 * Right before the frame, in place of what metadata another program may have left there. No pointer
 * into the packet is good after it. Where the driver has no room for it there is none.
 */
SP_INLINE void sp_hint_put(struct xdp_md *ctx, const struct sp_packet *packet,
			   const struct sp_hit *hit)
{
	int left = (int)((long)ctx->data - (long)ctx->data_meta);
	struct sp_hint *hint;

	if (bpf_xdp_adjust_meta(ctx, left - (int)sizeof(*hint)))
		return;
	hint = (void *)(long)ctx->data_meta;
	if ((void *)(hint + 1) > (void *)(long)ctx->data)
		return;
	hint->slot_index = hit->slot_index;
	hint->sender = sp_hint_sender(packet);
}
