/* SPDX-License-Identifier: BSD-3-Clause */
#include "hop/told.h"

#include <stdatomic.h>

#include <sallyport/left.h>

#include "hop/nexthop.h"

#include "host/log.h"

static void look_at_refused(struct told *told, const struct nexthops *nexthops)
{
	if (nexthops->nr_refused == told->nr_refused)
		return;
	told->nr_refused = nexthops->nr_refused;
	log_write(LOG_WARNING, "Routes or neighbours find no room.",
		  log_number("refused", told->nr_refused));
}

static void look_at_left(struct told *told, const struct nexthops *nexthops)
{
	static const char *const texts[] = {
#define X(name, text) text,
		SP_LEFT_LIST(X)
#undef X
	};
	uint32_t left = atomic_load(&nexthops->left);

	if (left == told->left)
		return;
	for (unsigned int bit = 0; bit < SP_LEFT_BITS; bit++)
		if ((left & ~told->left) >> bit & 1)
			log_write(LOG_WARNING, "All packets are left to the XDP program.",
				  log_string("because", texts[bit]));
	if (left == 0)
		log_write(LOG_INFO, "No packets are left to the XDP program any more.");
	told->left = left;
}

void told_look(struct told *told, const struct nexthops *nexthops)
{
	look_at_refused(told, nexthops);
	look_at_left(told, nexthops);
}
