/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * The tag of a VLAN (IEEE 802.1Q) on a trunk: taken off before a frame is looked at, put on as it
 * leaves, so that all code between meets none. A frame with another tag, with none, or with a tag
 * of a provider's network (802.1ad) outside is not ours, and one with a second tag inside is no IP.
 */
#pragma once

#include <linux/types.h>

#include "../compiler.h"
#include "../wire.h"

#define SP_VLAN_BYTES 4u
#define SP_VLAN_TYPE  0x8100
#define SP_VLAN_ID    0x0fff /* of a tag; the rest is priority, which is the sender's to say */

struct sp_vlan_eth {
	__u8 to[6];
	__u8 from[6];
	sp_wire_be16 tag_type_be;
	sp_wire_be16 tag_be;
	sp_wire_be16 type_be;
} SP_WIRE;

/* Moves the link addresses of a frame by the length of a tag. */
SP_INLINE void sp_vlan_move_links(void *to, const void *from)
{
	__u8 links[12];

	__builtin_memcpy(links, from, sizeof(links));
	__builtin_memcpy(to, links, sizeof(links));
}

/*
 * Takes the tag of a VLAN off. Result: whether it was there; then the frame begins SP_VLAN_BYTES
 * later, to where the caller cuts it, and *ret_tag_be is what sp_vlan_push() puts back.
 */
SP_INLINE int sp_vlan_pop(void *data, const void *end, __u16 vlan, __be16 *ret_tag_be)
{
	const struct sp_vlan_eth *eth = data;

	if ((const void *)(eth + 1) > end || eth->tag_type_be != SP_BE16(SP_VLAN_TYPE) ||
	    (eth->tag_be & SP_BE16(SP_VLAN_ID)) != SP_BE16(vlan))
		return 0;
	*ret_tag_be = eth->tag_be;
	sp_vlan_move_links(SP_AT(data, SP_VLAN_BYTES), data);
	return 1;
}

/*
 * Puts a tag on a frame that the caller has let grow by SP_VLAN_BYTES at its head, where data
 * points now. Result: 0, or -1 if that is no frame.
 */
SP_INLINE int sp_vlan_push(void *data, const void *end, __be16 tag_be)
{
	struct sp_vlan_eth *eth = data;

	if ((const void *)(eth + 1) > end)
		return -1;
	sp_vlan_move_links(data, SP_AT(data, SP_VLAN_BYTES));
	eth->tag_type_be = SP_BE16(SP_VLAN_TYPE);
	eth->tag_be = tag_be;
	return 0;
}
