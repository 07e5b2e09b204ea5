/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses that the kernel takes away by itself unless they are renewed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/table.h>

/*
 * Puts an address (of one host, or the first of a prefix) on an interface, or renews it: for so
 * many seconds, without a route, and as one that the kernel does not choose to send from (IPv6; for
 * IPv4 it has no such word). Result: 0, -ENODEV, or another -errno.
 */
int netlink_addresses_put(const char *interface, const struct sp_prefix *address, uint32_t valid_s);

/* Result: whether it is there; false if it cannot be learned. */
bool netlink_addresses_has(const char *interface, const struct sp_prefix *address);

/* Takes it away. Result: 0 (also if it is not there) or -errno. */
int netlink_addresses_remove(const char *interface, const struct sp_prefix *address);
