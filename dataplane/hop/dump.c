/* SPDX-License-Identifier: BSD-3-Clause */
/* What every kind of object is read by: dumps, ports, addresses. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>

#include "hop/internal.h"
#include "port/port.h"

#define ROOM_FIRST 64u

uint32_t mirror_port_of(const struct mirror *mirror, int ifindex)
{
	for (uint32_t i = 0; i < mirror->ports->nr; i++)
		if (mirror->ports->port[i].hop_ifindex == (uint32_t)ifindex)
			return i;
	return MIRROR_NO_PORT;
}

bool mirror_addr(const struct nlattr *attr, struct sp_addr *ret)
{
	__be32 v4_be;

	switch (mnl_attr_get_payload_len(attr)) {
	case sizeof(v4_be):
		memcpy(&v4_be, mnl_attr_get_payload(attr), sizeof(v4_be));
		*ret = sp_addr_from_v4(v4_be);
		return true;
	case sizeof(*ret):
		memcpy(ret, mnl_attr_get_payload(attr), sizeof(*ret));
		return true;
	default:
		return false;
	}
}

int mirror_grow(void **array, uint32_t nr, uint32_t *room, size_t bytes)
{
	uint32_t wanted = *room ? 2 * *room : ROOM_FIRST;
	void *grown;

	if (nr < *room)
		return 0;
	grown = realloc(*array, wanted * bytes);
	if (!grown)
		return -1;
	*array = grown;
	*room = wanted;
	return 0;
}

/* Of what a dump asks with; each begins with the family. */
static size_t body_bytes(uint16_t type)
{
	switch (type) {
	case RTM_GETNEIGH:
		return sizeof(struct ndmsg);
	case RTM_GETNEXTHOP:
		return sizeof(struct nhmsg);
	case RTM_GETROUTE:
		return sizeof(struct rtmsg);
	case RTM_GETRULE:
		return sizeof(struct fib_rule_hdr);
	default:
		return sizeof(struct ifinfomsg);
	}
}

static int send_dump(struct mnl_socket *socket, uint16_t type, uint8_t family)
{
	char buffer[256];
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	uint8_t *body;

	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header->nlmsg_seq = 1;
	body = mnl_nlmsg_put_extra_header(header, body_bytes(type));
	body[0] = family;
	return mnl_socket_sendto(socket, header, header->nlmsg_len) < 0 ? -errno : 0;
}

static int read_dump(struct mirror *mirror, struct mnl_socket *socket, mnl_cb_t take)
{
	char buffer[MIRROR_MESSAGE_BYTES];
	int r;

	do {
		ssize_t len_bytes = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));

		if (len_bytes < 0)
			return -errno;
		r = mnl_cb_run(buffer, (size_t)len_bytes, 1, mnl_socket_get_portid(socket), take,
			       mirror);
	} while (r > MNL_CB_STOP);
	return r < 0 ? -errno : 0;
}

/* On a socket of its own, so that the rest of a dump given up cannot be taken for the next one. */
int mirror_dump(struct mirror *mirror, uint16_t type, uint8_t family, mnl_cb_t take)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int strict = 1, r;

	if (!socket)
		return -errno;
	/* A question that is not to the letter is an error then, and no line in the kernel's log.
	 */
	mnl_socket_setsockopt(socket, NETLINK_GET_STRICT_CHK, &strict, sizeof(strict));
	r = mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno : 0;
	if (r == 0)
		r = send_dump(socket, type, family);
	if (r == 0)
		r = read_dump(mirror, socket, take);
	mnl_socket_close(socket);
	return r;
}
