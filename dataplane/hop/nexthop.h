/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a translated packet goes next: the route by longest prefix of the target, then by the
 * source where that matters, then the neighbour by exact address. The main lcore writes, after the
 * kernel; workers read without locks. A route names a port and perhaps a gateway, never a link
 * address: so when a gateway's neighbour entry changes, nothing but that entry has to.
 *
 * Gateways, groups, leaves and lists of sources are named once and never change, so that a reader
 * finds each of them whole, and a leaf with the very list of sources that it was made for.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_prefetch.h>

#include <sallyport/addr.h>
#include <sallyport/parse.h>
#include <sallyport/table.h>

#define NEXTHOP_ROUTES_MAX     16384u /* of each family */
#define NEXTHOP_GATEWAYS_MAX   4096u  /* (gateway, port, MTU) in the life of the process */
#define NEXTHOP_GROUPS_MAX     1024u  /* likewise, of routes with several gateways */
#define NEXTHOP_LEAVES_MAX     4096u  /* likewise */
#define NEXTHOP_LISTS_MAX      64u    /* likewise, of sources */
#define NEXTHOP_SOURCES	       30u    /* prefixes in a list */
#define NEXTHOP_BUCKETS	       16u    /* of a group */
#define NEXTHOP_NEIGHBOURS     262144u
#define NEXTHOP_PROBES	       16u
#define NEXTHOP_FIND_MAX       64u /* packets of a look-up */
#define NEXTHOP_NO_ROUTE_INDEX 0u  /* of gateways and of leaves */
#define NEXTHOP_NO_PORT	       UINT32_MAX

/* Bytes of EAL memory that the tables take, for whoever sizes it. */
#define NEXTHOP_MEMORY_BYTES (112ull << 20)

/* What a route says. Immutable once a route names it. */
struct nexthop_gateway {
	struct sp_addr addr; /* all zero: on link */
	uint32_t port_index;
	uint32_t on_link;
	uint32_t mtu;	/* that the route insists on, 0: none */
	uint32_t group; /* not one but one of these, by the packet's addresses; 0: none */
};

/* Indexes of gateways, each as often as its weight says. */
struct nexthop_group {
	uint16_t gateway[NEXTHOP_BUCKETS];
};

/* Prefixes of one family that sources are told apart by, the longer ones first. */
struct nexthop_sources {
	uint32_t nr;
	uint32_t reserved[3];
	struct sp_prefix prefix[NEXTHOP_SOURCES];
};

/* What a prefix of targets leads to, by source. */
struct nexthop_leaf {
	uint16_t sources;		       /* index of the list, 0: the same for all */
	uint16_t gateway[NEXTHOP_SOURCES + 1]; /* [0]: of sources in no prefix of the list */
};

/* A neighbour's link address in the low 48 bits, its port in the next 8; 0: none here. */
#define NEXTHOP_PRESENT (1ull << 63)

/*
 * word is cleared before addr changes and stored after it, so a reader who finds the same word
 * before and after comparing addr has read a whole record.
 */
struct nexthop_neighbour {
	struct sp_addr addr;
	_Atomic uint64_t word;
	uint64_t generation; /* writer only: of the last dump that had it */
};

_Static_assert(sizeof(struct nexthop_gateway) == 32, "two a cache line");
_Static_assert(sizeof(struct nexthop_leaf) == 64, "a leaf is one cache line");
_Static_assert(sizeof(struct nexthop_neighbour) == 32, "two a cache line");

struct rte_fib;
struct rte_fib6;

struct nexthops {
	struct rte_fib *fib4;
	struct rte_fib6 *fib6;
	struct nexthop_gateway *gateways; /* [0] is no route */
	struct nexthop_group *groups;	  /* [0] is none */
	struct nexthop_sources *sources;  /* [0] tells nobody apart */
	struct nexthop_leaf *leaves;	  /* [0] is no route for anybody */
	struct nexthop_neighbour *neighbours;
	_Atomic uint32_t epoch; /* another one after each change, never 0 */
	_Atomic uint32_t left;	/* enum sp_left: why these are not what the kernel would say */
	uint32_t nr_gateways;	/* writer only, like all that follows */
	uint32_t nr_groups;
	uint32_t nr_sources;
	uint32_t nr_leaves;
	uint32_t nr_refused; /* routes and neighbours that found no room */
};

/* What is to be known of a prefix of targets. */
struct nexthop_route {
	struct sp_addr prefix;
	uint8_t family; /* 4 or 6 */
	uint8_t depth;	/* in bits of that family */
	uint32_t leaf_index;
};

/* The way of one packet. */
struct nexthop_way {
	const struct nexthop_gateway *gateway; /* never NULL */
	const struct nexthop_group *group;     /* that it was chosen from, or NULL */
	bool for_all_senders;		       /* to this target */
};

/* Of one family, as librte_fib wants them. */
union nexthop_targets {
	uint32_t v4[NEXTHOP_FIND_MAX]; /* in host order */
	struct sp_addr v6[NEXTHOP_FIND_MAX];
};

