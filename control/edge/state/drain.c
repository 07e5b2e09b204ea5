/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/state/drain.h"

#include <errno.h>

#include "edge/state/state.h"
#include "model/clock.h"

/* A drain takes some ten milliseconds, unless a worker hangs. */
#define SOON_NS (5 * 1000000ULL)
#define LONG_NS CLOCK_SECOND_NS

uint64_t state_drain_number(struct edge *edge)
{
	return ++edge->nr_ends;
}

static void poll(struct edge *edge, uint64_t now_ns)
{
	if (!edge->draining_below || edge->drain_polled_ns == now_ns)
		return;
	edge->drain_polled_ns = now_ns;
	if (edge->drain(edge->drain_context, EDGE_DRAIN_POLL) < 0)
		return;
	edge->drained_below = edge->draining_below;
	edge->draining_below = 0;
}

bool state_drain_is_over(struct edge *edge, uint64_t end_number, uint64_t now_ns)
{
	if (!edge->drain)
		return true;
	poll(edge, now_ns);
	if (end_number < edge->drained_below)
		return true;
	if (!edge->draining_below) {
		edge->drain(edge->drain_context, EDGE_DRAIN_BEGIN);
		edge->draining_below = edge->nr_ends + 1;
		edge->drain_begun_ns = now_ns;
	}
	return false;
}

uint64_t state_drain_again_ns(const struct edge *edge, uint64_t now_ns)
{
	return now_ns + (now_ns - edge->drain_begun_ns < LONG_NS ? SOON_NS : LONG_NS);
}
