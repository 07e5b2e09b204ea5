/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A TAP of the kernel's, which outlives us: frames that are written to its descriptor have been
 * received by that interface, and what the kernel sends by it is read. Whole frames: the kernel
 * completes checksums and cuts segments before they are read.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Takes a TAP that exists, of one queue or several. It has its carrier from then on until the
 * descriptor is closed. Result: the descriptor, which does not block; or -errno: -EINVAL: the
 * interface is no TAP; -EBUSY: another process has it.
 */
int tap_open(const char *name);

/* Gives it the link address in the low 48 bits, as it lies in a frame. Result: 0 or -errno. */
int tap_set_address(const char *name, uint64_t link_addr);

/* Has the kernel know whether there is a link. Result: 0 or -errno. */
int tap_set_carrier(int fd, bool up);
