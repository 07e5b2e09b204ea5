/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Default routes that router advertisements brought. When forwarding of IPv6 is turned on for any
 * interface, even for one where it is on already, the kernel removes all of them, on all
 * interfaces, but those of interfaces with accept_ra 2. So that is what these have meanwhile.
 */
#pragma once

#define RA_ROUTES_MAX 32

struct ra_routes {
	struct {
		char interface[16];
		char accept_ra; /* as it was */
	} held[RA_ROUTES_MAX];
	unsigned int nr;
};

/* Holds what is there. Result: 0, or -errno with nothing held. */
int kernel_ra_routes_hold(struct ra_routes *routes);

/* Puts accept_ra back. Result: 0 or the first -errno. */
int kernel_ra_routes_release(struct ra_routes *routes);
