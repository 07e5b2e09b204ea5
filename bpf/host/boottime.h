/* SPDX-License-Identifier: BSD-3-Clause */
/* The clock of every deadline: CLOCK_BOOTTIME, which runs on while the host is suspended. */
#pragma once

#include <stdint.h>
#include <time.h>

#define BOOTTIME_SECOND_NS 1000000000ULL

static inline uint64_t boottime_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * BOOTTIME_SECOND_NS + (uint64_t)now.tv_nsec;
}
