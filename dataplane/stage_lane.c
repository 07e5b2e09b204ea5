/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fast lane: TCP and UDP packets of live leases whose next hop is known, from arrival to
 * departure in short loops over small records. It decides by the very functions that the other
 * stages decide by, with all that it can know before as constants, and it only ever accepts: what
 * is odd in any way it leaves in the batch as it came, in order of arrival, for the other stages to
 * find out what is to become of it. So it has to be right about what it takes, and about nothing
 * else (docs/adr/0018). lane_test compares both ways on the same packets.
 */
#include "worker.h"

#include <emmintrin.h>
#include <rte_branch_prediction.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include <sallyport/find.h>
#include <sallyport/nat.h>
#include <sallyport/shield.h>
#include <sallyport/usage.h>

#include "host/boottime.h"
#include "lane.h"
#include "note_wanted.h"
#include "port/trunk.h"

/* Toward a VM whose session has an address of its own: that leads to the slot, with the port. */
static __rte_always_inline bool place_by_prefix(struct worker *worker, struct ride *ride,
						const struct own *own)
{
	struct sp_packet packet = packet_of(ride, 6);
	uint16_t port = SP_HOST16(packet.tuple.to_port_be);

	ride->own = true;
	ride->slot_index = own->prefix_slot | (uint16_t)(port ^ sp_own_bits(&packet.tuple.to));
	if (unlikely(ride->slot_index >= worker->table.nr_slots))
		return false;
	rte_prefetch0(&worker->table.leases[ride->slot_index]);
	return true;
}

/* Toward a VM: the slot is known by the port; it is sent for. */
static __rte_always_inline bool place_by_port(struct worker *worker, struct ride *ride,
					      struct own *own, const uint8_t family)
{
	struct sp_packet packet = packet_of(ride, family);
	bool same = family == 4 ? packet.tuple.to.word_be[3] == own->addr.word_be[3]
				: sp_addr_equal(&packet.tuple.to, &own->addr);

	if (unlikely(!own->known || !same)) {
		if (family == 6 && own_holds(own, &packet.tuple.to))
			return place_by_prefix(worker, ride, own);
		switch (find_own(worker, ride, own, family)) {
		case OWN_NONE:
			return false;
		case OWN_PREFIX:
			return place_by_prefix(worker, ride, own);
		case OWN_ADDRESS:
			break;
		}
	}
	ride->own = false;
	ride->slot_index = own->first_slot | SP_HOST16(packet.tuple.to_port_be);
	if (unlikely(ride->slot_index >= worker->table.nr_slots))
		return false;
	rte_prefetch0(&worker->table.leases[ride->slot_index]);
	return true;
}

/* Toward a client: a bucket leads to the slot; it is sent for. */
static __rte_always_inline bool place_by_endpoint(const struct worker *worker, struct ride *ride,
						  const uint8_t family)
{
	struct sp_packet packet = packet_of(ride, family);
	uint64_t hash = sp_endpoint_hash(&packet.tuple.from, packet.tuple.from_port_be,
					 packet.protocol, worker->table.hash_seed);

	ride->slot_index = sp_bucket_first(hash, worker->table.nr_buckets);
	ride->usage_index = sp_hash_tag(hash);
	rte_prefetch0(&worker->table.endpoints[ride->slot_index]);
	return true;
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

static __rte_always_inline bool look_into_bucket(const struct worker *worker, struct ride *ride)
{
	const struct sp_table *table = &worker->table;
	uint32_t bucket = ride->slot_index, tag = ride->usage_index;

	if (unlikely(!find_tag(&table->endpoints[bucket], tag, &ride->slot_index)) &&
	    !find_tag(&table->endpoints[sp_bucket_other(bucket, tag, table->nr_buckets)], tag,
		      &ride->slot_index))
		return false;
	if (unlikely(ride->slot_index >= table->nr_slots))
		return false;
	rte_prefetch0(&table->leases[ride->slot_index]);
	return true;
}

/* The slot's life comes first: what is read of the slot after it is that life's. */
static __rte_always_inline bool look_at_slot(const struct worker *worker, struct ride *ride)
{
	const struct sp_slot *slot = &worker->table.leases[ride->slot_index];

	ride->life = SP_LOAD_ACQUIRE(slot->life);
	ride->usage_index = slot->usage_index;
	if (unlikely(sp_life_state(ride->life) != SP_SLOT_LIVE ||
		     ride->usage_index >= worker->nr_usage))
		return false;
	rte_prefetch0(&worker->usage[ride->usage_index]);
	return true;
}

static __rte_always_inline void keep(struct rides *rides, uint32_t to, uint32_t from)
{
	if (unlikely(to != from))
		rides->ride[to] = rides->ride[from];
}

static __rte_always_inline void look_into_buckets(const struct worker *worker, struct rides *rides)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < rides->nr; i++)
		if (likely(look_into_bucket(worker, &rides->ride[i])))
			keep(rides, kept++, i);
	rides->nr = kept;
}

