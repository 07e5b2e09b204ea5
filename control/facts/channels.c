// SPDX-License-Identifier: BSD-3-Clause
#include "facts/channels.h"

#include <stddef.h>
#include <string.h>

#include "kernel/device/device.h"

/* A queue of its own for each that it receives by. */
static uint32_t half(uint32_t max, uint32_t cpus)
{
	return max / 2;
}

/* A pair for each CPU. */
static uint32_t all_but_cpus(uint32_t max, uint32_t cpus)
{
	return max > cpus ? max - cpus : 0;
}

static const struct {
	const char *driver;
	uint32_t (*most)(uint32_t max, uint32_t cpus);
} drivers[] = {
	{"ena", half},
	{"virtio_net", all_but_cpus},
};

uint32_t facts_channels_most(const char *driver, const struct device_channels *channels,
			     uint32_t cpus)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (strcmp(drivers[i].driver, driver) == 0)
			return drivers[i].most(channels->combined_max, cpus);
	return CHANNELS_ANY;
}
