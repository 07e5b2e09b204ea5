/* SPDX-License-Identifier: BSD-3-Clause */
/* What a driver says of its device: by ethtool, and by the "netdev" family of generic netlink. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define DEVICE_DRIVER_SIZE 32

/* Result: whether the driver says its name. */
bool facts_device_driver(const char *interface, char ret[DEVICE_DRIVER_SIZE]);

struct device_channels {
	uint32_t rx; /* queues that receive, with the combined ones */
	uint32_t tx; /* that send, likewise */
	uint32_t combined;
	uint32_t combined_max;
};

/* Result: whether the driver says its channels. */
bool facts_device_channels(const char *interface, struct device_channels *ret);

enum device_state {
	DEVICE_UNKNOWN, /* there is no such feature */
	DEVICE_OFF,
	DEVICE_ON,
	DEVICE_ON_FIXED, /* and it cannot be turned off */
};

/* Result: an offload by its name in the kernel, such as "rx-gro-hw". */
enum device_state facts_device_feature(const char *interface, const char *feature);

/* What the driver can do with XDP. */
struct device_xdp {
	bool native;   /* run a program, and redirect */
	bool receives; /* what other devices' programs redirect to it (ndo_xdp_xmit), now */
};

/* Result: whether the kernel (6.3 and later) says. */
bool facts_device_xdp(uint32_t ifindex, struct device_xdp *ret);