/*
 * Takes EAL memory for the tables, empty. Result: 0, -ENOMEM, or what librte_fib said. Main lcore.
 * Free with nexthops_close(), which takes NULL members.
 */
int nexthops_open(struct nexthops *nexthops);
void nexthops_close(struct nexthops *nexthops);

/* Result: the record of a gateway behind a port; addr NULL for "on link". */
static inline struct nexthop_gateway nexthop_gateway_of(const struct sp_addr *addr,
							uint32_t port_index)
{
	struct nexthop_gateway gateway = {.port_index = port_index, .on_link = addr == NULL};

	if (addr)
		gateway.addr = *addr;
	return gateway;
}

/*
 * Finds or keeps a record equal to that one. Main lcore. Result: 0, or -ENOSPC (counted) when all
 * NEXTHOP_GATEWAYS_MAX have been named.
 */
int nexthop_gateway_name(struct nexthops *nexthops, const struct nexthop_gateway *wanted,
			 uint32_t *ret_index);

/*
 * Likewise of a group: ret_index is that of a gateway record that stands for it; of a list of
 * sources, and of a leaf. What is not used of them is zero. Main lcore.
 */
int nexthop_group_name(struct nexthops *nexthops, const struct nexthop_group *wanted,
		       uint32_t *ret_index);
int nexthop_sources_name(struct nexthops *nexthops, const struct nexthop_sources *wanted,
			 uint32_t *ret_index);
int nexthop_leaf_name(struct nexthops *nexthops, const struct nexthop_leaf *wanted,
		      uint32_t *ret_index);

/* Set or take away a route. Main lcore. Result: 0, or -errno from librte_fib (set: counted). */
int nexthop_route_set(struct nexthops *nexthops, const struct nexthop_route *route);
int nexthop_route_clear(struct nexthops *nexthops, const struct nexthop_route *route);

/*
 * Sets what is known of a neighbour: its link address (6 bytes), or NULL once it is not. Main
 * lcore. generation marks it as seen in that dump. Result: 0, or -ENOSPC (counted).
 */
int nexthop_neighbour_set(struct nexthops *nexthops, const struct sp_addr *addr,
			  uint32_t port_index, const uint8_t *link_addr, uint64_t generation);

/* Forgets the neighbours that the dump of this generation did not have. Main lcore. */
void nexthop_neighbour_sweep(struct nexthops *nexthops, uint64_t generation);

/*
 * Looks up the ways of n (<= NEXTHOP_FIND_MAX) packets of these families, which are to leave by
 * that port if they have the choice. What leads nowhere has a gateway whose port is no port. Any
 * thread.
 */
void nexthop_way_find(const struct nexthops *nexthops, const struct sp_tuple *const *packets,
		      const uint8_t *families, uint32_t port_index, struct nexthop_way *ret,
		      uint32_t n);

/*
 * For n (<= NEXTHOP_FIND_MAX) targets of one family, of packets that leave by that port: the
 * neighbour's word where the way is the same for all senders, by one gateway or straight, with no
 * MTU of its own; else, or if its link address is not known, 0: then ask nexthop_way_find(). Any
 * thread.
 */
void nexthop_hop_find(const struct nexthops *nexthops, union nexthop_targets *targets,
		      uint8_t family, uint32_t port_index, uint64_t *ret_hops, uint32_t n);

/*
 * Result: a number that is another one, never 0, whenever a look-up could have another outcome than
 * one made since the number was the same. Load it first. Any thread.
 */
static inline uint32_t nexthop_epoch(const struct nexthops *nexthops)
{
	return atomic_load_explicit(&nexthops->epoch, memory_order_acquire);
}

/* Result: the first of the NEXTHOP_PROBES consecutive records that can hold a neighbour. */
static inline uint32_t nexthop_neighbour_first(const struct sp_addr *addr)
{
	return (uint32_t)sp_addr_hash(addr, 0) & (NEXTHOP_NEIGHBOURS - 1);
}

/* Result: a neighbour's word, or 0 if its link address is not known. Any thread. */
static inline uint64_t nexthop_neighbour_find(const struct nexthops *nexthops,
					      const struct sp_addr *addr, uint32_t port_index)
{
	uint32_t first = nexthop_neighbour_first(addr);

	for (uint32_t i = 0; i < NEXTHOP_PROBES; i++) {
		struct nexthop_neighbour *record =
			&nexthops->neighbours[(first + i) & (NEXTHOP_NEIGHBOURS - 1)];
		uint64_t word = atomic_load_explicit(&record->word, memory_order_acquire);

		if (word == 0 || (uint8_t)(word >> 48) != port_index ||
		    !sp_addr_equal(&record->addr, addr))
			continue;
		atomic_thread_fence(memory_order_acquire);
		if (likely(atomic_load_explicit(&record->word, memory_order_relaxed) == word))
			return word;
	}
	return 0;
}
