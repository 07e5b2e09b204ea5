/* SPDX-License-Identifier: BSD-3-Clause */
/* The two clocks: what deadlines are kept in, and what people are shown. */
#pragma once

#include <stdint.h>

#define CLOCK_SECOND_NS	   1000000000ULL
#define CLOCK_BOOT_ID_SIZE 37

/* One moment on both clocks, read together. */
struct instant {
	uint64_t boot_ns; /* CLOCK_BOOTTIME: deadlines */
	uint64_t wall_ns; /* CLOCK_REALTIME, since 1970: shown and journaled */
};

void model_clock_read(struct instant *ret_now);

/* Fills the kernel's boot id, NUL-terminated. Result: 0 or -errno. */
int model_clock_boot_id(char ret_id[CLOCK_BOOT_ID_SIZE]);

/* Result: the wall time (ns) at which a moment of CLOCK_BOOTTIME is, judged from now. */
static inline uint64_t clock_wall_at(const struct instant *now, uint64_t boot_ns)
{
	return now->wall_ns + (boot_ns - now->boot_ns);
}

/* Result: the time left until a moment of CLOCK_BOOTTIME, 0 once it has passed. */
static inline uint64_t clock_left_ns(const struct instant *now, uint64_t boot_ns)
{
	return boot_ns > now->boot_ns ? boot_ns - now->boot_ns : 0;
}