/* Result: whether any of them has an allow-list. */
static __rte_always_inline bool look_at_slots(const struct worker *worker, struct rides *rides)
{
	uint32_t kept = 0, listed = 0;

	for (uint32_t i = 0; i < rides->nr; i++) {
		const struct ride *ride = &rides->ride[i];

		if (unlikely(!look_at_slot(worker, &rides->ride[i])))
			continue;
		listed |= worker->table.leases[ride->slot_index].allow_index;
		keep(rides, kept++, i);
	}
	rides->nr = kept;
	return listed != 0;
}

/*
 * Whom an allow-list does not let in stays. A loop of its own, so that many lists are searched at
 * once, and those without one do not pay for it.
 */
static __rte_always_inline void heed_lists(const struct worker *worker, struct rides *rides,
					   const enum sp_direction direction, const uint8_t family)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < rides->nr; i++) {
		struct sp_packet packet = packet_of(&rides->ride[i], family);
		const struct sp_slot *slot = &worker->table.leases[rides->ride[i].slot_index];

		if (likely(sp_allowed(&worker->table, slot,
				      direction == SP_TOWARD_VM ? &packet.tuple.from
								: &packet.tuple.to)))
			keep(rides, kept++, i);
	}
	rides->nr = kept;
}

/* While the lines that were sent for are on their way. */
static __rte_always_inline void find_hops(const struct worker *worker,
					  const struct journey *journey, struct rides *rides,
					  const uint8_t family)
{
	struct sp_addr targets[BATCH_MAX];

	for (uint32_t i = 0; i < rides->nr; i++)
		targets[i] = packet_of(&rides->ride[i], family).tuple.to;
	nexthop_hop_find(worker->nexthops, targets, family, journey->out_port, rides->hop,
			 rides->nr);
}

/* Result: the neighbour's word, or 0 where the other stages have to look for it. */
static __rte_always_inline uint64_t hop_of(const struct worker *worker,
					   const struct journey *journey, const struct rides *rides,
					   uint32_t i, const enum sp_direction direction)
{
	const struct ride *ride = &rides->ride[i];
	const struct sp_usage *usage = &worker->usage[ride->usage_index];

	if (unlikely(usage->generation != sp_life_generation(ride->life) ||
		     ride->l3_len_bytes > journey->mtu))
		return 0;
	if (direction == SP_TOWARD_CLIENT)
		return rides->hop[i];
	return likely(usage->hop_epoch == journey->epoch) ? usage->hop : 0;
}

/* What knocks is for the other stages, unless nobody counts it. */
static __rte_noinline bool let_in(struct worker *worker, const struct ride *ride, uint64_t now_ns,
				  const uint8_t family)
{
	struct sp_packet packet = packet_of(ride, family);
	struct sp_hit hit = hit_of(worker, ride, SP_TOWARD_VM);
	struct sp_knock knock = sp_shield_knock(&packet, &hit, SP_DOOR_VM);
	struct sp_places places = sp_shield_places(&worker->table, &knock);

	return sp_shield_knows(&worker->table, worker->limit_rows.own, &places, knock.protocol,
			       now_ns);
}

