/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * What becomes of a packet: find its lease, compare its deadline, check who sends it. Include
 * table_host.h or table_bpf.h first: they define struct sp_table and its accessors.
 */
#pragma once

#include <linux/types.h>

#include "addr.h"
#include "client/allow.h"
#include "compiler.h"
#include "find.h"
#include "near.h"
#include "parse.h"
#include "table.h"
#include "verdict.h"

enum sp_role {
	SP_ROLE_PUBLIC = 1,
	SP_ROLE_BUILDS = 2,
	SP_ROLE_BOTH = 3, /* one interface for both: the sender's address tells */
};

/*
 * Set when a lease was found, whatever the verdict; else slot is NULL. life is the slot's as it was
 * found: by its state the packet is judged, by its generation it is counted, and once the slot has
 * another the packet is nobody's.
 */
struct sp_hit {
	const struct sp_slot *slot;
	__u64 life;
	__u32 slot_index;
	enum sp_direction direction;
};

SP_INLINE const struct sp_host *sp_find_record(const struct sp_table *table,
					       const struct sp_addr *addr)
{
	__u32 first = sp_host_first(addr);

	for (__u32 i = 0; i < SP_HOST_PROBES; i++) {
		const struct sp_host *host = sp_table_host(table, (first + i) & (SP_HOSTS - 1));

		if (!host)
			return 0;
		if (SP_LOAD_ACQUIRE(host->kind) == SP_HOST_NONE) {
			if (sp_addr_is_zero(&host->addr))
				return 0;
		} else if (sp_addr_equal(&host->addr, addr)) {
			return host;
		}
	}
	return 0;
}

SP_INLINE const struct sp_host *sp_find_prefix(const struct sp_table *table,
					       const struct sp_addr *addr)
{
	const struct sp_settings *settings = sp_table_settings(table);
	struct sp_addr key = sp_prefix_key(addr);
	const struct sp_host *host;

	if (!settings || !SP_LOAD(settings->has_prefixes))
		return 0;
	host = sp_find_record(table, &key);
	return host && host->kind == SP_HOST_PREFIX && sp_host_holds(host, addr) ? host : 0;
}

/* Result: what is known of an address as one of this host's, or as one of a prefix that is. */
SP_INLINE const struct sp_host *sp_find_host(const struct sp_table *table,
					     const struct sp_addr *addr)
{
	const struct sp_host *host = sp_find_record(table, addr);

	return host || sp_addr_is_v4(addr) ? host : sp_find_prefix(table, addr);
}

SP_INLINE int sp_in_builds(const struct sp_table *table, const struct sp_addr *addr)
{
	const struct sp_settings *settings = sp_table_settings(table);
	__u32 now;

	if (!settings)
		return 0;
	now = SP_LOAD_ACQUIRE(settings->networks_now) & 1;
	for (__u32 i = 0; i < SP_NETWORKS_MAX && i < settings->nr_networks[now]; i++)
		if (sp_prefix_contains(&settings->networks[now][i], addr))
			return 1;
	return 0;
}

SP_INLINE int sp_allowed(const struct sp_table *table, const struct sp_slot *slot,
			 const struct sp_addr *client)
{
	const struct sp_allow *allow;

	if (!slot->allow_index)
		return 1;
	allow = sp_table_allow(table, slot->allow_index);
	return allow && sp_allow_has(allow, client);
}

/* Can a client have this address: one host's, neither this one's nor in the builds' networks? */
SP_INLINE int sp_is_client(const struct sp_table *table, const struct sp_addr *addr, __u8 family)
{
	const struct sp_settings *settings = sp_table_settings(table);

	if (settings && sp_near_is_far(settings, addr, family))
		return 1;
	return sp_addr_is_host(addr, family) && !sp_in_builds(table, addr) &&
	       !sp_find_host(table, addr);
}

/* The slot, live or ended, is the authority on what an endpoint entry claims. */
SP_INLINE int sp_slot_has_endpoint(const struct sp_slot *slot, const struct sp_packet *packet)
{
	return slot->vm_port_be == packet->tuple.from_port_be &&
	       (slot->protocol_mask & packet->protocol) && slot->family == packet->family &&
	       sp_addr_equal(&slot->vm_addr, &packet->tuple.from);
}

/*
 * Looks for the packet's endpoint in one bucket, where *hit may have been found before. An endpoint
 * leased anew has an ended slot and a live one: the live one is it, whichever comes first. Result:
 * whether there is nothing better to look for.
 */
