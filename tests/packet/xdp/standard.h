/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the XDP program share: the standard fixture, and packets of one of its leases.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

/* Runs a frame. Result: the one note that it left, of no kind if it left none. */
struct sp_note note_left(struct xdp_engine *engine, enum sp_role role, const struct frame *in);

/* Runs a frame. Result: the one snap that it left, without a number if it left none. */
struct sp_snap snap_left(struct xdp_engine *engine, enum sp_role role, const struct frame *in);

/* Result: the role of the interface at which packets of that direction arrive. */
enum sp_role role_of(enum sp_direction direction);

/*
 * For main(): runs an array of tests, whose state is the engine, in a network of their own. Result:
 * the exit status.
 */
#define RUN_ON_ENGINE(tests, engine)                                                               \
	run_on_engine(tests, sizeof(tests) / sizeof((tests)[0]), engine)
int run_on_engine(const struct CMUnitTest *tests, size_t nr, struct xdp_engine *engine);
