// SPDX-License-Identifier: BSD-3-Clause
#include "explain/rate.h"

#include <sallyport/addr.h>

#include "model/clock.h"

void explain_rate_init(struct explain_rate *rate, unsigned int per_second, unsigned int burst,
		       uint64_t seed)
{
	*rate = (struct explain_rate){
		.period_ns = CLOCK_SECOND_NS / per_second,
		.burst_ns = CLOCK_SECOND_NS / per_second * burst,
		.seed = seed,
	};
}

bool explain_rate_take(struct explain_rate *rate, const struct sp_addr *source, uint64_t now_ns)
{
	uint64_t *full_at_ns =
		&rate->full_at_ns[sp_addr_hash(source, rate->seed) % EXPLAIN_SOURCES];

	if (*full_at_ns < now_ns)
		*full_at_ns = now_ns;
	if (*full_at_ns + rate->period_ns > now_ns + rate->burst_ns)
		return false;
	*full_at_ns += rate->period_ns;
	return true;
}
