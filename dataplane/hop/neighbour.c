/* SPDX-License-Identifier: BSD-3-Clause */
/* Neighbours: link addresses that the kernel holds for valid, on our ports. */
#include "hop/internal.h"

#include <errno.h>

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "port/port.h"

/* The kernel's NUD_VALID, which its own headers keep to themselves. */
#define STATES_VALID (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY)

struct neighbour {
	struct sp_addr addr;
	const uint8_t *link_addr;
	bool has_addr;
};

static struct neighbour read_attributes(const struct nlmsghdr *header)
{
	struct neighbour neighbour = {0};
	const struct nlattr *attr;

	mnl_attr_for_each(attr, header, sizeof(struct ndmsg))
	{
		if (mnl_attr_get_type(attr) == NDA_DST)
			neighbour.has_addr = mirror_addr(attr, &neighbour.addr);
		if (mnl_attr_get_type(attr) == NDA_LLADDR && mnl_attr_get_payload_len(attr) == 6)
			neighbour.link_addr = mnl_attr_get_payload(attr);
	}
	return neighbour;
}

int mirror_neighbour_take(const struct nlmsghdr *header, void *data)
{
	const struct ndmsg *body = mnl_nlmsg_get_payload(header);
	struct mirror *mirror = data;
	uint32_t port_index = mirror_port_of(mirror, body->ndm_ifindex);
	struct neighbour neighbour;

	if (port_index == MIRROR_NO_PORT || (body->ndm_flags & NTF_PROXY) ||
	    (body->ndm_family != AF_INET && body->ndm_family != AF_INET6))
		return MNL_CB_OK;
	neighbour = read_attributes(header);
	if (!neighbour.has_addr)
		return MNL_CB_OK;
	if (header->nlmsg_type == RTM_DELNEIGH || !(body->ndm_state & STATES_VALID))
		neighbour.link_addr = NULL;
	/* A full table is counted there; its packets wait in vain and are dropped as such. */
	nexthop_neighbour_set(mirror->nexthops, &neighbour.addr, port_index, neighbour.link_addr,
			      mirror->generation);
	return MNL_CB_OK;
}

int mirror_neighbour_copy(struct mirror *mirror)
{
	int r;

	mirror->generation++;
	r = mirror_dump(mirror, RTM_GETNEIGH, AF_UNSPEC, mirror_neighbour_take);
	if (r == 0)
		nexthop_neighbour_sweep(mirror->nexthops, mirror->generation);
	return r;
}

int mirror_resolve(struct mirror *mirror, uint32_t port_index, const struct sp_addr *addr)
{
	bool v4 = addr->word_be[0] == 0 && addr->word_be[1] == 0 &&
		  addr->word_be[2] == SP_V4_MAPPED_BE;
	char buffer[256];
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct ndmsg *body;

	header->nlmsg_type = RTM_NEWNEIGH;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE;
	body = mnl_nlmsg_put_extra_header(header, sizeof(*body));
	body->ndm_family = v4 ? AF_INET : AF_INET6;
	body->ndm_ifindex = (int)mirror->ports->port[port_index].hop_ifindex;
	body->ndm_state = NUD_NONE;
	body->ndm_flags = NTF_USE;
	if (v4)
		mnl_attr_put(header, NDA_DST, sizeof(addr->word_be[3]), &addr->word_be[3]);
	else
		mnl_attr_put(header, NDA_DST, sizeof(*addr), addr);
	/* On the notices' socket: what the kernel says to it is read there and matters to no dump.
	 */
	if (mnl_socket_sendto(mirror->notices, header, header->nlmsg_len) < 0)
		return -errno;
	return 0;
}