/* What is near is for few: the exact test. */
static __rte_noinline bool is_client(const struct worker *worker, const struct ride *ride,
				     const enum sp_direction direction, const uint8_t family)
{
	struct sp_packet packet = packet_of(ride, family);

	return sp_is_client(&worker->table,
			    direction == SP_TOWARD_VM ? &packet.tuple.from : &packet.tuple.to,
			    family);
}

/* Result: whether sp_find() and sp_judge() would have it sent on. Its slot was live, its list has
 * been asked. */
static __rte_always_inline bool judge(struct worker *worker, const struct journey *journey,
				      const struct ride *ride, const struct sp_packet *packet,
				      const struct sp_hit *hit)
{
	const struct sp_addr *client =
		hit->direction == SP_TOWARD_VM ? &packet->tuple.from : &packet->tuple.to;

	const bool own = hit->direction == SP_TOWARD_VM && ride->own;

	if (unlikely(!sp_is_plain(packet, journey->now_ns, hit, own)))
		return false;
	if (unlikely(!sp_near_is_far(worker->table.settings, client, packet->family)) &&
	    !is_client(worker, ride, hit->direction, packet->family))
		return false;
	return hit->direction == SP_TOWARD_CLIENT ||
	       likely(sp_shield_door(packet, hit, SP_FORWARDED) == SP_DOOR_NONE) ||
	       !sp_shield_is_on(&worker->table) ||
	       let_in(worker, ride, journey->now_ns, packet->family);
}

static __rte_always_inline bool take(struct worker *worker, const struct journey *journey,
				     const struct rides *rides, uint32_t i,
				     const enum sp_direction direction, const uint8_t family,
				     const bool noted)
{
	const struct ride *ride = &rides->ride[i];
	uint64_t hop = hop_of(worker, journey, rides, i, direction);
	struct sp_packet packet = packet_of(ride, family);
	struct sp_hit hit = hit_of(worker, ride, direction);
	const sp_wire_be16 *checksum_be =
		sp_checksum_of(ride->data + SP_L4_OFFSET(family), ride->protocol);
	struct sp_tuple after;

	if (unlikely(hop == 0 || !judge(worker, journey, ride, &packet, &hit) ||
		     *checksum_be == sp_partial_of(&packet, family)))
		return false;
	if (noted && note_wanted(worker, ride->data, &packet, &hit, journey->now_ns))
		return false;
	after = sp_tuple_after(&packet.tuple, &hit);
	sp_translate_l4(ride->data, ride->data + SP_L3_OFFSET + ride->l3_len_bytes, &packet, &after,
			sp_end_replaced(direction), family);
	worker_set_links(ride->data, hop, journey->link_addr);
	return true;
}

static __rte_always_inline void take_all(struct worker *worker, struct journey *journey,
					 struct rides *rides, const enum sp_direction direction,
					 const uint8_t family, const bool noted)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < rides->nr; i++) {
		if (unlikely(!take(worker, journey, rides, i, direction, family, noted)))
			continue;
		journey->taken |= 1ull << rides->ride[i].at;
		keep(rides, kept++, i);
	}
	rides->nr = kept;
}

static void drop(struct worker *worker, struct batch *batch, const struct ride *ride,
		 enum sp_verdict verdict)
{
	worker_count(worker, verdict, 1);
	batch->dropped[batch->nr_dropped++] = batch->mbuf[ride->at];
}

/* As leave_expired() in stage_send.c. */
static __rte_noinline void leave_expired(struct worker *worker, struct batch *batch,
					 struct rides *rides, uint64_t now_ns)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < rides->nr; i++) {
		const struct sp_slot *slot = &worker->table.leases[rides->ride[i].slot_index];

		if (SP_LOAD(slot->life) == rides->ride[i].life &&
		    now_ns < SP_LOAD(slot->deadline_ns))
			keep(rides, kept++, i);
		else
			drop(worker, batch, &rides->ride[i], SP_RACED);
	}
	rides->nr = kept;
}

