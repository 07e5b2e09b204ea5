/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting for an interface of a host that starts. */
#pragma once

#include <stdint.h>

/* Waits until there is one of that name. Result: 0, -ETIMEDOUT once it is that time
 * (CLOCK_BOOTTIME), or -errno. */
int hold_wait_for(const char *name, uint64_t until_ns);
