/* SPDX-License-Identifier: BSD-3-Clause */
/* Links: the MTU and the link address of our ports, and whether they are still there. */
#include "hop/internal.h"

#include <string.h>

#include <linux/rtnetlink.h>

#include "port/port.h"

static void take_attributes(const struct nlmsghdr *header, struct port *port)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, header, sizeof(struct ifinfomsg))
	{
		uint64_t link_addr = 0;

		if (mnl_attr_get_type(attr) == IFLA_MTU)
			atomic_store_explicit(&port->mtu, mnl_attr_get_u32(attr),
					      memory_order_relaxed);
		if (mnl_attr_get_type(attr) != IFLA_ADDRESS || mnl_attr_get_payload_len(attr) != 6)
			continue;
		memcpy(&link_addr, mnl_attr_get_payload(attr), 6);
		atomic_store_explicit(&port->link_addr, link_addr, memory_order_relaxed);
	}
}

int mirror_link_take(const struct nlmsghdr *header, void *data)
{
	const struct ifinfomsg *body = mnl_nlmsg_get_payload(header);
	struct mirror *mirror = data;
	uint32_t port_index = mirror_port_of(mirror, body->ifi_index);

	/* A bridge tells of its own affairs in the same words. */
	if (port_index == MIRROR_NO_PORT || body->ifi_family == AF_BRIDGE)
		return MNL_CB_OK;
	if (header->nlmsg_type == RTM_DELLINK)
		mirror->gone = true;
	else
		take_attributes(header, &mirror->ports->port[port_index]);
	return MNL_CB_OK;
}

int mirror_link_copy(struct mirror *mirror)
{
	return mirror_dump(mirror, RTM_GETLINK, AF_UNSPEC, mirror_link_take);
}