/* Only what has left counts for its lease. Nothing of its frame may be looked at any more. */
static __rte_always_inline void count_usage(struct worker *worker, const struct journey *journey,
					    const struct ride *ride,
					    const enum sp_direction direction)
{
	struct sp_packet packet = {.l3_len_bytes = ride->l3_len_bytes,
				   .kind = SP_KIND_L4,
				   .tcp_flags = ride->tcp_flags};
	struct sp_hit hit = {.life = ride->life, .direction = direction};

	sp_usage_count(&worker->usage[ride->usage_index], &packet, &hit, journey->now_ns);
}

static __rte_always_inline void send_all(struct worker *worker, struct batch *batch,
					 const struct journey *journey, struct rides *rides,
					 const enum sp_direction direction)
{
	uint16_t eth_id = worker->tx_eth[journey->out_port];
	uint16_t queue = worker->tx_queue[journey->out_port];
	struct rte_mbuf *mbufs[BATCH_MAX];
	uint64_t now_ns = boottime_now_ns();
	uint32_t ready, sent;
	uint64_t bytes = 0;

	if (unlikely(now_ns - journey->now_ns > WORKER_STALE_NS))
		leave_expired(worker, batch, rides, now_ns);
	if (unlikely(rides->nr == 0))
		return;
	for (uint32_t i = 0; i < rides->nr; i++)
		mbufs[i] = batch->mbuf[rides->ride[i].at];
	ready = trunk_tag_all(&worker->ports->port[journey->out_port], mbufs, rides->nr);
	sent = rte_eth_tx_burst(eth_id, queue, mbufs, (uint16_t)ready);
	/* As in stage_send.c, a second try may find room. */
	if (unlikely(sent < ready))
		sent += rte_eth_tx_burst(eth_id, queue, &mbufs[sent], (uint16_t)(ready - sent));
	worker_count(worker, SP_FORWARDED, sent);
	for (uint32_t i = 0; i < sent; i++) {
		count_usage(worker, journey, &rides->ride[i], direction);
		bytes += rides->ride[i].l3_len_bytes;
	}
	worker->counters->bytes[direction] += bytes;
	for (uint32_t i = sent; i < rides->nr; i++)
		drop(worker, batch, &rides->ride[i], SP_TX_FULL);
}

static __rte_always_inline void carry(struct worker *worker, struct batch *batch,
				      struct journey *journey, struct rides *rides,
				      const enum sp_direction direction, const uint8_t family,
				      const bool noted)
{
	if (direction == SP_TOWARD_CLIENT)
		look_into_buckets(worker, rides);
	if (unlikely(look_at_slots(worker, rides)))
		heed_lists(worker, rides, direction, family);
	if (direction == SP_TOWARD_CLIENT)
		find_hops(worker, journey, rides, family);
	take_all(worker, journey, rides, direction, family, noted);
	if (rides->nr > 0)
		send_all(worker, batch, journey, rides, direction);
}

static __rte_always_inline bool read_frame(const struct rte_mbuf *mbuf, uint64_t at_12,
					   struct ride *ride, const uint8_t family)
{
	uint32_t frame_bytes = rte_pktmbuf_data_len(mbuf);

	if (unlikely(ride->data[0] & 1))
		return false;
	return family == 4 ? read_v4(ride->data, at_12, frame_bytes, ride)
			   : read_v6(ride->data, at_12, frame_bytes, ride);
}

/* Result: whether a frame looks like one for the lane; what will be needed is sent for then. */
static __rte_always_inline bool board(struct worker *worker, const struct rte_mbuf *mbuf,
				      uint64_t at_12, struct ride *ride, struct own *own,
				      const enum sp_direction direction, const uint8_t family)
{
	ride->data = rte_pktmbuf_mtod(mbuf, char *);
	return likely(read_frame(mbuf, at_12, ride, family) &&
		      (direction == SP_TOWARD_VM ? place_by_port(worker, ride, own, family)
						 : place_by_endpoint(worker, ride, family)));
}

