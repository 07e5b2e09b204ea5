/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * Snaps: the headers of the packets of a lease that is being captured (capture_until_s of its
 * slot), as they arrive, both ways, with what becomes of each. Headers alone: what people type and
 * see never leaves the path.
 */
#pragma once

#include <linux/types.h>

#include "ring.h"
#include "table.h"

#define SP_SNAPS      2048u /* snaps in the ring of a CPU, a power of two */
#define SP_SNAP_BYTES 128u  /* Ethernet, IPv6 and TCP with all its options take 114 */

struct sp_snap {
	struct sp_ring_record ring;
	__u32 slot_index;
	__u32 generation;  /* of the lease */
	__u32 frame_bytes; /* as it came */
	__u16 kept_bytes;  /* of it in data */
	__u8 verdict;	   /* enum sp_verdict */
	__u8 direction;	   /* enum sp_direction */
	__u8 data[SP_SNAP_BYTES];
};

_Static_assert(sizeof(struct sp_snap) == 32 + SP_SNAP_BYTES, "a snap has no holes");

#define SP_PIN_SNAPS	   "snaps"
#define SP_PIN_SNAPS_HEADS "snaps_heads"