SP_INLINE int sp_find_in_bucket(const struct sp_table *table, __u32 bucket_index, __u32 tag,
				const struct sp_packet *packet, struct sp_hit *hit)
{
	const struct sp_bucket *bucket = sp_table_bucket(table, bucket_index);

	if (!bucket)
		return 0;
	for (__u32 i = 0; i < SP_BUCKET_ENTRIES; i++) {
		__u64 entry = SP_LOAD(bucket->entry[i]), life;
		const struct sp_slot *slot;

		if (sp_entry_tag(entry) != tag)
			continue;
		slot = sp_table_slot(table, sp_entry_slot(entry));
		if (!slot)
			continue;
		life = SP_LOAD_ACQUIRE(slot->life);
		if (sp_life_state(life) < SP_SLOT_LIVE || !sp_slot_has_endpoint(slot, packet))
			continue;
		hit->slot = slot;
		hit->life = life;
		hit->slot_index = sp_entry_slot(entry);
		if (sp_life_state(life) == SP_SLOT_LIVE)
			return 1;
	}
	return 0;
}

SP_INLINE enum sp_verdict sp_find_by_endpoint(const struct sp_table *table,
					      const struct sp_packet *packet, struct sp_hit *hit)
{
	__u64 hash = sp_endpoint_hash(&packet->tuple.from, packet->tuple.from_port_be,
				      packet->protocol, sp_table_hash_seed(table));
	__u32 nr_buckets = sp_table_nr_buckets(table), tag = sp_hash_tag(hash);
	__u32 bucket = sp_bucket_first(hash, nr_buckets);

	hit->direction = SP_TOWARD_CLIENT;
	if (!sp_find_in_bucket(table, bucket, tag, packet, hit))
		sp_find_in_bucket(table, sp_bucket_other(bucket, tag, nr_buckets), tag, packet,
				  hit);
	return hit->slot ? SP_FORWARDED : SP_NO_ENDPOINT;
}

/* Result: whether a packet is to an address that leases hang from; *ret is where its slot is. */
SP_INLINE int sp_place_by_port(const struct sp_table *table, const struct sp_packet *packet,
			       __u32 *ret)
{
	const struct sp_host *host = sp_find_host(table, &packet->tuple.to);

	if (!host || SP_LOAD(host->kind) < SP_HOST_PUBLIC)
		return 0;
	*ret = sp_host_slot(host, &packet->tuple.to, packet->tuple.to_port_be);
	return 1;
}

/*
 * Is it a slot of the address that a packet is to? An address of a prefix may have been another
 * session's; any other one is it, having led there, so who knows that none is asked for says so.
 */
SP_INLINE int sp_slot_has_public(const struct sp_slot *slot, const struct sp_packet *packet,
				 const int own)
{
	return slot->family == packet->family &&
	       (packet->family == 4 || !own ||
		sp_addr_equal(&slot->public_addr, &packet->tuple.to));
}

SP_INLINE enum sp_verdict sp_find_by_port(const struct sp_table *table,
					  const struct sp_packet *packet, struct sp_hit *hit)
{
	const struct sp_slot *slot;

	if (!sp_place_by_port(table, packet, &hit->slot_index))
		return SP_NO_LEASE;
	slot = sp_table_slot(table, hit->slot_index);
	if (!slot)
		return SP_NO_LEASE;
	hit->life = SP_LOAD_ACQUIRE(slot->life);
	if (sp_life_state(hit->life) == SP_SLOT_FREE || !sp_slot_has_public(slot, packet, 1))
		return SP_NO_LEASE;
	hit->slot = slot;
	hit->direction = SP_TOWARD_VM;
	return SP_FORWARDED;
}

/* RFC 1122, 3.2.2: no ICMP error is ever sent about an ICMP error. */
SP_INLINE enum sp_verdict sp_check_ttl(const struct sp_packet *packet)
{
	if (packet->ttl > 1)
		return SP_FORWARDED;
	return packet->kind == SP_KIND_ERROR ? SP_ERROR_UNANSWERED : SP_TTL_EXCEEDED;
}

SP_INLINE enum sp_verdict sp_judge_client(const struct sp_table *table,
					  const struct sp_packet *packet, __u64 now_ns,
					  const struct sp_hit *hit)
{
	enum sp_slot_state state = sp_life_state(hit->life);
	const struct sp_slot *slot = hit->slot;

	if (state == SP_SLOT_RESERVED)
		return SP_RESERVED;
	if (state != SP_SLOT_LIVE)
		return SP_ENDED;
	if (now_ns >= SP_LOAD(slot->deadline_ns))
		return SP_EXPIRED;
	if (!(slot->protocol_mask & packet->protocol))
		return SP_NO_LEASE;
	if (!sp_allowed(table, slot, &packet->tuple.from))
		return SP_NOT_ALLOWED;
	if (!sp_is_client(table, &packet->tuple.from, packet->family) ||
	    (packet->kind == SP_KIND_ERROR &&
	     !sp_is_client(table, &packet->sender, packet->family)))
		return SP_SPOOFED;
	return sp_check_ttl(packet);
}

