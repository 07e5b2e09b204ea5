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

/* Each row has bits of the hash of its own, so that two sources hardly ever share all their places.
 */
static void find_places(struct explain_rate *rate, const struct sp_addr *source,
			uint64_t *ret_places[EXPLAIN_PLACES])
{
	struct sp_addr holder = *source;
	uint64_t hash;

	if (!sp_addr_is_v4(source))
		holder.word_be[2] = holder.word_be[3] = 0;
	hash = sp_addr_hash(&holder, rate->seed);
	for (unsigned int row = 0; row < EXPLAIN_PLACES; row++)
		ret_places[row] =
			&rate->full_at_ns[row][(hash >> 16 * row & 0xffff) % EXPLAIN_SOURCES];
}

/*
 * A place is charged by all who share it, so it says too much, never too little: the one that says
 * least is the source's own, and the others are raised no further than to that.
 */
bool explain_rate_take(struct explain_rate *rate, const struct sp_addr *source, uint64_t now_ns)
{
	uint64_t *places[EXPLAIN_PLACES], full_at_ns = UINT64_MAX;

	find_places(rate, source, places);
	for (unsigned int row = 0; row < EXPLAIN_PLACES; row++)
		if (*places[row] < full_at_ns)
			full_at_ns = *places[row];
	if (full_at_ns < now_ns)
		full_at_ns = now_ns;
	full_at_ns += rate->period_ns;
	if (full_at_ns > now_ns + rate->burst_ns)
		return false;
	for (unsigned int row = 0; row < EXPLAIN_PLACES; row++)
		if (*places[row] < full_at_ns)
			*places[row] = full_at_ns;
	return true;
}
