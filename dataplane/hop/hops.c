/* SPDX-License-Identifier: BSD-3-Clause */
/* Ways that a route leads, and the one record that stands for them among the workers. */
#include "hop/internal.h"

#include <string.h>
#include <sys/socket.h>

#include <linux/rtnetlink.h>

#include <sallyport/addr.h>

static void read_via(const struct nlattr *attr, struct mirror_hop *hop)
{
	const struct rtvia *via = mnl_attr_get_payload(attr);
	size_t addr_bytes = mnl_attr_get_payload_len(attr) - sizeof(*via);
	__be32 v4_be;

	hop->has_gateway = true;
	if (addr_bytes == sizeof(hop->gateway)) {
		memcpy(&hop->gateway, via->rtvia_addr, sizeof(hop->gateway));
	} else if (addr_bytes == sizeof(v4_be)) {
		memcpy(&v4_be, via->rtvia_addr, sizeof(v4_be));
		hop->gateway = sp_addr_from_v4(v4_be);
	}
}

void mirror_hop_read(const struct nlattr *attr, struct mirror_hop *hop)
{
	switch (mnl_attr_get_type(attr)) {
	case RTA_OIF:
		hop->ifindex = (int)mnl_attr_get_u32(attr);
		break;
	case RTA_GATEWAY:
		hop->has_gateway = mirror_addr(attr, &hop->gateway);
		break;
	case RTA_VIA:
		read_via(attr, hop);
		break;
	case RTA_ENCAP:
		hop->encapsulates = true;
		break;
	default:
		break;
	}
}

/* Gateways of ours, by weight. */
struct choice {
	uint16_t gateway[MIRROR_HOPS_MAX];
	uint32_t weight[MIRROR_HOPS_MAX];
	uint32_t nr;
	uint32_t weights;
	bool elsewhere; /* others lead out of no port of ours */
};

static void add_choice(struct mirror *mirror, const struct mirror_hop *hop, uint32_t mtu,
		       struct choice *choice)
{
	uint32_t port_index = mirror_port_of(mirror, hop->ifindex), index;
	struct nexthop_gateway wanted =
		nexthop_gateway_of(hop->has_gateway ? &hop->gateway : NULL, port_index);

	wanted.mtu = mtu;
	if (hop->dead)
		return;
	if (hop->encapsulates || port_index == MIRROR_NO_PORT) {
		choice->elsewhere = true;
		return;
	}
	if (nexthop_gateway_name(mirror->nexthops, &wanted, &index) < 0) {
		mirror->left |= SP_LEFT_ROOM;
		return;
	}
	choice->gateway[choice->nr] = (uint16_t)index;
	choice->weight[choice->nr++] = hop->weight;
	choice->weights += hop->weight;
}

/* Each has one bucket, and as many more as its weight says. */
static void fill_group(const struct choice *choice, struct nexthop_group *group)
{
	uint32_t more = NEXTHOP_BUCKETS - choice->nr, chosen = 0, sum = choice->weight[0];

	memcpy(group->gateway, choice->gateway, choice->nr * sizeof(choice->gateway[0]));
	for (uint32_t i = 0; i < more; i++) {
		uint64_t at = (2ull * i + 1) * choice->weights / (2ull * more);

		while (at >= sum && chosen + 1 < choice->nr)
			sum += choice->weight[++chosen];
		group->gateway[choice->nr + i] = choice->gateway[chosen];
	}
}

uint16_t mirror_hops_name(struct mirror *mirror, const struct mirror_hops *hops)
{
	struct choice choice = {.nr = 0};
	struct nexthop_group group;
	uint32_t index = NEXTHOP_NO_ROUTE_INDEX;

	for (uint32_t i = 0; i < hops->nr; i++)
		add_choice(mirror, &hops->hop[i], hops->mtu, &choice);
	if (choice.nr == 0)
		return NEXTHOP_NO_ROUTE_INDEX;
	/* What the kernel lets only some packets take is a group, even of one. */
	if (choice.nr == 1 && !choice.elsewhere)
		return choice.gateway[0];
	fill_group(&choice, &group);
	if (nexthop_group_name(mirror->nexthops, &group, &index) < 0)
		mirror->left |= SP_LEFT_ROOM;
	return (uint16_t)index;
}

bool mirror_hops_dead(const struct mirror_hops *hops)
{
	for (uint32_t i = 0; i < hops->nr; i++)
		if (!hops->hop[i].dead)
			return false;
	return true;
}