/* RFC 9293, 3.5.2: a reset is never answered with a reset. */
SP_INLINE enum sp_verdict sp_judge_after_end(const struct sp_packet *packet)
{
	if (packet->kind == SP_KIND_ERROR || packet->protocol != SP_PROTOCOL_TCP ||
	    (packet->tcp_flags & SP_TCP_RST))
		return SP_ENDED_VM;
	return SP_RESET_VM;
}

/*
 * An ICMP error may come from a router on the way, but not from another VM: it could quote a
 * connection that it has no part in, and send what it likes behind the quote.
 */
SP_INLINE int sp_is_other_vm(const struct sp_table *table, const struct sp_packet *packet)
{
	return packet->kind == SP_KIND_ERROR &&
	       !sp_addr_equal(&packet->sender, &packet->tuple.from) &&
	       sp_in_builds(table, &packet->sender);
}

SP_INLINE enum sp_verdict sp_judge_vm(const struct sp_table *table, const struct sp_packet *packet,
				      __u64 now_ns, const struct sp_hit *hit)
{
	if (!sp_is_client(table, &packet->tuple.to, packet->family))
		return SP_TO_HOST;
	if ((packet->tcp_flags & (SP_TCP_SYN | SP_TCP_ACK)) == SP_TCP_SYN ||
	    sp_is_other_vm(table, packet))
		return SP_VM_OPENS;
	if (sp_life_state(hit->life) != SP_SLOT_LIVE || now_ns >= SP_LOAD(hit->slot->deadline_ns))
		return sp_judge_after_end(packet);
	if (!sp_allowed(table, hit->slot, &packet->tuple.to))
		return SP_NOT_ALLOWED;
	return sp_check_ttl(packet);
}

/*
 * Finds the lease of a parsed packet that came in on an interface with that role. Result:
 * SP_FORWARDED if *hit is filled, else the verdict that leaves the packet to the kernel. Needs no
 * time, so that what is not ours costs no look at the clock.
 */
SP_INLINE enum sp_verdict sp_find(const struct sp_table *table, const struct sp_packet *packet,
				  __u32 role, struct sp_hit *hit)
{
	hit->slot = 0;
	if (role == SP_ROLE_BOTH)
		role = sp_in_builds(table, &packet->sender) ? SP_ROLE_BUILDS : SP_ROLE_PUBLIC;
	return role == SP_ROLE_PUBLIC ? sp_find_by_port(table, packet, hit)
				      : sp_find_by_endpoint(table, packet, hit);
}

/*
 * Decides on a packet whose lease was found, at that time (CLOCK_BOOTTIME). Result: SP_FORWARDED if
 * the packet is to be translated and sent (next hop permitting), else what to do instead.
 */
SP_INLINE enum sp_verdict sp_judge(const struct sp_table *table, const struct sp_packet *packet,
				   __u64 now_ns, const struct sp_hit *hit)
{
	return hit->direction == SP_TOWARD_VM ? sp_judge_client(table, packet, now_ns, hit)
					      : sp_judge_vm(table, packet, now_ns, hit);
}

/* Both in one. */
SP_INLINE enum sp_verdict sp_decide(const struct sp_table *table, const struct sp_packet *packet,
				    __u32 role, __u64 now_ns, struct sp_hit *hit)
{
	enum sp_verdict verdict = sp_find(table, packet, role, hit);

	return verdict == SP_FORWARDED ? sp_judge(table, packet, now_ns, hit) : verdict;
}

/*
 * For a lane, which has only found where a packet's slot may be. Result: whether sp_find() and
 * sp_judge() would have it sent on, but for two questions still to be asked: is its client on the
 * allow-list, and can a client have that address? What is refused here is for them to look at.
 * own: whether it may be an address of a prefix that led to the slot.
 */
SP_INLINE int sp_is_plain(const struct sp_packet *packet, __u64 now_ns, const struct sp_hit *hit,
			  const int own)
{
	const struct sp_slot *slot = hit->slot;

	if (sp_life_state(hit->life) != SP_SLOT_LIVE || now_ns >= SP_LOAD(slot->deadline_ns) ||
	    packet->ttl <= 1)
		return 0;
	if (hit->direction == SP_TOWARD_VM)
		return sp_slot_has_public(slot, packet, own) &&
		       (slot->protocol_mask & packet->protocol);
	return sp_slot_has_endpoint(slot, packet) &&
	       (packet->tcp_flags & (SP_TCP_SYN | SP_TCP_ACK)) != SP_TCP_SYN;
}

/* Result: the connection as it is to leave: one end replaced, the client's address kept. */
SP_INLINE struct sp_tuple sp_tuple_after(const struct sp_tuple *before, const struct sp_hit *hit)
{
	struct sp_tuple after = *before;

	if (hit->direction == SP_TOWARD_VM) {
		after.to = hit->slot->vm_addr;
		after.to_port_be = hit->slot->vm_port_be;
	} else {
		after.from = hit->slot->public_addr;
		after.from_port_be = hit->slot->public_port_be;
	}
	return after;
}
