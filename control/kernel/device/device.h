/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kernel and a driver say of a device, by ioctl and ethtool. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define DEVICE_DRIVER_SIZE 32

/* Result: whether the driver says its name. */
bool device_driver(const char *interface, char ret[DEVICE_DRIVER_SIZE]);

/* Result: the MTU, 0 if it cannot be learned. */
unsigned int device_mtu(const char *interface);

/* Result: IFF_UP and the like, or -errno. */
int device_flags(const char *interface);

struct device_channels {
	uint32_t rx; /* queues that receive, with the combined ones */
	uint32_t tx; /* that send, likewise */
	uint32_t combined;
	uint32_t combined_max;
};

/* Result: whether the driver says its channels. */
bool device_channels(const char *interface, struct device_channels *ret);

/* Result: how many queues the kernel sends by, 0 if it cannot be learned. */
uint32_t device_sending(const char *interface);

enum device_state {
	DEVICE_UNKNOWN, /* there is no such feature */
	DEVICE_OFF,
	DEVICE_ON,
	DEVICE_ON_FIXED, /* and it cannot be turned off */
};

/* Result: an offload by its name in the kernel, such as "rx-gro-hw". */
enum device_state device_feature(const char *interface, const char *feature);

/* Offloads that hand over packets longer than the wire had them, up to the one without a feature.
 */
struct device_merge {
	const char *feature; /* NULL behind the last */
	const char *option;  /* as ethtool -K has it */
};

extern const struct device_merge device_merges[];

/* Turns an offload on or off. Result: 0 or -errno; the driver may have its own mind: look again. */
int device_set_feature(const char *interface, const char *feature, bool on);
