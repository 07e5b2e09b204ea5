// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/netlink/links.h"

#include "kernel/netlink/ask.h"
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUEST_BYTES 128
#define TRIES	      8
#define GROW	      64
#define DEPTH_MAX     4 /* a VLAN in a VLAN, on a bond of NICs, and one more */

static bool read_u32(const struct nlattr *attr, uint32_t *ret)
{
	if (mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
		return false;
	*ret = mnl_attr_get_u32(attr);
	return true;
}

static void read_text(const struct nlattr *attr, char *ret, size_t size)
{
	if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		snprintf(ret, size, "%s", mnl_attr_get_str(attr));
}

/* A tag of a provider's network (802.1ad) is another protocol, and not ours. */
static void take_vlan(const struct nlattr *data, struct links_link *link)
{
	uint16_t id = 0, protocol_be = 0;
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, data)
	{
		if (mnl_attr_validate(attr, MNL_TYPE_U16) < 0)
			continue;
		if (mnl_attr_get_type(attr) == IFLA_VLAN_ID)
			id = mnl_attr_get_u16(attr);
		else if (mnl_attr_get_type(attr) == IFLA_VLAN_PROTOCOL)
			protocol_be = mnl_attr_get_u16(attr);
	}
	link->vlan = protocol_be == htons(ETH_P_8021Q) ? id : 0;
}

/* The kind comes first. */
static int take_info(const struct nlattr *attr, void *context)
{
	struct links_link *link = context;

	if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
		read_text(attr, link->kind, sizeof(link->kind));
	else if (mnl_attr_get_type(attr) == IFLA_INFO_DATA && strcmp(link->kind, "vlan") == 0)
		take_vlan(attr, link);
	return MNL_CB_OK;
}

static int take_xdp(const struct nlattr *attr, void *context)
{
	struct links_link *link = context;

	if (mnl_attr_get_type(attr) == IFLA_XDP_DRV_PROG_ID)
		read_u32(attr, &link->native_prog);
	else if (mnl_attr_get_type(attr) == IFLA_XDP_SKB_PROG_ID)
		read_u32(attr, &link->generic_prog);
	return MNL_CB_OK;
}

static int take_attribute(const struct nlattr *attr, void *context)
{
	struct links_link *link = context;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		read_text(attr, link->name, sizeof(link->name));
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attr) == sizeof(link->mac))
			memcpy(link->mac, mnl_attr_get_payload(attr), sizeof(link->mac));
		break;
	case IFLA_MTU:
		read_u32(attr, &link->mtu);
		break;
	case IFLA_MASTER:
		read_u32(attr, &link->master);
		break;
	case IFLA_LINK:
		read_u32(attr, &link->lower);
		break;
	case IFLA_LINK_NETNSID:
		link->lower_elsewhere = true;
		break;
	case IFLA_LINKINFO:
		mnl_attr_parse_nested(attr, take_info, link);
		break;
	case IFLA_XDP:
		mnl_attr_parse_nested(attr, take_xdp, link);
		break;
	}
	return MNL_CB_OK;
}

static int take_link(const struct nlmsghdr *header, void *context)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(header);
	struct links *links = context;
	struct links_link *grown, *link;

	if (header->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	if (links->nr % GROW == 0) {
		grown = realloc(links->link, (links->nr + GROW) * sizeof(*grown));
		if (!grown)
			return MNL_CB_ERROR;
		links->link = grown;
	}
	link = &links->link[links->nr++];
	*link = (struct links_link){
		.ifindex = (uint32_t)info->ifi_index,
		.up = info->ifi_flags & IFF_UP,
		.carrier = (info->ifi_flags & IFF_UP) && (info->ifi_flags & IFF_RUNNING),
		.loopback = info->ifi_flags & IFF_LOOPBACK,
	};
	mnl_attr_parse(header, sizeof(*info), take_attribute, link);
	return MNL_CB_OK;
}

static int read_once(struct links *ret_links)
{
	_Alignas(struct nlmsghdr) char buffer[REQUEST_BYTES];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *info;
	struct links links = {0};
	int error;

	request->nlmsg_type = RTM_GETLINK;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->ifi_family = AF_UNSPEC;
	error = netlink_ask(request, take_link, &links);
	if (error) {
		netlink_links_free(&links);
		return error;
	}
	*ret_links = links;
	return 0;
}

/* An interface that comes or goes meanwhile interrupts the answer (NLM_F_DUMP_INTR). */
int netlink_links_read(struct links *ret_links)
{
	int error = -EINTR;

	for (unsigned int i = 0; i < TRIES && error == -EINTR; i++)
		error = read_once(ret_links);
	return error;
}

void netlink_links_free(struct links *links)
{
	free(links->link);
	*links = (struct links){0};
}

const struct links_link *netlink_links_named(const struct links *links, const char *name)
{
	for (unsigned int i = 0; i < links->nr; i++)
		if (strcmp(links->link[i].name, name) == 0)
			return &links->link[i];
	return NULL;
}

const struct links_link *netlink_links_at(const struct links *links, uint32_t ifindex)
{
	for (unsigned int i = 0; i < links->nr; i++)
		if (links->link[i].ifindex == ifindex)
			return &links->link[i];
	return NULL;
}

const struct links_link *netlink_links_also_named(const struct links *links, const char *name)
{
	uint32_t ifindex = if_nametoindex(name);

	return ifindex && !netlink_links_named(links, name) ? netlink_links_at(links, ifindex)
							    : NULL;
}

const struct links_link *netlink_links_vlan(const struct links *links, uint32_t trunk_ifindex,
					    uint32_t vlan)
{
	for (unsigned int i = 0; i < links->nr; i++)
		if (links->link[i].vlan == vlan && links->link[i].lower == trunk_ifindex &&
		    !links->link[i].lower_elsewhere)
			return &links->link[i];
	return NULL;
}

uint32_t netlink_links_hop(uint32_t trunk_ifindex, uint32_t vlan)
{
	uint32_t ifindex = trunk_ifindex;
	const struct links_link *link;
	struct links links;

	if (!vlan || netlink_links_read(&links))
		return ifindex;
	link = netlink_links_vlan(&links, trunk_ifindex, vlan);
	if (link)
		ifindex = link->ifindex;
	netlink_links_free(&links);
	return ifindex;
}

static bool is_right_below(const struct links_link *link, const struct links_link *upper)
{
	bool on_it = strcmp(upper->kind, "vlan") == 0 || strcmp(upper->kind, "macvlan") == 0;

	return link->master == upper->ifindex ||
	       (on_it && !upper->lower_elsewhere && upper->lower == link->ifindex);
}

static bool is_below(const struct links *links, const struct links_link *link,
		     const struct links_link *upper, unsigned int depth)
{
	if (is_right_below(link, upper))
		return true;
	for (unsigned int i = 0; depth > 1 && i < links->nr; i++)
		if (is_right_below(&links->link[i], upper) &&
		    is_below(links, link, &links->link[i], depth - 1))
			return true;
	return false;
}

bool netlink_links_is_below(const struct links *links, const struct links_link *link,
			    const struct links_link *upper)
{
	return is_below(links, link, upper, DEPTH_MAX);
}

bool netlink_links_has_program(const struct links_link *link)
{
	return link && (link->native_prog || link->generic_prog);
}
