// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/link_local.h"

#include <net/if.h>
#include <stdio.h>

#include "kernel/device/device.h"
#include "kernel/mirror.h"

/* One that is down has lost its address with that, which others tell of. */
static bool is_up(const char *interface)
{
	int flags = device_flags(interface);

	return flags >= 0 && flags & IFF_UP;
}

unsigned int kernel_link_local_warn(const struct mirror_interface *interfaces,
				    char (*ret_what)[KERNEL_SENTENCE_SIZE], unsigned int max)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < 2 && nr < max; i++) {
		char name[IF_NAMESIZE];

		if (interfaces[i].link_local || !is_up(interfaces[i].name))
			continue;
		if (i == 1 && interfaces[0].ifindex == interfaces[1].ifindex)
			continue;
		snprintf(ret_what[nr++], KERNEL_SENTENCE_SIZE,
			 "%s has no link-local address, so the kernel asks for no neighbour of "
			 "IPv6 there; sallyport doctor has the cure",
			 if_indextoname(interfaces[i].hop_ifindex, name) ? name
									 : interfaces[i].name);
	}
	return nr;
}
