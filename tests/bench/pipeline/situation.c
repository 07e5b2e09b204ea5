/* SPDX-License-Identifier: BSD-3-Clause */
#include "situation.h"

#include <string.h>

#include <sallyport/addr.h>
#include <sallyport/wire.h>

#define V4(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))
#define FEW_PORTS      40000u /* of an address: then they begin where people's do */

#define SSH_PORT 22

#define TCP SP_IPPROTO_TCP
#define UDP SP_IPPROTO_UDP
#define IN  SP_TOWARD_VM
#define OUT SP_TOWARD_CLIENT

/* clang-format off */
const struct situation situations[] = {
	/* name		family, protocol, way	addresses, leases, flows, ports a VM	bytes	lists, limits, capture, own, hints */
	{"tcp",			4, TCP, IN,	1, 40000, 65536, 1,			64,	0, 0, 0, 0, 0},
	{"udp",			4, UDP, IN,	1, 40000, 65536, 1,			64,	0, 0, 0, 0, 0},
	{"one-flow",		4, TCP, IN,	1, 40000, 1, 1,				64,	0, 0, 0, 0, 0},
	{"replies",		4, TCP, OUT,	1, 40000, 65536, 1,			64,	0, 0, 0, 0, 0},
	{"ipv6",		6, TCP, IN,	1, 40000, 65536, 1,			80,	0, 0, 0, 0, 0},
	{"ipv6-replies",	6, TCP, OUT,	1, 40000, 65536, 1,			80,	0, 0, 0, 0, 0},
	{"own-address",		6, TCP, IN,	1, 40000, 65536, 1,			80,	0, 0, 0, 1, 0},
	{"own-address-replies",	6, TCP, OUT,	1, 40000, 65536, 1,			80,	0, 0, 0, 1, 0},
	{"thousand",		4, TCP, IN,	1, 1000, 65536, 1,			64,	0, 0, 0, 0, 0},
	{"million",		4, TCP, IN,	16, 1000000, 1048576, 16,		64,	0, 0, 0, 0, 0},
	{"million-replies",	4, TCP, OUT,	16, 1000000, 1048576, 16,		64,	0, 0, 0, 0, 0},
	{"allow-lists",		4, TCP, IN,	1, 40000, 65536, 1,			64,	SP_ALLOW_PREFIXES, 0, 0, 0, 0},
	{"limits",		4, TCP, IN,	1, 40000, 65536, 1,			64,	0, 1, 0, 0, 0},
	{"capture",		4, TCP, IN,	1, 40000, 65536, 1,			64,	0, 0, 1, 0, 0},
	{"replies-hinted",	4, TCP, OUT,	1, 40000, 65536, 1,			64,	0, 0, 0, 0, 1},
	{"ipv6-replies-hinted",	6, TCP, OUT,	1, 40000, 65536, 1,			80,	0, 0, 0, 0, 1},
	{"million-replies-hinted",	4, TCP, OUT,	16, 1000000, 1048576, 16,		64,	0, 0, 0, 0, 1},
	{.name = NULL},
};
/* clang-format on */

const struct situation *situation_of(const char *name)
{
	for (const struct situation *it = situations; it->name; it++)
		if (strcmp(it->name, name) == 0)
			return it;
	return NULL;
}

static struct sp_addr v6(uint32_t second, uint32_t last)
{
	return (struct sp_addr){
		.word_be = {SP_BE32(0x20010db8), SP_BE32(second), 0, SP_BE32(last)}};
}

struct sp_addr situation_public(const struct situation *situation, uint32_t index)
{
	if (situation->family == 4)
		return sp_addr_from_v4(SP_BE32(V4(192, 0, 2, 1) + index));
	return situation->own ? v6(0x00050000, 0) : v6(0, 1 + index);
}

/* Of a /64, as if by a cipher. */
static void give_own(struct place *place)
{
	uint32_t spread = place->slot_number * 0x9e3779b1u;

	place->public_port = SSH_PORT;
	place->public_addr.word_be[2] = SP_BE32(spread);
	place->public_addr.word_be[3] =
		SP_BE32(spread << 16 | (uint16_t)(place->slot_number ^ SSH_PORT));
}

struct place situation_place(const struct situation *situation, uint32_t i)
{
	const uint32_t ports = situation->nr_leases / situation->nr_publics;
	const uint32_t vm = 0x100 + i / situation->ports_a_vm;
	struct place place = {
		.public_index = i / ports,
		.public_port = (uint16_t)((ports > FEW_PORTS ? 1024 : 20000) + i % ports),
		.vm_port = (uint16_t)(22 + i % situation->ports_a_vm),
	};

	place.slot_number = place.public_port;
	place.public_addr = situation_public(situation, place.public_index);
	if (situation->own)
		give_own(&place);
	place.vm_addr = situation->family == 4 ? sp_addr_from_v4(SP_BE32(V4(10, 0, 0, 0) + vm))
					       : v6(0x00010000, vm);
	return place;
}
