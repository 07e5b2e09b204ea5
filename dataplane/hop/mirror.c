/* SPDX-License-Identifier: BSD-3-Clause */
#include "hop/mirror.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/rtnetlink.h>

#include "hop/internal.h"
#include "port/port.h"

#define NOTICE_BUFFER_BYTES (8 << 20)
#define ROUTES_STEP_NS	    100000000ull
#define COPY_TRIES	    10

static const unsigned int groups[] = {
	RTNLGRP_LINK,
	RTNLGRP_NEIGH,
	RTNLGRP_IPV4_ROUTE,
	RTNLGRP_IPV6_ROUTE,
	RTNLGRP_IPV4_RULE,
	RTNLGRP_IPV6_RULE,
	/* IPv4 routes go without a word with their next hop object, their link, their address, or
	 * once links without carrier are to be ignored. */
	RTNLGRP_NEXTHOP,
	RTNLGRP_IPV4_IFADDR,
	RTNLGRP_IPV4_NETCONF,
	RTNLGRP_IPV6_NETCONF,
};

/* The kernel's state may change under a dump, which then says so. */
static int copy_until_whole(struct mirror *mirror, int (*copy)(struct mirror *))
{
	int r = -EINTR;

	for (int i = 0; i < COPY_TRIES && r == -EINTR; i++)
		r = copy(mirror);
	return r;
}

static int copy_all(struct mirror *mirror, uint64_t now_ns)
{
	int r = copy_until_whole(mirror, mirror_link_copy);

	if (r == 0)
		r = copy_until_whole(mirror, mirror_route_copy);
	if (r == 0)
		r = copy_until_whole(mirror, mirror_neighbour_copy);
	mirror->routes_ns = now_ns;
	return r;
}

/* Subscribed before the first copy, so that nothing falls between the two. */
static int open_notices(struct mirror *mirror)
{
	int size = NOTICE_BUFFER_BYTES;

	mirror->notices = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!mirror->notices || mnl_socket_bind(mirror->notices, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	/* Without the right to a larger buffer, notices get lost sooner and are made up for. */
	setsockopt(mirror_fd(mirror), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		unsigned int group = groups[i];

		if (mnl_socket_setsockopt(mirror->notices, NETLINK_ADD_MEMBERSHIP, &group,
					  sizeof(group)) < 0)
			return -errno;
	}
	return 0;
}

int mirror_open(struct ports *ports, struct nexthops *nexthops, struct mirror **ret)
{
	struct mirror *mirror = calloc(1, sizeof(*mirror));
	int r;

	if (!mirror)
		return -ENOMEM;
	mirror->ports = ports;
	mirror->nexthops = nexthops;
	r = open_notices(mirror);
	if (r == 0)
		r = copy_all(mirror, 0);
	if (r < 0) {
		mirror_close(mirror);
		return r;
	}
	*ret = mirror;
	return 0;
}

void mirror_close(struct mirror *mirror)
{
	if (!mirror)
		return;
	if (mirror->notices)
		mnl_socket_close(mirror->notices);
	free(mirror->objects.object);
	free(mirror->routes.route);
	free(mirror->places.place);
	free(mirror->spare.place);
	free(mirror);
}

int mirror_fd(const struct mirror *mirror)
{
	return mnl_socket_get_fd(mirror->notices);
}

static int take_notice(const struct nlmsghdr *header, void *data)
{
	struct mirror *mirror = data;

	switch (header->nlmsg_type) {
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		return mirror_neighbour_take(header, mirror);
	case RTM_NEWLINK:
	case RTM_DELLINK:
		mirror->routes_changed = true;
		return mirror_link_take(header, mirror);
	case NLMSG_ERROR:
		break;
	default:
		/* All else that we listen to may have changed the way of some packet. */
		mirror->routes_changed = true;
		break;
	}
	return MNL_CB_OK;
}

static int read_notices(struct mirror *mirror)
{
	char buffer[MIRROR_MESSAGE_BYTES];

	for (;;) {
		ssize_t len_bytes = mnl_socket_recvfrom(mirror->notices, buffer, sizeof(buffer));

		if (len_bytes < 0 && errno == ENOBUFS) {
			mirror->lost = true;
			continue;
		}
		if (len_bytes < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		/* Refusals of mirror_resolve() come here as errors of single messages. */
		mnl_cb_run(buffer, (size_t)len_bytes, 0, 0, take_notice, mirror);
	}
}

static int refresh(struct mirror *mirror, uint64_t now_ns)
{
	int r = 0;

	if (mirror->lost) {
		r = copy_all(mirror, now_ns);
		mirror->lost = r < 0;
		mirror->routes_changed = false;
	} else if (mirror_timeout_ms(mirror, now_ns) == 0) {
		mirror->routes_changed = false;
		mirror->routes_ns = now_ns;
		r = copy_until_whole(mirror, mirror_route_copy);
	}
	/* Ever changing: another try when the next notice comes. */
	return r == -EINTR ? 0 : r;
}

int mirror_follow(struct mirror *mirror, uint64_t now_ns)
{
	int r = read_notices(mirror);

	if (r < 0)
		return r;
	if (mirror->gone)
		return -ENODEV;
	return refresh(mirror, now_ns);
}

int mirror_timeout_ms(const struct mirror *mirror, uint64_t now_ns)
{
	uint64_t due_ns = mirror->routes_ns + ROUTES_STEP_NS;

	if (!mirror->routes_changed)
		return -1;
	return now_ns >= due_ns ? 0 : (int)((due_ns - now_ns) / 1000000) + 1;
}
