/* SPDX-License-Identifier: BSD-3-Clause */
/* From rtnetlink messages to the terms of netlink.h. Pure. */
#pragma once

#include <stdbool.h>

#include "kernel/netlink/netlink.h"

struct nlmsghdr;

/*
 * Tells the listener what one message says; what is malformed, incomplete or of another kind is
 * passed over. answered: the message answers a question, so a route is told as it is; else it is a
 * change, told by route_changed.
 */
void netlink_parse(const struct nlmsghdr *message, bool answered,
		   const struct netlink_listener *listener);

/* Result: whether the address is IPv4. */
bool netlink_parse_is_v4(const struct sp_addr *addr);
