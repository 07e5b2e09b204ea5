/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For stage_lane.c: what it keeps of a packet, how it reads one, and where the packet's slot is.
 * All is inlined, so that the compiler makes of each function a copy for each family and direction.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <emmintrin.h>
#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_prefetch.h>

#include <sallyport/parse.h>
#include <sallyport/table_host.h>
#include <sallyport/wire.h>

#include <sallyport/decide.h>
#include <sallyport/find.h>
#include <sallyport/link/hint.h>

#include "batch.h"
#include "worker.h"

/* A packet on the lane. Two a cache line. */
struct ride {
	char *data;
	union {
		const struct sp_bucket *bucket; /* toward clients, at first */
		const struct sp_slot *slot;
	};
	union {
		uint32_t tag; /* beside the bucket */
		struct sp_usage *usage;
	};
	uint16_t l3_len_bytes;
	uint8_t protocol; /* enum sp_protocol_mask */
	uint8_t tcp_flags;
	uint8_t at;  /* in the batch */
	bool own;    /* toward a VM: its address is one of a prefix */
	bool hinted; /* where there are hints: by one its slot was found */
};

_Static_assert(sizeof(struct ride) == 32, "two rides a cache line");
_Static_assert(BATCH_MAX <= 64, "a bit for each packet");

/* Those of one family. */
struct rides {
	uint32_t nr;
	struct ride ride[BATCH_MAX];
	uint64_t hop[BATCH_MAX]; /* toward clients: the neighbour's word, 0: ask the other stages */
};

/*
 * A burst's journey: what all of its packets have in common, and who went along. What is the
 * worker's for ever is copied here all the same, since the compiler must take it for changed by
 * each store into a frame.
 */
struct journey {
	uint64_t now_ns;
	uint64_t link_addr; /* in the low 48 bits, the others clear */
	const struct sp_settings *settings;
	struct sp_usage *usage;
	uint32_t nr_usage;
	uint32_t out_port;
	uint32_t mtu;
	uint32_t epoch;	     /* of the next hops, loaded before any of them is looked at */
	uint32_t hint_bytes; /* of the port that the packets came by */
	uint32_t searched;   /* where there are hints: how many packets had none */
	bool shielded;
	uint64_t taken; /* bits of the batch */
};

/* The four bytes at 20 of a frame of IPv4, but for the TTL: fragment and protocol. */
#define V4_AT_20(fragment, ip_protocol) (SP_BE32((uint32_t)(fragment) << 16 | (ip_protocol)))

