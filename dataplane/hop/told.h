/* SPDX-License-Identifier: BSD-3-Clause */
/* What the log has been told of next hops, so that it is told of changes alone. */
#pragma once

#include <stdint.h>

struct nexthops;

struct told {
	uint32_t nr_refused; /* routes or neighbours without room */
	uint32_t left;	     /* bits of enum sp_left */
};

/* Logs what is new, and that nothing is left to the XDP program any more. Main lcore. */
void told_look(struct told *told, const struct nexthops *nexthops);
