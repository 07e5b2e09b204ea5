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

#include <rte_branch_prediction.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include <sallyport/nat.h>
#include <sallyport/shield.h>
#include <sallyport/usage.h>

#include "host/boottime.h"
#include "lane.h"
#include "note_wanted.h"
#include "port/trunk.h"

#define LINK_ADDR_MASK 0xffffffffffffull

static __rte_always_inline void keep(struct rides *rides, uint32_t to, uint32_t from)
{
	if (unlikely(to != from))
		rides->ride[to] = rides->ride[from];
}

static __rte_always_inline void look_into_buckets(const struct worker *worker, struct rides *rides,
						  const bool hinted)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < rides->nr; i++)
		if ((hinted && rides->ride[i].hinted) ||
		    likely(look_into_bucket(worker, &rides->ride[i])))
			keep(rides, kept++, i);
	rides->nr = kept;
}

/*
 * Nothing of a slot is believed yet, but where its usage is; an index that cannot be leads to
 * another lease's, which will be noticed. Result: whether any of them has an allow-list.
 */
static __rte_always_inline bool look_at_slots(const struct journey *journey, struct rides *rides)
{
	uint32_t listed = 0;

	for (uint32_t i = 0; i < rides->nr; i++) {
		const struct sp_slot *slot = rides->ride[i].slot;
		uint32_t usage_index = slot->usage_index;

		if (unlikely(usage_index >= journey->nr_usage))
			usage_index = 0;
		rides->ride[i].usage = &journey->usage[usage_index];
		rte_prefetch0(rides->ride[i].usage);
		listed |= slot->allow_index;
	}
	return listed != 0;
}

/*
 * Whom an allow-list does not let in stays. A loop of its own, so that many lists are searched at
 * once, and those without one do not pay for it.
 */
static __rte_always_inline void heed_lists(const struct worker *worker, struct rides *rides,
					   const enum sp_direction direction, const uint8_t family)
{
	struct range range = {.allow_index = 0, .first = 1, .last = 0};
	uint32_t kept = 0;

	for (uint32_t i = 0; i < rides->nr; i++) {
		const struct ride *ride = &rides->ride[i];
		struct sp_packet packet = packet_of(ride, family);
		const struct sp_addr *client =
			direction == SP_TOWARD_VM ? &packet.tuple.from : &packet.tuple.to;

		if (likely(family == 4 ? is_allowed_v4(worker, ride, SP_HOST32(client->word_be[3]),
						       &range)
				       : sp_allowed(&worker->table, ride->slot, client)))
			keep(rides, kept++, i);
	}
	rides->nr = kept;
}

/* Both addresses, and the type that the frame has already: as two words. */
static __rte_always_inline void set_links(char *data, uint64_t to, uint64_t from,
					  const uint8_t family)
{
	uint64_t type_be = family == 4 ? SP_BE16(SP_ETH_IPV4) : SP_BE16(SP_ETH_IPV6);

	from |= type_be << 48;
	memcpy(data, &to, sizeof(to));
	memcpy(data + offsetof(struct sp_eth, from), &from, sizeof(from));
}

/* While the lines that were sent for are on their way. */
static __rte_always_inline void find_hops(const struct worker *worker,
					  const struct journey *journey, struct rides *rides,
					  const uint8_t family)
{
	union nexthop_targets targets;

	for (uint32_t i = 0; i < rides->nr; i++) {
		struct sp_addr to = packet_of(&rides->ride[i], family).tuple.to;

		if (family == 4)
			targets.v4[i] = SP_HOST32(to.word_be[3]);
		else
			targets.v6[i] = to;
	}
	nexthop_hop_find(worker->nexthops, &targets, family, journey->out_port, rides->hop,
			 rides->nr);
}

/*
 * Result: whether it is known by whom a packet leaves. The usage record of the slot's generation
 * has been begun in an earlier round, by what was carried for a slot that was live: so all that has
 * been read of the slot in this one is of that generation, too.
 */
