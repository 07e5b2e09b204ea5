/* SPDX-License-Identifier: BSD-3-Clause */
#include "yield.h"

#include "host/boottime.h"

void yield_begin(struct yield *yield, uint64_t nr_packets, uint64_t now_ns)
{
	yield->since_ns = now_ns;
	yield->nr_packets = nr_packets;
}

/* Result: whether a period of that length has ended, with its packets a second; then the next one
 * begins. */
static bool has_ended(struct yield *yield, uint64_t period_ns, uint64_t nr_packets, uint64_t now_ns,
		      uint64_t *ret_per_s)
{
	uint64_t took_ns = now_ns - yield->since_ns;

	if (took_ns < period_ns)
		return false;
	*ret_per_s =
		(uint64_t)((double)(nr_packets - yield->nr_packets) * NS_PER_S / (double)took_ns);
	yield_begin(yield, nr_packets, now_ns);
	return true;
}

bool yield_is_due(struct yield *yield, uint64_t nr_packets, uint64_t now_ns)
{
	uint64_t per_s;

	return yield->below != 0 && has_ended(yield, YIELD_PERIOD_NS, nr_packets, now_ns, &per_s) &&
	       per_s < (yield->below + 1) / 2;
}

bool yield_is_over(struct yield *yield, uint64_t nr_packets, uint64_t now_ns)
{
	uint64_t per_s;

	return has_ended(yield, YIELD_NAP_NS, nr_packets, now_ns, &per_s) && per_s >= yield->below;
}
