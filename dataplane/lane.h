/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For stage_lane.c: what it keeps of a packet, and how it reads one. All is inlined, so that the
 * compiler makes of each function a copy for each family and direction.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>

#include <sallyport/parse.h>
#include <sallyport/table_host.h>
#include <sallyport/wire.h>

#include <sallyport/decide.h>

#include "batch.h"
#include "worker.h"

/* A packet on the lane. Two a cache line. */
struct ride {
	char *data;
	uint64_t life;	      /* of its slot, once that was looked at */
	uint32_t slot_index;  /* before that, toward clients: its bucket */
	uint32_t usage_index; /* before that, toward clients: its tag */
	uint16_t l3_len_bytes;
	uint8_t protocol; /* enum sp_protocol_mask */
	uint8_t tcp_flags;
	uint8_t at; /* in the batch */
	bool own;   /* toward a VM: its address is one of a prefix */
};

_Static_assert(sizeof(struct ride) == 32, "two rides a cache line");
_Static_assert(BATCH_MAX <= 64, "a bit for each packet");

/* Those of one family. */
struct rides {
	uint32_t nr;
	struct ride ride[BATCH_MAX];
	uint64_t hop[BATCH_MAX]; /* toward clients: the neighbour's word, 0: ask the other stages */
};

/* A burst's journey: what all of its packets have in common, and who went along. */
struct journey {
	uint64_t now_ns;
	uint64_t link_addr;
	uint32_t out_port;
	uint32_t mtu;
	uint32_t epoch; /* of the next hops, loaded before any of them is looked at */
	uint64_t taken; /* bits of the batch */
};

/* The address of this host, and the prefix of such, that the last packets were sent to. */
struct own {
	struct sp_addr addr;
	struct sp_addr prefix; /* what of an address is under its mask: all of two words, and */
	__be32 mask_be;	       /* of the third */
	uint32_t first_slot, prefix_slot;
	bool known, prefix_known;
};

/* What a packet is sent to. */
enum own_kind {
	OWN_NONE, /* none of them */
	OWN_ADDRESS,
	OWN_PREFIX,
};

