/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* One run of the shared code on one frame: what the test tells it, and what it tells the test. */
#pragma once

#include <linux/types.h>

struct run {
	__u64 now_ns;
	__u32 role; /* enum sp_role */
	__u32 mtu;  /* of the next hop; a longer packet is SP_TOO_BIG */
	/* the result */
	__u32 verdict; /* enum sp_verdict, SP_VERDICT_COUNT where an answer could not be made */
	__u32 slot_index;
	__u32 direction; /* enum sp_direction */
	__u32 found;	 /* a lease was found */
};
