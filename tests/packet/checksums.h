/* SPDX-License-Identifier: BSD-3-Clause */
/* Internet checksums computed in full, by nothing that the product uses. */
#pragma once

#include <stdint.h>

enum checksums {
	CHECKSUMS_RIGHT = 0,
	CHECKSUMS_WRONG = -1,
	CHECKSUMS_NONE = 1, /* not an IP packet whose lengths are right, so nothing to check */
};

/*
 * Checks every checksum of an Ethernet frame with an IPv4 or IPv6 packet of TCP, UDP or ICMP. The
 * packet that an ICMP error quotes is not looked into.
 */
enum checksums checksums_check(const uint8_t *frame, uint32_t len_bytes);

/* Sets every checksum that checksums_check() checks. */
void checksums_set(uint8_t *frame, uint32_t len_bytes);

/* Leaves that of TCP or UDP to a NIC: its field gets the sum of the pseudo header. */
void checksums_leave(uint8_t *frame, uint32_t len_bytes);

/* Result: whether the field has that sum, which a whole checksum may be by chance. */
int checksums_are_left(const uint8_t *frame, uint32_t len_bytes);
