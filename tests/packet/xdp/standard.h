/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the XDP program share: the standard fixture, and packets of one of its leases.
 */
#pragma once

#include "engine/xdp_engine.h"

#define TCP_LEASE 64003 /* of the standard fixture: live, TCP, for everybody */
#define CLIENT	  "203.0.113.50"

/* Setup of cmocka: *state is an open engine, whose table becomes the standard one. */
int set_up_standard(void **state);

/* A TCP packet from a client to the lease of that port, or from its VM to the client. */
void make_packet(struct xdp_engine *engine, __u16 port, enum sp_direction direction,
		 const char *client, __u32 payload_bytes, struct frame *ret);

/* Makes such a packet and runs it. */
struct xdp_result run_packet(struct xdp_engine *engine, __u16 port, enum sp_direction direction,
			     const char *client, __u32 payload_bytes);
