// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/netlink/addresses.h"

#include <errno.h>
#include <ifaddrs.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "host/addr.h"
#include "kernel/netlink/ask.h"
#include "kernel/netlink/parse.h"

#define REQUEST_BYTES 256

/* Begins a request about an address. Result: 0 or -ENODEV. */
static int begin(struct nlmsghdr *request, const char *interface, const struct sp_prefix *address)
{
	const struct sp_addr *addr = &address->addr;
	bool v4 = netlink_parse_is_v4(addr);
	struct ifaddrmsg *message;

	message = mnl_nlmsg_put_extra_header(request, sizeof(*message));
	message->ifa_family = v4 ? AF_INET : AF_INET6;
	message->ifa_prefixlen = (uint8_t)addr_prefix_length(address);
	message->ifa_index = if_nametoindex(interface);
	if (!message->ifa_index)
		return -ENODEV;
	if (v4)
		mnl_attr_put(request, IFA_LOCAL, sizeof(addr->word_be[3]), &addr->word_be[3]);
	else
		mnl_attr_put(request, IFA_LOCAL, sizeof(*addr), addr);
	return 0;
}

int netlink_addresses_put(const char *interface, const struct sp_prefix *address, uint32_t valid_s)
{
	/*
	 * Without a check for twins: other edges have the same address, and that is the point. With
	 * a prefix's route: FRR 10 announces no address that has none.
	 */
	const uint32_t flags = IFA_F_NODAD;
	const struct ifa_cacheinfo lifetime = {
		.ifa_valid = valid_s,
		.ifa_prefered = netlink_parse_is_v4(&address->addr) ? valid_s : 0,
	};
	char buffer[REQUEST_BYTES] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	int error;

	request->nlmsg_type = RTM_NEWADDR;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
	error = begin(request, interface, address);
	if (error)
		return error;
	mnl_attr_put(request, IFA_CACHEINFO, sizeof(lifetime), &lifetime);
	mnl_attr_put_u32(request, IFA_FLAGS, flags);
	return netlink_ask(request, NULL, NULL);
}

int netlink_addresses_remove(const char *interface, const struct sp_prefix *address)
{
	char buffer[REQUEST_BYTES] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	int error;

	request->nlmsg_type = RTM_DELADDR;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	error = begin(request, interface, address);
	if (!error)
		error = netlink_ask(request, NULL, NULL);
	return error == -EADDRNOTAVAIL || error == -ENODEV ? 0 : error;
}

static bool is_address(const struct sockaddr *found, const struct sp_addr *addr)
{
	const struct sockaddr_in6 *v6 = (const void *)found;
	const struct sockaddr_in *v4 = (const void *)found;

	if (!found)
		return false;
	if (netlink_parse_is_v4(addr))
		return found->sa_family == AF_INET && v4->sin_addr.s_addr == addr->word_be[3];
	return found->sa_family == AF_INET6 && memcmp(&v6->sin6_addr, addr, sizeof(*addr)) == 0;
}

bool netlink_addresses_has(const char *interface, const struct sp_prefix *address)
{
	struct ifaddrs *all;
	bool has = false;

	if (getifaddrs(&all) < 0)
		return false;
	for (const struct ifaddrs *one = all; one; one = one->ifa_next)
		has |= strcmp(one->ifa_name, interface) == 0 &&
		       is_address(one->ifa_addr, &address->addr);
	freeifaddrs(all);
	return has;
}