static __rte_always_inline uint64_t load64(const char *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static __rte_always_inline uint32_t load32(const char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* Of a packet whose IP header has that many bytes. Result: whether it has a whole header. */
static __rte_always_inline bool read_tcp(const char *l4, uint32_t l3_bytes, struct ride *ride)
{
	const struct sp_tcp *tcp = (const void *)l4;
	uint32_t header_bytes = tcp->data_offset >> 2 & 0x3c;

	ride->protocol = SP_PROTOCOL_TCP;
	ride->tcp_flags = tcp->flags;
	return header_bytes >= sizeof(*tcp) && ride->l3_len_bytes >= l3_bytes + header_bytes;
}

static __rte_always_inline bool read_udp(uint32_t l3_bytes, struct ride *ride)
{
	ride->protocol = SP_PROTOCOL_UDP;
	ride->tcp_flags = 0;
	return ride->l3_len_bytes >= l3_bytes + sizeof(struct sp_udp);
}

/*
 * Both of these are given the eight bytes at 12, of which they know the first three, and look at
 * those at 20. A frame may end before, its buffer does not; what the frame does not hold is found
 * out by its lengths. No fragment; whole.
 */
static __rte_always_inline bool read_v4(const char *data, uint64_t at_12, uint32_t frame_bytes,
					struct ride *ride)
{
	const uint32_t mask = V4_AT_20(SP_IPV4_MORE_OR_OFFSET, 0xff);
	uint32_t at_20 = load32(data + 20) & mask;

	ride->l3_len_bytes = __builtin_bswap16((uint16_t)(at_12 >> 32));
	if (unlikely(frame_bytes < SP_L3_OFFSET + ride->l3_len_bytes))
		return false;
	if (likely(at_20 == V4_AT_20(0, SP_IPPROTO_TCP)))
		return read_tcp(data + SP_L4_OFFSET(4), SP_L3_BYTES(4), ride);
	return at_20 == V4_AT_20(0, SP_IPPROTO_UDP) && read_udp(SP_L3_BYTES(4), ride);
}

static __rte_always_inline bool read_v6(const char *data, uint64_t at_12, uint32_t frame_bytes,
					struct ride *ride)
{
	uint32_t l4_len_bytes = __builtin_bswap16((uint16_t)(at_12 >> 48));
	uint8_t next_header = (uint8_t)data[20];

	if (unlikely(frame_bytes < SP_L4_OFFSET(6) + l4_len_bytes))
		return false;
	ride->l3_len_bytes = (uint16_t)(SP_L3_BYTES(6) + l4_len_bytes);
	if (likely(next_header == SP_IPPROTO_TCP))
		return read_tcp(data + SP_L4_OFFSET(6), SP_L3_BYTES(6), ride);
	return next_header == SP_IPPROTO_UDP && read_udp(SP_L3_BYTES(6), ride);
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

/* The slot as it is: its life is loaded before anything else of it that counts. */
static __rte_always_inline struct sp_hit
hit_of(const struct worker *worker, const struct ride *ride, const enum sp_direction direction)
{
	const struct sp_slot *slot = ride->slot;
	struct sp_hit hit = {
		.slot = slot,
		.life = SP_LOAD_ACQUIRE(slot->life),
		.slot_index = (uint32_t)(slot - worker->table.leases),
		.direction = direction,
	};

	return hit;
}

#define NO_V4 (~0ull)

/* The address of this host, and the prefix of such, that the last packets were sent to. */
struct own {
	uint64_t v4_be; /* the address, if of IPv4; ~0: none is known */
	struct sp_addr addr;
	struct sp_addr prefix; /* what of an address is under its mask: all of two words, and */
	__be32 mask_be;	       /* of the third */
	const struct sp_slot *slots; /* of the address, one for each port; NULL: none is known */
	const struct sp_slot *prefix_slots;
};

/* What a packet is sent to. */
enum own_kind {
	OWN_NONE, /* none of them */
	OWN_ADDRESS,
	OWN_PREFIX,
};

static __rte_always_inline bool own_holds(const struct own *own, const struct sp_addr *addr)
{
	return own->prefix_slots &&
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

/* Result: the slots of a record, one for each port. NULL, if the table had not so many. */
static __rte_always_inline const struct sp_slot *slots_of(const struct worker *worker,
							  const struct sp_host *host)
{
	uint32_t last = sp_slot_index(host->public_index, SP_PORTS_PER_ADDRESS - 1);

	return last < worker->table.nr_slots
		       ? &worker->table.leases[sp_slot_index(host->public_index, 0)]
		       : NULL;
}

static __rte_noinline void know_prefix(const struct worker *worker, struct own *own,
				       const struct sp_host *host, const struct sp_addr *addr)
{
	own->prefix = *addr;
	own->prefix.word_be[2] = host->net_be;
	own->mask_be = host->mask_be;
	own->prefix_slots = slots_of(worker, host);
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
		know_prefix(worker, own, host, &packet.tuple.to);
		return own->prefix_slots ? OWN_PREFIX : OWN_NONE;
	}
	own->addr = packet.tuple.to;
	own->slots = slots_of(worker, host);
	own->v4_be = own->slots && family == 4 ? packet.tuple.to.word_be[3] : NO_V4;
	return own->slots ? OWN_ADDRESS : OWN_NONE;
}

/* Toward a VM whose session has an address of its own: that leads to the slot, with the port. */
static __rte_always_inline bool place_by_prefix(struct ride *ride, const struct own *own)
{
	struct sp_packet packet = packet_of(ride, 6);
	uint16_t port = SP_HOST16(packet.tuple.to_port_be);

	ride->own = true;
	ride->slot = &own->prefix_slots[(uint16_t)(port ^ sp_own_bits(&packet.tuple.to))];
	rte_prefetch0(ride->slot);
	return true;
}

/* Toward a VM: the slot is known by the port; it is sent for. */
static __rte_always_inline bool place_by_port(struct worker *worker, struct ride *ride,
					      struct own *own, const uint8_t family)
{
	struct sp_packet packet = packet_of(ride, family);
	bool same = family == 4 ? packet.tuple.to.word_be[3] == own->v4_be
				: own->slots && sp_addr_equal(&packet.tuple.to, &own->addr);

	if (unlikely(!same)) {
		if (family == 6 && own_holds(own, &packet.tuple.to))
			return place_by_prefix(ride, own);
		switch (find_own(worker, ride, own, family)) {
		case OWN_NONE:
			return false;
		case OWN_PREFIX:
			return place_by_prefix(ride, own);
		case OWN_ADDRESS:
			break;
		}
	}
	if (family == 6)
		ride->own = false;
	ride->slot = &own->slots[SP_HOST16(packet.tuple.to_port_be)];
	rte_prefetch0(ride->slot);
	return true;
}

/* Toward a client: a bucket leads to the slot; it is sent for. */
static __rte_always_inline bool place_by_endpoint(const struct worker *worker, struct ride *ride,
						  const uint8_t family)
{
	struct sp_packet packet = packet_of(ride, family);
	uint64_t hash = sp_endpoint_hash(&packet.tuple.from, packet.tuple.from_port_be,
					 packet.protocol, worker->table.hash_seed);

	ride->bucket = &worker->table.endpoints[sp_bucket_first(hash, worker->table.nr_buckets)];
	ride->tag = sp_hash_tag(hash);
	rte_prefetch0(ride->bucket);
	return true;
}

/*
 * Toward a client, where the XDP program has found the slot and says so: a guess that stands in for
 * the search. Result: whether it says so of this packet; the slot is sent for then.
 */
static __rte_always_inline bool place_by_hint(const struct worker *worker, struct ride *ride,
					      uint32_t hint_bytes, const uint8_t family)
{
	struct sp_packet packet = packet_of(ride, family);
	struct sp_hint hint;

	memcpy(&hint, ride->data - hint_bytes, sizeof(hint));
	ride->hinted = hint.sender == sp_hint_sender(&packet);
	if (unlikely(!ride->hinted))
		return false;
	if (unlikely(hint.slot_index >= worker->table.nr_slots)) {
		worker->hints[SP_HINT_WRONG]++;
		ride->hinted = false;
		return false;
	}
	ride->slot = &worker->table.leases[hint.slot_index];
	rte_prefetch0(ride->slot);
	return true;
}

/* By the hint, if there can be one, else by the endpoint. */
static __rte_always_inline bool place_by_sender(const struct worker *worker,
						struct journey *journey, struct ride *ride,
						const uint8_t family, const bool hinted)
{
	if (hinted && likely(place_by_hint(worker, ride, journey->hint_bytes, family)))
		return true;
	if (hinted)
		journey->searched++;
	return place_by_endpoint(worker, ride, family);
}

/*
 * The first entry with a tag, all eight compared at once. Another one may be meant: the slot will
 * tell, and then the other stages go on looking.
 */
static __rte_always_inline bool find_tag(const struct sp_bucket *bucket, uint32_t tag,
					 uint32_t *ret_slot_index)
{
	const __m128i wanted = _mm_set1_epi32((int)tag);
	const __m128i *pair = (const __m128i *)bucket;
	__m128i first = _mm_packs_epi32(_mm_cmpeq_epi32(_mm_load_si128(&pair[0]), wanted),
					_mm_cmpeq_epi32(_mm_load_si128(&pair[1]), wanted));
	__m128i second = _mm_packs_epi32(_mm_cmpeq_epi32(_mm_load_si128(&pair[2]), wanted),
					 _mm_cmpeq_epi32(_mm_load_si128(&pair[3]), wanted));
	/* A bit for each half of an entry: the tag is the upper one. */
	uint32_t found = (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(first, second)) & 0xaaaa;
	uint64_t entry;

	if (unlikely(found == 0))
		return false;
	entry = SP_LOAD(bucket->entry[__builtin_ctz(found) / 2]);
	*ret_slot_index = sp_entry_slot(entry);
	return likely(sp_entry_tag(entry) == tag);
}

static __rte_always_inline const struct sp_bucket *other_bucket(const struct sp_table *table,
								const struct ride *ride)
{
	uint32_t bucket_index = (uint32_t)(ride->bucket - table->endpoints);

	return &table->endpoints[sp_bucket_other(bucket_index, ride->tag, table->nr_buckets)];
}

static __rte_always_inline bool look_into_bucket(const struct worker *worker, struct ride *ride)
{
	uint32_t slot_index;

	if (unlikely(!find_tag(ride->bucket, ride->tag, &slot_index)) &&
	    !find_tag(other_bucket(&worker->table, ride), ride->tag, &slot_index))
		return false;
	if (unlikely(slot_index >= worker->table.nr_slots))
		return false;
	ride->slot = &worker->table.leases[slot_index];
	rte_prefetch0(ride->slot);
	return true;
}

/* Of those that are left: whose hint was of another lease? */
static inline __rte_cold void count_wrong_hints(struct worker *worker, const struct rides *rides,
						uint64_t left, const uint8_t family)
{
	for (; left != 0; left &= left - 1) {
		const struct ride *ride = &rides->ride[__builtin_ctzll(left)];
		struct sp_packet packet = packet_of(ride, family);

		if (ride->hinted && !sp_slot_has_endpoint(ride->slot, &packet))
			worker->hints[SP_HINT_WRONG]++;
	}
}

/* Of the first so many. */
static __rte_always_inline void count_hints(struct worker *worker, const struct journey *journey,
					    const struct rides *rides, uint32_t sent)
{
	uint32_t used = sent;

	for (uint32_t i = 0; unlikely(journey->searched != 0) && i < sent; i++)
		used -= !rides->ride[i].hinted;
	worker->hints[SP_HINT_USED] += used;
}

/* The range of a list that holds the last client, or would; for the burst alone. */
struct range {
	uint32_t allow_index; /* 0: none */
	uint32_t first, last;
};

/* Result: as of sp_allowed(). Mostly clients come from the same network as those before them. */
static __rte_always_inline bool is_allowed_v4(const struct worker *worker, const struct ride *ride,
					      uint32_t client, struct range *range)
{
	uint32_t allow_index = ride->slot->allow_index;
	const struct sp_allow *allow;
	uint64_t at;

	if (likely(allow_index == range->allow_index && client >= range->first &&
		   client <= range->last))
		return true;
	if (allow_index == 0)
		return true;
	allow = sp_table_allow(&worker->table, allow_index);
	if (!allow)
		return false;
	at = sp_allow_at_v4(allow, client);
	range->allow_index = allow_index;
	range->first = allow->v4_first[at];
	range->last = allow->v4_last[at];
	return client >= range->first && client <= range->last;
}
