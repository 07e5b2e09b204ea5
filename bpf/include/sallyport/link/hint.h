/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * What the XDP program tells the worker that it steers a VM's packet to: where it has found the
 * packet's slot. The eight bytes right before the frame, as metadata of XDP, which the kernel
 * copies along. They are a guess and no more: where no hint was written lies whatever was there
 * before, so the slot is compared with the packet just as one that was searched for.
 */
#pragma once

#include <linux/types.h>

#include "../compiler.h"
#include "../parse.h"

struct sp_hint {
	__u32 slot_index;
	__u32 sender; /* sp_hint_sender() of the packet */
};

_Static_assert(sizeof(struct sp_hint) == 8, "metadata come in words of four bytes, up to 32");

/* Result: what tells a hint about a packet from one about another VM's, though not for certain. */
SP_INLINE __u32 sp_hint_sender(const struct sp_packet *packet)
{
	const __be32 *word_be = packet->tuple.from.word_be;

	return word_be[0] ^ word_be[1] ^ word_be[2] ^ word_be[3] ^
	       ((__u32)packet->tuple.from_port_be << 16 | packet->protocol);
}
