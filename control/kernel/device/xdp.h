/* SPDX-License-Identifier: BSD-3-Clause */
/* What a device does with XDP, by the family "netdev" of generic netlink. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What the driver can do with XDP. */
struct device_xdp {
	bool native;   /* run a program, and redirect */
	bool pieces;   /* the same of frames that lie in pieces */
	bool receives; /* what other devices' programs redirect to it (ndo_xdp_xmit), now */
	bool receives_pieces;
};

/* Result: whether the kernel (6.3 and later) says. */
bool device_xdp(uint32_t ifindex, struct device_xdp *ret);
