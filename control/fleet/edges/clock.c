/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/edges/clock.h"

#include <sys/timex.h>

#include "host/boottime.h"

struct edges_clock edges_clock_read(void)
{
	struct timex timex = {0};
	int state = adjtimex(&timex);

	if (state < 0)
		return (struct edges_clock){0};
	return (struct edges_clock){
		.synchronised = state != TIME_ERROR && !(timex.status & STA_UNSYNC),
		.bound_ns = (uint64_t)timex.maxerror * NS_PER_US,
	};
}

bool edges_clock_is_within(struct edges_clock clock, uint64_t bound_ns)
{
	return !bound_ns || (clock.synchronised && clock.bound_ns <= bound_ns);
}
