/* SPDX-License-Identifier: BSD-3-Clause */
#include "port/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>

/* Result: 0 or -errno. */
static int take(int fd, const char *name, short flags)
{
	struct ifreq request = {.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | flags)};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	return ioctl(fd, TUNSETIFF, &request) < 0 ? -errno : 0;
}

int tap_open(const char *name)
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = take(fd, name, 0);
	/* It says so too if it was made for several queues. */
	if (r == -EINVAL)
		r = take(fd, name, IFF_MULTI_QUEUE);
	/* Whoever had it before may have promised to complete checksums. */
	if (r == 0 && ioctl(fd, TUNSETOFFLOAD, 0ul) < 0)
		r = -errno;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

int tap_set_address(const char *name, uint64_t link_addr)
{
	struct ifreq request = {.ifr_hwaddr.sa_family = ARPHRD_ETHER};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	memcpy(request.ifr_hwaddr.sa_data, &link_addr, ETH_ALEN);
	r = ioctl(fd, SIOCSIFHWADDR, &request) < 0 ? -errno : 0;
	close(fd);
	return r;
}

int tap_set_carrier(int fd, bool up)
{
	int carrier = up;

	return ioctl(fd, TUNSETCARRIER, &carrier) < 0 ? -errno : 0;
}
