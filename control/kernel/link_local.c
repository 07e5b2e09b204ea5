// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/link_local.h"

#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/mirror.h"

/* One that is down has lost its address with that, which others tell of. */
static bool is_up(const char *interface)
{
	struct ifreq request = {0};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool up;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	up = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0 && request.ifr_flags & IFF_UP;
	if (fd >= 0)
		close(fd);
	return up;
}

unsigned int kernel_link_local_warn(const struct mirror_interface *interfaces,
				    char (*ret_what)[KERNEL_SENTENCE_SIZE], unsigned int max)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < 2 && nr < max; i++) {
		if (interfaces[i].link_local || !is_up(interfaces[i].name))
			continue;
		if (i == 1 && interfaces[0].ifindex == interfaces[1].ifindex)
			continue;
		snprintf(ret_what[nr++], KERNEL_SENTENCE_SIZE,
			 "%s has no link-local address, so the kernel asks for no neighbour of "
			 "IPv6 there: ip address add fe80::1/64 dev %s",
			 interfaces[i].name, interfaces[i].name);
	}
	return nr;
}