static __rte_always_inline bool knows_way(const struct journey *journey, const struct rides *rides,
					  uint32_t i, const struct sp_hit *hit)
{
	const struct ride *ride = &rides->ride[i];

	return ride->usage->generation == sp_life_generation(hit->life) &&
	       ride->l3_len_bytes <= journey->mtu &&
	       (hit->direction == SP_TOWARD_CLIENT ? rides->hop[i] != 0
						   : ride->usage->hop_epoch == journey->epoch);
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

/* Result: whether sp_find() and sp_judge() would have it sent on. Its list has been asked. */
static __rte_always_inline bool judge(struct worker *worker, const struct journey *journey,
				      const struct ride *ride, const struct sp_packet *packet,
				      const struct sp_hit *hit)
{
	const struct sp_addr *client =
		hit->direction == SP_TOWARD_VM ? &packet->tuple.from : &packet->tuple.to;
	const bool own = hit->direction == SP_TOWARD_VM && packet->family == 6 && ride->own;

	if (unlikely(!sp_is_plain(packet, journey->now_ns, hit, own)))
		return false;
	if (unlikely(!sp_near_is_clear(journey->settings, client, packet->family)) &&
	    !is_client(worker, ride, hit->direction, packet->family))
		return false;
	return likely(sp_shield_door(packet, hit, SP_FORWARDED) == SP_DOOR_NONE) ||
	       !journey->shielded || let_in(worker, ride, journey->now_ns, packet->family);
}

static __rte_always_inline bool take(struct worker *worker, const struct journey *journey,
				     const struct rides *rides, uint32_t i,
				     const enum sp_direction direction, const uint8_t family,
				     const uint8_t protocol, const bool noted)
{
	const struct ride *ride = &rides->ride[i];
	char *const data = ride->data;
	struct sp_hit hit = hit_of(worker, ride, direction);
	struct sp_packet packet = packet_of(ride, family);
	const sp_wire_be16 *checksum_be = sp_checksum_of(data + SP_L4_OFFSET(family), protocol);
	struct sp_tuple after;

	packet.protocol = protocol;
	if (unlikely(!knows_way(journey, rides, i, &hit) ||
		     !judge(worker, journey, ride, &packet, &hit) ||
		     sp_may_be_partial(&packet, *checksum_be, family)))
		return false;
	if (noted && note_wanted(worker, data, &packet, &hit, journey->now_ns))
		return false;
	after = sp_tuple_after(&packet.tuple, &hit);
	set_links(data, direction == SP_TOWARD_VM ? ride->usage->hop : rides->hop[i],
		  journey->link_addr, family);
	sp_rewrite_l4(data, &packet, &after, sp_end_replaced(direction), family);
	return true;
}

/* Of the burst, by a bit for each. */
static __rte_noinline uint64_t which(const struct rides *rides)
{
	uint64_t at = 0;

	for (uint32_t i = 0; i < rides->nr; i++)
		at |= 1ull << rides->ride[i].at;
	return at;
}

/* Whoever has no bit goes on. */
static __rte_noinline void leave_these(struct rides *rides, uint64_t these)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < rides->nr; i++)
		if (!(these >> i & 1))
			keep(rides, kept++, i);
	rides->nr = kept;
}

static __rte_always_inline void take_all(struct worker *worker, const struct batch *batch,
					 struct journey *journey, struct rides *rides,
					 const enum sp_direction direction, const uint8_t family,
					 const bool noted, const bool hinted)
{
	const uint32_t nr = rides->nr;
	uint64_t left = 0;

	for (uint32_t i = 0; i < nr; i++)
		if (unlikely(!(likely(rides->ride[i].protocol == SP_PROTOCOL_TCP)
				       ? take(worker, journey, rides, i, direction, family,
					      SP_PROTOCOL_TCP, noted)
				       : take(worker, journey, rides, i, direction, family,
					      SP_PROTOCOL_UDP, noted))))
			left |= 1ull << i;
	if (hinted && unlikely(left != 0))
		count_wrong_hints(worker, rides, left, family);
	if (unlikely(left != 0))
		leave_these(rides, left);
	journey->taken |= likely(rides->nr == batch->nr) ? ~0ull : which(rides);
}

static void drop(struct worker *worker, struct batch *batch, const struct ride *ride,
		 enum sp_verdict verdict)
{
	worker_count(worker, verdict, 1);
	batch->dropped[batch->nr_dropped++] = batch->mbuf[ride->at];
}

/* As leave_expired() in stage_send.c. A usage record tells of which life the slot was. */
static __rte_noinline void leave_expired(struct worker *worker, struct batch *batch,
					 struct rides *rides, uint64_t now_ns)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < rides->nr; i++) {
		const struct ride *ride = &rides->ride[i];

		if (SP_LOAD(ride->slot->life) ==
			    sp_life_of(SP_SLOT_LIVE, ride->usage->generation) &&
		    now_ns < SP_LOAD(ride->slot->deadline_ns))
			keep(rides, kept++, i);
		else
			drop(worker, batch, ride, SP_RACED);
	}
	rides->nr = kept;
}

