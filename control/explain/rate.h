/* SPDX-License-Identifier: BSD-3-Clause */
/* How often one source may be explained to. A source is an address of IPv4, or 64 bits of one of
 * IPv6. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/table.h>

#define EXPLAIN_PLACES	4    /* of each source: it is refused only where others have used up all */
#define EXPLAIN_SOURCES 4096 /* places in each row */

/* A token bucket for each source, in a table of fixed size: a flood costs no memory. */
struct explain_rate {
	uint64_t period_ns; /* one token's worth */
	uint64_t burst_ns;  /* the most that is saved up */
	uint64_t seed;
	uint64_t full_at_ns[EXPLAIN_PLACES][EXPLAIN_SOURCES]; /* when the bucket is full again */
};

void explain_rate_init(struct explain_rate *rate, unsigned int per_second, unsigned int burst,
		       uint64_t seed);

/* Takes one token. Result: whether there was one. */
bool explain_rate_take(struct explain_rate *rate, const struct sp_addr *source, uint64_t now_ns);
