/* SPDX-License-Identifier: BSD-3-Clause */
/* What drivers want of their channels for a native program: queues of its own to send by. */
#pragma once

#include <stdint.h>

struct device_channels;

#define CHANNELS_ANY UINT32_MAX

/*
 * Result: how many combined channels may be used so that a driver has enough left for what programs
 * redirect to it on so many CPUs: CHANNELS_ANY if it wants none, 0 if it has too few for that.
 */
uint32_t facts_channels_most(const char *driver, const struct device_channels *channels,
			     uint32_t cpus);
