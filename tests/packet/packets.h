/* SPDX-License-Identifier: BSD-3-Clause */
/* Random packets that a table's leases, or none of them, are concerned with. */
#pragma once

#include <stdint.h>

#include "engine/host_engine.h"
#include "fixture.h"

#include <sallyport/verdict.h>

struct random {
	uint64_t state;
};

/* Result: the next of the sequence that state began with (splitmix64). */
uint64_t random_next(struct random *random);

/* Result: a number below limit, which is not 0. */
uint32_t random_below(struct random *random, uint32_t limit);

/*
 * A packet of TCP, UDP or an ICMP error of either family, from a client or a VM of the standard
 * fixture or a stranger; most are well formed with right checksums, the others mutated or cut. At
 * least 14 bytes.
 */
void packets_random(struct random *random, const struct fixture *fixture, struct frame *ret);

/* Turns some leases of the standard fixture into other states, as time would. */
void packets_change_table(struct random *random, struct fixture *fixture, uint64_t now_ns);

/*
 * Begins a test with random packets and prints how to have the same again: PACKET_SEED, else the
 * clock, is where *ret begins. Result: how many packets: PACKET_COUNT, else otherwise.
 */
unsigned long long packets_begin(unsigned long long otherwise, struct random *ret);

int packets_same(const struct frame *a, const struct frame *b);

/* Result: how long the IP packet in a frame without a tag says it is. */
uint64_t packets_ip_bytes(const struct frame *frame);

/*
 * Result: whether what an engine added to bytes, by enum sp_direction, is right for a frame of that
 * verdict: its IP packet's length if it was sent on in that direction, else nothing.
 */
int packets_bytes_right(const struct frame *in, enum sp_verdict verdict,
			enum sp_direction direction, const __u64 bytes[2]);

/* Prints a frame in hex, as a comment of TAP. */
void packets_print(const char *what, const struct frame *frame);
