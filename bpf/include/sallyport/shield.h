/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/*
 * The shield: how many new connections one source may open in a time, and how many a lease takes
 * from all sources (limits.syn_per_source, limits.syn_per_lease). TCP opens with a SYN, UDP with
 * the first packet of a source that has not been seen of late. A source is an address of IPv4, or
 * 64 bits of one of IPv6.
 *
 * A lease has words of its own. Sources share a table of fixed size, in which each counts at two
 * places and goes by the lesser: nothing is ever forgotten early, and who has opened nothing is
 * held up only where others fill both places. What is refused is counted at neither, and a lease is
 * asked before its source, so a flood at one lease enters into the table what that lease takes, no
 * more.
 */
#pragma once

#include <linux/types.h>

#include "addr.h"
#include "compiler.h"
#include "decide.h"
#include "limit.h"
#include "parse.h"
#include "table.h"
#include "verdict.h"
#include "wire.h"

#define SP_SOURCE_SEED	0x736f757263657321ULL
#define SP_SEEN_STEP	30   /* a unit of time of about a second: 2^30 ns */
#define SP_SEEN_KEPT	120u /* so many units after its last packet a source is a new one */
#define SP_SEEN_ENTRIES SP_LIMIT_WORDS /* places for one source, all on one line */

/* What is knocked at; both have their own limit for each lease, so neither starves the other. */
enum sp_door {
	SP_DOOR_NONE,
	SP_DOOR_VM,	 /* the lease's VM */
	SP_DOOR_EXPLAIN, /* the host itself, who answers for a lease that is not open to this client
			  */
};

/*
 * Result: the door that a packet, judged so, knocks at: whether it would open a connection. All but
 * a few of the packets that a lease carries end here.
 */
SP_INLINE enum sp_door sp_shield_door(const struct sp_packet *packet, const struct sp_hit *hit,
				      enum sp_verdict verdict)
{
	int syn = packet->tcp_flags & SP_TCP_SYN;

	if (hit->direction != SP_TOWARD_VM || packet->kind != SP_KIND_L4)
		return SP_DOOR_NONE;
	if (verdict == SP_FORWARDED)
		return syn || packet->protocol == SP_PROTOCOL_UDP ? SP_DOOR_VM : SP_DOOR_NONE;
	if (verdict == SP_RESERVED || verdict == SP_ENDED || verdict == SP_EXPIRED ||
	    verdict == SP_NOT_ALLOWED)
		return syn ? SP_DOOR_EXPLAIN : SP_DOOR_NONE;
	return SP_DOOR_NONE;
}

/* A packet that knocks, as values alone, for the XDP program hands them on one by one. */
struct sp_knock {
	__u64 source;
	__u32 usage_index; /* of the lease */
	__u32 generation;
	__u32 door;	/* enum sp_door, not SP_DOOR_NONE */
	__u32 protocol; /* enum sp_protocol_mask */
};

/* Result: the part of a client's address that stands for whoever has it. */
SP_INLINE __u64 sp_shield_source(const struct sp_addr *client)
{
	__u32 half = sp_addr_is_v4(client) ? 2 : 0;

	return (__u64)client->word_be[half] << 32 | client->word_be[half + 1];
}

SP_INLINE struct sp_knock sp_shield_knock(const struct sp_packet *packet, const struct sp_hit *hit,
					  enum sp_door door)
{
	struct sp_knock knock = {
		.source = sp_shield_source(&packet->tuple.from),
		.usage_index = hit->slot->usage_index,
		.generation = sp_life_generation(hit->life),
		.door = door,
		.protocol = packet->protocol,
	};

	return knock;
}

/* The limits in force, and the words of a row that a packet which knocks is counted in. */
struct sp_places {
	__u64 per_lease;
	__u64 per_source;
	__u32 lease;
	__u32 source[2];
	__u32 refused;
	__u64 seen_hash;
};

/* Result: a well spread hash, whose seed nobody outside knows. */
SP_INLINE __u64 sp_shield_hash(__u64 value, __u64 seed)
{
	__u64 hash = (value ^ seed) * 0xbf58476d1ce4e5b9ULL;

	hash = (hash ^ hash >> 29 ^ seed) * 0x94d049bb133111ebULL;
	return hash ^ hash >> 31;
}

SP_INLINE struct sp_places sp_shield_places(const struct sp_table *table,
					    const struct sp_knock *knock)
{
	const struct sp_settings *settings = sp_table_settings(table);
	__u32 nr_usage = sp_table_nr_usage(table), first = SP_LIMIT_SOURCE_FIRST(nr_usage);
	__u64 hash = sp_shield_hash(knock->source, sp_table_hash_seed(table) ^ SP_SOURCE_SEED);
	struct sp_places places = {
		.per_lease = settings ? SP_LOAD(settings->syn_per_lease) : 0,
		.per_source = settings ? SP_LOAD(settings->syn_per_source) : 0,
		.lease = knock->usage_index * 2 + (knock->door == SP_DOOR_EXPLAIN),
		.source = {first + ((__u32)hash & (SP_SOURCE_WORDS - 1)),
			   first + ((__u32)(hash >> 32) & (SP_SOURCE_WORDS - 1))},
		.refused = SP_LIMIT_REFUSED_FIRST(nr_usage) + knock->usage_index * 2,
		.seen_hash = sp_shield_hash(hash, knock->usage_index),
	};

	return places;
}

