/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* The tag of a trunk, where the program meets and sends frames. All is nothing without one. */
#pragma once

#include "table_bpf.h"

#include <sallyport/decide.h>
#include <sallyport/link/vlan.h>

/* Result: the VLAN of the frames that this instance looks at, 0: those without a tag. */
SP_INLINE __u32 sp_tag_here(void)
{
	return sp_role == SP_ROLE_BUILDS ? sp_builds_vlan : sp_public_vlan;
}

/* Result: the same of those that leave in that direction. */
SP_INLINE __u32 sp_tag_ahead(enum sp_direction direction)
{
	return direction == SP_TOWARD_VM ? sp_builds_vlan : sp_public_vlan;
}

/* Takes the tag off a frame that has the one of this side. Result: whether it had. */
SP_INLINE int sp_tag_off(struct xdp_md *ctx, __be16 *ret_tag_be)
{
	return sp_vlan_pop((void *)(long)ctx->data, (void *)(long)ctx->data_end,
			   (__u16)sp_tag_here(), ret_tag_be) &&
	       !bpf_xdp_adjust_head(ctx, SP_VLAN_BYTES);
}

/* Puts a tag on. Result: 0, or -1: there is no room for it. */
SP_INLINE int sp_tag_on(struct xdp_md *ctx, __be16 tag_be)
{
	if (bpf_xdp_adjust_head(ctx, -(int)SP_VLAN_BYTES))
		return -1;
	return sp_vlan_push((void *)(long)ctx->data, (void *)(long)ctx->data_end, tag_be);
}

/* The same of a VLAN, unless it is 0. */
SP_INLINE int sp_tag_for(struct xdp_md *ctx, __u32 vlan)
{
	return vlan ? sp_tag_on(ctx, SP_BE16(vlan)) : 0;
}
