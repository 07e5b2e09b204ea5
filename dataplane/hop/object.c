/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Next hop objects, by whose number routes may lead. Of a route over one the kernel tells the
 * number alone where net.ipv4.nexthop_compat_mode is 0.
 */
#include "hop/internal.h"

#include <stdlib.h>
#include <string.h>

#include <linux/nexthop.h>
#include <linux/rtnetlink.h>

static void read_group(const struct nlattr *attr, struct mirror_object *object)
{
	const struct nexthop_grp *member = mnl_attr_get_payload(attr);
	uint32_t nr = mnl_attr_get_payload_len(attr) / sizeof(*member);

	object->nr_members = nr < MIRROR_HOPS_MAX ? nr : MIRROR_HOPS_MAX;
	for (uint32_t i = 0; i < object->nr_members; i++) {
		/* One less than it is. The next byte, reserved once, is its upper half now. */
		const uint8_t *weight = &member[i].weight;

		object->member[i].id = member[i].id;
		object->member[i].weight = (weight[1] << 8 | weight[0]) + 1u;
	}
}

static void read_attribute(const struct nlattr *attr, struct mirror_object *object)
{
	switch (mnl_attr_get_type(attr)) {
	case NHA_ID:
		object->id = mnl_attr_get_u32(attr);
		break;
	case NHA_GROUP:
		read_group(attr, object);
		break;
	case NHA_BLACKHOLE:
		object->blackhole = true;
		break;
	case NHA_OIF:
		object->hop.ifindex = (int)mnl_attr_get_u32(attr);
		break;
	case NHA_GATEWAY:
		object->hop.has_gateway = mirror_addr(attr, &object->hop.gateway);
		break;
	case NHA_ENCAP:
		object->hop.encapsulates = true;
		break;
	default:
		break;
	}
}

static int take(const struct nlmsghdr *header, void *data)
{
	const struct nhmsg *body = mnl_nlmsg_get_payload(header);
	struct mirror_object object = {.hop.weight = 1};
	struct mirror *mirror = data;
	struct mirror_objects *objects = &mirror->objects;
	const struct nlattr *attr;

	object.hop.dead = (body->nh_flags & RTNH_F_DEAD) != 0;
	mnl_attr_for_each(attr, header, sizeof(*body)) read_attribute(attr, &object);
	if (mirror_grow((void **)&objects->object, objects->nr, &objects->room, sizeof(object)) < 0)
		return MNL_CB_ERROR;
	objects->object[objects->nr++] = object;
	return MNL_CB_OK;
}

static int compare(const void *left, const void *right)
{
	const struct mirror_object *a = left, *b = right;

	return a->id < b->id ? -1 : a->id > b->id;
}

int mirror_object_copy(struct mirror *mirror)
{
	int r;

	mirror->objects.nr = 0;
	r = mirror_dump(mirror, RTM_GETNEXTHOP, AF_UNSPEC, take);
	if (r == 0 && mirror->objects.nr > 0)
		qsort(mirror->objects.object, mirror->objects.nr, sizeof(struct mirror_object),
		      compare);
	return r;
}

const struct mirror_object *mirror_object_find(const struct mirror *mirror, uint32_t id)
{
	const struct mirror_object wanted = {.id = id};

	if (mirror->objects.nr == 0)
		return NULL;
	return bsearch(&wanted, mirror->objects.object, mirror->objects.nr, sizeof(wanted),
		       compare);
}

static void add_hop(const struct mirror_object *object, uint32_t weight, struct mirror_hops *hops)
{
	if (hops->nr == MIRROR_HOPS_MAX)
		return;
	hops->hop[hops->nr] = object->hop;
	hops->hop[hops->nr++].weight = weight;
}

void mirror_object_hops(const struct mirror *mirror, const struct mirror_object *object,
			struct mirror_hops *hops)
{
	if (object->nr_members == 0)
		add_hop(object, 1, hops);
	for (uint32_t i = 0; i < object->nr_members; i++) {
		const struct mirror_object *member =
			mirror_object_find(mirror, object->member[i].id);

		if (member)
			add_hop(member, object->member[i].weight, hops);
	}
}