/* Only what has left counts for its lease. Nothing of its frame may be looked at any more. */
static __rte_always_inline void count(struct worker *worker, const struct journey *journey,
				      const struct rides *rides, uint32_t sent,
				      const enum sp_direction direction)
{
	const struct sp_hit hit = {.direction = direction};
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < sent; i++) {
		const struct ride *ride = &rides->ride[i];
		struct sp_packet packet = {.l3_len_bytes = ride->l3_len_bytes,
					   .kind = SP_KIND_L4,
					   .tcp_flags = ride->tcp_flags};

		sp_usage_add(ride->usage, &packet, &hit, journey->now_ns);
		bytes += packet.l3_len_bytes;
	}
	worker_count(worker, SP_FORWARDED, sent);
	worker->counters->bytes[direction] += bytes;
}

/* Result: the buffers of those that are left of a burst. */
static __rte_always_inline struct rte_mbuf **
buffers_of(struct batch *batch, const struct rides *rides, struct rte_mbuf **scratch)
{
	if (likely(rides->nr == batch->nr))
		return batch->mbuf;
	for (uint32_t i = 0; i < rides->nr; i++)
		scratch[i] = batch->mbuf[rides->ride[i].at];
	return scratch;
}

/* Result: how many were sent. */
static __rte_always_inline uint32_t send_all(struct worker *worker, struct batch *batch,
					     const struct journey *journey, struct rides *rides,
					     const enum sp_direction direction)
{
	uint16_t eth_id = worker->tx_eth[journey->out_port];
	uint16_t queue = worker->tx_queue[journey->out_port];
	struct rte_mbuf *scratch[BATCH_MAX], **mbufs;
	uint64_t now_ns = boottime_now_ns();
	uint32_t ready, sent;

	if (unlikely(now_ns - journey->now_ns > WORKER_STALE_NS))
		leave_expired(worker, batch, rides, now_ns);
	if (unlikely(rides->nr == 0))
		return 0;
	mbufs = buffers_of(batch, rides, scratch);
	ready = trunk_tag_all(&worker->ports->port[journey->out_port], mbufs, rides->nr);
	sent = rte_eth_tx_burst(eth_id, queue, mbufs, (uint16_t)ready);
	/* As in stage_send.c, a second try may find room. */
	if (unlikely(sent < ready))
		sent += rte_eth_tx_burst(eth_id, queue, &mbufs[sent], (uint16_t)(ready - sent));
	count(worker, journey, rides, sent, direction);
	for (uint32_t i = sent; i < rides->nr; i++)
		drop(worker, batch, &rides->ride[i], SP_TX_FULL);
	return sent;
}

static __rte_always_inline void carry(struct worker *worker, struct batch *batch,
				      struct journey *journey, struct rides *rides,
				      const enum sp_direction direction, const uint8_t family,
				      const bool noted, const bool hinted)
{
	uint32_t sent = 0;

	if (direction == SP_TOWARD_CLIENT && (!hinted || unlikely(journey->searched != 0)))
		look_into_buckets(worker, rides, hinted);
	if (unlikely(look_at_slots(journey, rides)))
		heed_lists(worker, rides, direction, family);
	if (direction == SP_TOWARD_CLIENT)
		find_hops(worker, journey, rides, family);
	take_all(worker, batch, journey, rides, direction, family, noted, hinted);
	if (rides->nr > 0)
		sent = send_all(worker, batch, journey, rides, direction);
	if (hinted)
		count_hints(worker, journey, rides, sent);
}

