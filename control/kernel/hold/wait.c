// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/hold/wait.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>

#include "host/boottime.h"
#include "kernel/netlink/netlink.h"

int hold_wait_for(const char *name, uint64_t until_ns)
{
	static const struct netlink_listener deaf;
	struct netlink *netlink;
	int error = netlink_open(&netlink);

	if (error)
		return error;
	while (!error && !if_nametoindex(name)) {
		struct pollfd told = {.fd = netlink_fd(netlink), .events = POLLIN};
		uint64_t now_ns = boottime_now_ns();

		if (now_ns >= until_ns)
			error = -ETIMEDOUT;
		else if (poll(&told, 1, (int)((until_ns - now_ns) / NS_PER_MS) + 1) > 0)
			error = netlink_receive(netlink, &deaf);
		/* What was lost need not be known: the name is looked up anyway. */
		if (error == -ENOBUFS)
			error = 0;
	}
	netlink_close(netlink);
	return error;
}