static __rte_always_inline uint64_t load64(const char *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static __rte_always_inline bool read_l4(const char *l4, uint32_t l4_len_bytes, uint8_t ip_protocol,
					struct ride *ride)
{
	const struct sp_tcp *tcp = (const void *)l4;
	uint32_t header_bytes;

	ride->protocol = sp_protocol_bit(ip_protocol);
	if (ride->protocol == SP_PROTOCOL_TCP) {
		header_bytes = (tcp->data_offset >> 4) * 4u;
		ride->tcp_flags = tcp->flags;
		return header_bytes >= sizeof(*tcp) && l4_len_bytes >= header_bytes;
	}
	ride->tcp_flags = 0;
	return ride->protocol == SP_PROTOCOL_UDP && l4_len_bytes >= sizeof(struct sp_udp);
}

/*
 * Both of these are given the eight bytes at 12, of which they know the first three, and look at
 * those at 20. A frame may end before, its buffer does not; what the frame does not hold is found
 * out by its lengths. No fragment; whole.
 */
static __rte_always_inline bool read_v4(const char *data, uint64_t at_12, uint32_t frame_bytes,
					struct ride *ride)
{
	uint64_t at_20 = load64(data + 20);
	uint32_t l3_len_bytes = __builtin_bswap16((uint16_t)(at_12 >> 32));

	if (unlikely((at_20 & SP_BE16(SP_IPV4_MORE_OR_OFFSET)) != 0 ||
		     l3_len_bytes < sizeof(struct sp_ipv4) + sizeof(struct sp_udp) ||
		     frame_bytes < SP_L3_OFFSET + l3_len_bytes))
		return false;
	ride->l3_len_bytes = (uint16_t)l3_len_bytes;
	return read_l4(data + SP_L4_OFFSET(4), l3_len_bytes - (uint32_t)sizeof(struct sp_ipv4),
		       (uint8_t)(at_20 >> 24), ride);
}

static __rte_always_inline bool read_v6(const char *data, uint64_t at_12, uint32_t frame_bytes,
					struct ride *ride)
{
	uint32_t l4_len_bytes = __builtin_bswap16((uint16_t)(at_12 >> 48));

	if (unlikely(l4_len_bytes < sizeof(struct sp_udp) ||
		     frame_bytes < SP_L4_OFFSET(6) + l4_len_bytes))
		return false;
	ride->l3_len_bytes = (uint16_t)(sizeof(struct sp_ipv6) + l4_len_bytes);
	return read_l4(data + SP_L4_OFFSET(6), l4_len_bytes, (uint8_t)data[20], ride);
}

/* What the shared code is told of a packet. It costs what is used of it: all is inlined. */
static __rte_always_inline struct sp_packet packet_of(const struct ride *ride, const uint8_t family)
{
	const struct sp_ipv4 *v4 = (const void *)(ride->data + SP_L3_OFFSET);
	const struct sp_ipv6 *v6 = (const void *)v4;
	const struct sp_udp *ports = (const void *)(ride->data + SP_L4_OFFSET(family));
	struct sp_packet packet = {
		.tuple.from =
			family == 4 ? sp_addr_from_v4(v4->from_be) : sp_addr_from_v6(v6->from_be),
		.tuple.to = family == 4 ? sp_addr_from_v4(v4->to_be) : sp_addr_from_v6(v6->to_be),
		.tuple.from_port_be = ports->from_be,
		.tuple.to_port_be = ports->to_be,
		.l3_len_bytes = ride->l3_len_bytes,
		.family = family,
		.kind = SP_KIND_L4,
		.protocol = ride->protocol,
		.tcp_flags = ride->tcp_flags,
		.ttl = family == 4 ? v4->ttl : v6->hop_limit,
	};

	packet.sender = packet.tuple.from;
	return packet;
}

static __rte_always_inline struct sp_hit
hit_of(const struct worker *worker, const struct ride *ride, const enum sp_direction direction)
{
	struct sp_hit hit = {
		.slot = &worker->table.leases[ride->slot_index],
		.life = ride->life,
		.slot_index = ride->slot_index,
		.direction = direction,
	};

	return hit;
}

static __rte_always_inline bool own_holds(const struct own *own, const struct sp_addr *addr)
{
	return own->prefix_known &&
	       ((addr->word_be[0] ^ own->prefix.word_be[0]) |
		(addr->word_be[1] ^ own->prefix.word_be[1]) |
		((addr->word_be[2] & own->mask_be) ^ own->prefix.word_be[2])) == 0;
}

/* Where a record is remembered; word_be: of what it is found by. */
static __rte_always_inline const struct sp_host **place_of_own(struct worker *worker,
							       __be32 word_be)
{
	return &worker->own[word_be * 0x9e3779b1u >> 26 & (WORKER_OWN - 1)];
}

static __rte_always_inline bool is_public(const struct sp_host *host, const struct sp_addr *addr)
{
	return host && SP_LOAD_ACQUIRE(host->kind) == SP_HOST_PUBLIC &&
	       sp_addr_equal(&host->addr, addr);
}

static __rte_always_inline bool is_around(const struct sp_host *host, const struct sp_addr *addr)
{
	struct sp_addr key = sp_prefix_key(addr);

	return host && SP_LOAD_ACQUIRE(host->kind) == SP_HOST_PREFIX &&
	       sp_addr_equal(&host->addr, &key) && sp_host_holds(host, addr);
}

static __rte_noinline const struct sp_host *
search_own(struct worker *worker, const struct ride *ride, const uint8_t family)
{
	struct sp_packet packet = packet_of(ride, family);
	const struct sp_addr *to = &packet.tuple.to;
	const struct sp_host *host = *place_of_own(worker, to->word_be[1]);

	if (family == 6 && is_around(host, to))
		return host;
	host = sp_find_host(&worker->table, to);
	if (!host || SP_LOAD(host->kind) < SP_HOST_PUBLIC)
		return NULL;
	*place_of_own(worker, to->word_be[host->kind == SP_HOST_PREFIX ? 1 : 3]) = host;
	return host;
}

static __rte_noinline void know_prefix(struct own *own, const struct sp_host *host,
				       const struct sp_addr *addr)
{
	own->prefix = *addr;
	own->prefix.word_be[2] = host->net_be;
	own->mask_be = host->mask_be;
	own->prefix_slot = sp_slot_index(host->public_index, 0);
	own->prefix_known = true;
}

/* Mostly where it was found the last time, and then this one too. */
static __rte_always_inline enum own_kind find_own(struct worker *worker, const struct ride *ride,
						  struct own *own, const uint8_t family)
{
	struct sp_packet packet = packet_of(ride, family);
	const struct sp_host *host = *place_of_own(worker, packet.tuple.to.word_be[3]);

	if (unlikely(!is_public(host, &packet.tuple.to)))
		host = search_own(worker, ride, family);
	if (unlikely(!host))
		return OWN_NONE;
	if (family == 6 && unlikely(host->kind == SP_HOST_PREFIX)) {
		know_prefix(own, host, &packet.tuple.to);
		return OWN_PREFIX;
	}
	own->addr = packet.tuple.to;
	own->first_slot = sp_slot_index(host->public_index, 0);
	own->known = true;
	return OWN_ADDRESS;
}
