/* SPDX-License-Identifier: BSD-3-Clause */
/* Clocks of virtual hosts. Whose clock is read is set before its code runs. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct sim_clock {
	uint64_t booted_ns; /* true time */
	int64_t error_ns;   /* of the wall clock */
	bool lost;	    /* nobody synchronises it, and the kernel says so */
	uint64_t bound_ns;  /* as the kernel says */
};

/* From here on this host's clocks are read; NULL: true ones. */
void sim_clock_enter(const struct sim_clock *clock);

/* Result: true time when CLOCK_BOOTTIME of the host is that. */
uint64_t sim_clock_true_ns(const struct sim_clock *clock, uint64_t boot_ns);
uint64_t sim_clock_boot_ns(const struct sim_clock *clock);

/* Result: the wall time that a clock without error shows. */
uint64_t sim_clock_wall_ns(void);