/* Result: whether a frame looks like one for the lane; what will be needed is sent for then. */
static __rte_always_inline bool board(struct worker *worker, const struct rte_mbuf *mbuf,
				      uint64_t at_12, struct ride *ride, struct own *own,
				      struct journey *journey, const enum sp_direction direction,
				      const uint8_t family, const bool hinted)
{
	char *const data = rte_pktmbuf_mtod(mbuf, char *);
	uint32_t frame_bytes = rte_pktmbuf_data_len(mbuf);

	ride->data = data;
	return likely(!(data[0] & 1) &&
		      (family == 4 ? read_v4(data, at_12, frame_bytes, ride)
				   : read_v6(data, at_12, frame_bytes, ride)) &&
		      (direction == SP_TOWARD_VM
			       ? place_by_port(worker, ride, own, family)
			       : place_by_sender(worker, journey, ride, family, hinted)));
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
				  .settings = worker->table.settings,
				  .usage = worker->usage,
				  .nr_usage = worker->nr_usage,
				  .out_port = worker->toward_port[direction],
				  .hint_bytes = worker->ports->port[batch->in_port].hint_bytes,
				  .shielded = sp_shield_is_on(&worker->table)};
	const struct port *out = &worker->ports->port[journey.out_port];

	journey.mtu = atomic_load_explicit(&out->mtu, memory_order_relaxed);
	journey.link_addr = atomic_load_explicit(&out->link_addr, memory_order_relaxed);
	journey.link_addr &= LINK_ADDR_MASK;
	journey.epoch = nexthop_epoch(worker->nexthops);
	return journey;
}

static __rte_always_inline void run(struct worker *worker, struct batch *batch,
				    const enum sp_direction direction, const bool noted,
				    const bool hinted)
{
	struct journey journey = journey_of(worker, batch, direction);
	struct own own_v4 = {.v4_be = NO_V4}, own_v6 = {.v4_be = NO_V4};
	struct rides v4, v6;
	struct ride *next_v4 = v4.ride, *next_v6 = v6.ride;

	for (uint32_t i = 0; i < batch->nr; i++) {
		const struct rte_mbuf *mbuf = batch->mbuf[i];
		uint64_t at_12 = load64(rte_pktmbuf_mtod(mbuf, char *) + 12);

		if (likely((at_12 & 0xffffff) == 0x450008)) { /* IPv4, no options */
			next_v4->at = (uint8_t)i;
			next_v4 += board(worker, mbuf, at_12, next_v4, &own_v4, &journey, direction,
					 4, hinted);
		} else if (likely((at_12 & 0xf0ffff) == 0x60dd86)) { /* IPv6 */
			next_v6->at = (uint8_t)i;
			next_v6 += board(worker, mbuf, at_12, next_v6, &own_v6, &journey, direction,
					 6, hinted);
		}
	}
	v4.nr = (uint32_t)(next_v4 - v4.ride);
	v6.nr = (uint32_t)(next_v6 - v6.ride);
	if (v4.nr > 0)
		carry(worker, batch, &journey, &v4, direction, 4, noted, hinted);
	if (v6.nr > 0)
		carry(worker, batch, &journey, &v6, direction, 6, noted, hinted);
	leave_rest(batch, journey.taken);
}

static __rte_noinline void run_toward_vm(struct worker *worker, struct batch *batch)
{
	run(worker, batch, SP_TOWARD_VM, false, false);
}

static __rte_noinline void run_toward_client(struct worker *worker, struct batch *batch)
{
	run(worker, batch, SP_TOWARD_CLIENT, false, false);
}

/* The same where the XDP program says where it has found a packet's slot. */
static __rte_noinline void run_hinted_toward_client(struct worker *worker, struct batch *batch)
{
	run(worker, batch, SP_TOWARD_CLIENT, false, true);
}

/* The same where no XDP program has noted what it is to note. */
static __rte_noinline void run_noted_toward_vm(struct worker *worker, struct batch *batch)
{
	run(worker, batch, SP_TOWARD_VM, true, false);
}

static __rte_noinline void run_noted_toward_client(struct worker *worker, struct batch *batch)
{
	run(worker, batch, SP_TOWARD_CLIENT, true, false);
}

/* What has waited for a neighbour, and what comes in where both sides are, goes the other way. */
void stage_lane(struct worker *worker, struct batch *batch)
{
	const struct port *port = &worker->ports->port[batch->in_port];
	const bool noted = port->exception != NULL;

	if (unlikely(batch->returned || batch->nr == 0 ||
		     !SP_LOAD(worker->table.settings->near_ready)))
		return;
	if (batch->role == SP_ROLE_PUBLIC)
		(noted ? run_noted_toward_vm : run_toward_vm)(worker, batch);
	else if (batch->role == SP_ROLE_BUILDS && port->hint_bytes != 0)
		run_hinted_toward_client(worker, batch);
	else if (batch->role == SP_ROLE_BUILDS)
		(noted ? run_noted_toward_client : run_toward_client)(worker, batch);
}
