/* SPDX-License-Identifier: BSD-3-Clause */
/* How far this edge's clock may be from the true time, as the kernel has it from who keeps it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct edges_clock {
	bool synchronised;
	uint64_t bound_ns; /* it is wrong by so much at most, while it is synchronised */
};

struct edges_clock edges_clock_read(void);

/* Result: whether it is synchronised, and wrong by bound_ns at most; 0: any clock is. */
bool edges_clock_is_within(struct edges_clock clock, uint64_t bound_ns);