/* Result: SP_FORWARDED if it may be let in, else why not. Writes nothing. */
SP_INLINE enum sp_verdict sp_shield_ask(const struct sp_table *table, const struct sp_rows *rows,
					const struct sp_places *places, __u64 now_ns)
{
	if (places->per_lease &&
	    !sp_limit_ask(table, rows, places->lease, places->per_lease, now_ns))
		return SP_LEASE_LIMITED;
	if (places->per_source &&
	    !sp_limit_ask(table, rows, places->source[0], places->per_source, now_ns) &&
	    !sp_limit_ask(table, rows, places->source[1], places->per_source, now_ns))
		return SP_SOURCE_LIMITED;
	return SP_FORWARDED;
}

SP_INLINE void sp_shield_count(const struct sp_table *table, __u32 row,
			       const struct sp_places *places, __u64 now_ns)
{
	if (places->per_lease)
		sp_limit_count(table, row, places->lease, places->per_lease, now_ns);
	if (!places->per_source)
		return;
	sp_limit_count(table, row, places->source[0], places->per_source, now_ns);
	if (places->source[1] != places->source[0])
		sp_limit_count(table, row, places->source[1], places->per_source, now_ns);
}

/* Counts what was refused of a lease, in one row. */
SP_INLINE void sp_shield_refused(const struct sp_table *table, __u32 row, __u32 word,
				 __u32 generation, __u64 now_ns)
{
	__u64 *refused = sp_table_limit(table, row, word);
	__u64 *last_ns = sp_table_limit(table, row, word + 1);

	if (!refused || !last_ns)
		return;
	if (*refused >> 32 != generation)
		SP_STORE(*refused, (__u64)generation << 32);
	SP_STORE(*refused, *refused + 1);
	SP_STORE(*last_ns, now_ns);
}

/* Sources of UDP are remembered for each lease: a word is a part of the hash above the time. */
SP_INLINE __u32 sp_seen_tag(__u64 hash)
{
	return (__u32)(hash >> 32) | 1;
}

SP_INLINE __u32 sp_seen_first(const struct sp_table *table, __u64 hash)
{
	return SP_LIMIT_SEEN_FIRST(sp_table_nr_usage(table)) +
	       ((__u32)hash & (SP_SEEN_WORDS / SP_SEEN_ENTRIES - 1)) * SP_SEEN_ENTRIES;
}

/* Result: whether the source has lately sent to this lease, which is then noted anew. */
SP_INLINE int sp_seen(const struct sp_table *table, __u32 row, __u64 hash, __u64 now_ns)
{
	__u32 first = sp_seen_first(table, hash), now = (__u32)(now_ns >> SP_SEEN_STEP);

	for (__u32 i = 0; i < SP_SEEN_ENTRIES; i++) {
		__u64 *place = sp_table_limit(table, row, first + i);

		if (!place)
			return 0;
		if (*place >> 32 != sp_seen_tag(hash))
			continue;
		if (now - (__u32)*place > SP_SEEN_KEPT)
			return 0;
		if ((__u32)*place != now)
			SP_STORE(*place, *place >> 32 << 32 | now);
		return 1;
	}
	return 0;
}

/* Remembers a source in the place of itself, or of the one that has been silent for longest. */
SP_INLINE void sp_seen_add(const struct sp_table *table, __u32 row, __u64 hash, __u64 now_ns)
{
	__u32 first = sp_seen_first(table, hash), now = (__u32)(now_ns >> SP_SEEN_STEP);
	__u32 oldest = 0, silent = 0;
	__u64 *place;

	for (__u32 i = 0; i < SP_SEEN_ENTRIES; i++) {
		place = sp_table_limit(table, row, first + i);
		if (!place)
			return;
		if (*place >> 32 == sp_seen_tag(hash)) {
			oldest = i;
			break;
		}
		if (now - (__u32)*place > silent) {
			silent = now - (__u32)*place;
			oldest = i;
		}
	}
	place = sp_table_limit(table, row, first + oldest);
	if (place)
		SP_STORE(*place, (__u64)sp_seen_tag(hash) << 32 | now);
}

/* Result: whether anything is limited. */
SP_INLINE int sp_shield_is_on(const struct sp_table *table)
{
	const struct sp_settings *settings = sp_table_settings(table);

	return settings && (SP_LOAD(settings->syn_per_lease) || SP_LOAD(settings->syn_per_source));
}

/*
 * Result: whether who knocks is let in without being counted: nothing is limited, or a source of
 * UDP has lately sent to this lease, which is then noted anew.
 */
SP_INLINE int sp_shield_knows(const struct sp_table *table, __u32 row,
			      const struct sp_places *places, __u32 protocol, __u64 now_ns)
{
	if (!places->per_lease && !places->per_source)
		return 1;
	return protocol == SP_PROTOCOL_UDP && sp_seen(table, row, places->seen_hash, now_ns);
}

/*
 * Lets a packet that knocks in, or not, and counts it in the caller's own row. Result: SP_FORWARDED
 * if its verdict stands, or SP_LEASE_LIMITED or SP_SOURCE_LIMITED in the place of that.
 */
SP_INLINE enum sp_verdict sp_shield(const struct sp_table *table, const struct sp_rows *rows,
				    const struct sp_knock *knock, __u64 now_ns)
{
	struct sp_places places = sp_shield_places(table, knock);
	enum sp_verdict asked;

	if (sp_shield_knows(table, rows->own, &places, knock->protocol, now_ns))
		return SP_FORWARDED;
	asked = sp_shield_ask(table, rows, &places, now_ns);
	if (asked != SP_FORWARDED) {
		sp_shield_refused(table, rows->own, places.refused, knock->generation, now_ns);
		return asked;
	}
	sp_shield_count(table, rows->own, &places, now_ns);
	if (knock->protocol == SP_PROTOCOL_UDP)
		sp_seen_add(table, rows->own, places.seen_hash, now_ns);
	return SP_FORWARDED;
}