/* What was not taken stays, in order of arrival. */
static __rte_always_inline void leave_rest(struct batch *batch, uint64_t taken)
{
	uint64_t rest = ~taken & (~0ull >> (64 - batch->nr));
	uint32_t kept = 0;

	for (; unlikely(rest != 0); rest &= rest - 1)
		batch->mbuf[kept++] = batch->mbuf[__builtin_ctzll(rest)];
	batch->nr = kept;
}

static __rte_always_inline struct journey journey_of(const struct worker *worker,
						     const struct batch *batch,
						     const enum sp_direction direction)
{
	struct journey journey = {.now_ns = batch->now_ns,
				  .out_port = worker->toward_port[direction]};
	const struct port *out = &worker->ports->port[journey.out_port];

	journey.mtu = atomic_load_explicit(&out->mtu, memory_order_relaxed);
	journey.link_addr = atomic_load_explicit(&out->link_addr, memory_order_relaxed);
	journey.epoch = nexthop_epoch(worker->nexthops);
	return journey;
}

static __rte_always_inline void run(struct worker *worker, struct batch *batch,
				    const enum sp_direction direction, const bool noted)
{
	struct journey journey = journey_of(worker, batch, direction);
	struct own own_v4 = {.known = false}, own_v6 = {.known = false};
	uint32_t nr_v4 = 0, nr_v6 = 0;
	struct rides v4, v6;

	for (uint32_t i = 0; i < batch->nr; i++) {
		const struct rte_mbuf *mbuf = batch->mbuf[i];
		uint64_t at_12 = load64(rte_pktmbuf_mtod(mbuf, char *) + 12);

		v4.ride[nr_v4].at = v6.ride[nr_v6].at = (uint8_t)i;
		if (likely((at_12 & 0xffffff) == 0x450008)) /* IPv4, no options */
			nr_v4 += board(worker, mbuf, at_12, &v4.ride[nr_v4], &own_v4, direction, 4);
		else if (likely((at_12 & 0xf0ffff) == 0x60dd86)) /* IPv6 */
			nr_v6 += board(worker, mbuf, at_12, &v6.ride[nr_v6], &own_v6, direction, 6);
	}
	v4.nr = nr_v4;
	v6.nr = nr_v6;
	if (v4.nr > 0)
		carry(worker, batch, &journey, &v4, direction, 4, noted);
	if (v6.nr > 0)
		carry(worker, batch, &journey, &v6, direction, 6, noted);
	leave_rest(batch, journey.taken);
}

static __rte_noinline void run_toward_vm(struct worker *worker, struct batch *batch)
{
	run(worker, batch, SP_TOWARD_VM, false);
}

static __rte_noinline void run_toward_client(struct worker *worker, struct batch *batch)
{
	run(worker, batch, SP_TOWARD_CLIENT, false);
}

/* The same where no XDP program has noted what it is to note. */
static __rte_noinline void run_noted_toward_vm(struct worker *worker, struct batch *batch)
{
	run(worker, batch, SP_TOWARD_VM, true);
}

static __rte_noinline void run_noted_toward_client(struct worker *worker, struct batch *batch)
{
	run(worker, batch, SP_TOWARD_CLIENT, true);
}

/* What has waited for a neighbour, and what comes in where both sides are, goes the other way. */
void stage_lane(struct worker *worker, struct batch *batch)
{
	const bool noted = worker->ports->port[batch->in_port].exception != NULL;

	if (unlikely(batch->returned || batch->nr == 0))
		return;
	if (batch->role == SP_ROLE_PUBLIC)
		(noted ? run_noted_toward_vm : run_toward_vm)(worker, batch);
	else if (batch->role == SP_ROLE_BUILDS)
		(noted ? run_noted_toward_client : run_toward_client)(worker, batch);
}
