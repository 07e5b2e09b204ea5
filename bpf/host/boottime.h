/* SPDX-License-Identifier: BSD-3-Clause */
/* Clocks in nanoseconds. Deadlines and heartbeats are CLOCK_BOOTTIME; wall time is for people. */
#pragma once

#include <stdint.h>
#include <time.h>

#define NS_PER_US 1000ull
#define NS_PER_MS 1000000ull
/* DPDK's rte_cycles.h has one of these as well. */
#ifndef NS_PER_S
#define NS_PER_S 1000000000ull
#endif

static inline uint64_t boottime_clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* Result: nanoseconds since boot, suspend included: what bpf_ktime_get_boot_ns() says. */
static inline uint64_t boottime_now_ns(void)
{
	return boottime_clock_ns(CLOCK_BOOTTIME);
}

/* Result: nanoseconds since 1970. It may jump: for showing and journaling only. */
static inline uint64_t boottime_wall_ns(void)
{
	return boottime_clock_ns(CLOCK_REALTIME);
}
