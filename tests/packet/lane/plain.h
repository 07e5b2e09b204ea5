/* SPDX-License-Identifier: BSD-3-Clause */
/* The packets that the lane is for. */
#pragma once

#include "engine/host_engine.h"
#include "fixture.h"

/*
 * A segment of TCP or a datagram of UDP, with right checksums, from a client to the slot's lease,
 * or from its VM to that client: the lane takes it, once the lease is known to it.
 */
void plain_frame(const struct sp_slot *slot, enum sp_direction direction, __u8 ip_protocol,
		 struct frame *ret);
