/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a capture holds and what it lacks, by what its own blocks say: sallyportd counts so what it
 * writes, and whoever reads it counts alike, however the capture ends.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "watch/capture/pcapng.h"

#define CAPTURE_SIDES 2 /* interfaces, by enum sp_direction of what comes in by them */

struct capture_tally {
	uint64_t packets[CAPTURE_SIDES];
	uint64_t lost[CAPTURE_SIDES]; /* told of by the packets of that interface */
	bool ended[CAPTURE_SIDES];    /* there have been its statistics, which come last */
};

/*
 * Adds a whole block: a packet to the sums, the statistics of an interface in place of its sum of
 * lost ones. Others count for nothing. Result: 0, or -EBADMSG, with nothing added, for what is no
 * block of a capture.
 */
int capture_tally_add(struct capture_tally *tally, const char *block, size_t bytes);

/* Fills in the statistics of an interface. Result: their bytes. */
size_t capture_tally_statistics(const struct capture_tally *tally, unsigned int interface,
				uint64_t wall_ns, char block[PCAPNG_BLOCK_MAX]);
