/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a translated packet goes next: the route by longest prefix, then the neighbour by exact
 * address. The main lcore writes, after the kernel; workers read without locks. A route names a
 * port and perhaps a gateway, never a link address: so when a gateway's neighbour entry changes,
 * nothing but that entry has to.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_prefetch.h>

#include <sallyport/addr.h>
#include <sallyport/table.h>

#define NEXTHOP_ROUTES_MAX     16384u /* of each family */
#define NEXTHOP_GATEWAYS_MAX   4096u  /* (gateway, port, MTU) in the life of the process */
#define NEXTHOP_NEIGHBOURS     262144u
#define NEXTHOP_PROBES	       16u
#define NEXTHOP_NO_ROUTE_INDEX 0u

/* Bytes of EAL memory that the tables take, for whoever sizes it. */
#define NEXTHOP_MEMORY_BYTES (112ull << 20)

/* What a route says. Immutable once a route names it. */
struct nexthop_gateway {
	struct sp_addr addr; /* all zero: on link */
	uint32_t port_index;
	uint32_t on_link;
	uint32_t mtu; /* that the route insists on, 0: none */
	uint32_t reserved;
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
_Static_assert(sizeof(struct nexthop_neighbour) == 32, "two a cache line");

struct rte_fib;
struct rte_fib6;

struct nexthops {
	struct rte_fib *fib4;
	struct rte_fib6 *fib6;
	struct nexthop_gateway *gateways; /* [0] is no route */
	struct nexthop_neighbour *neighbours;
	_Atomic uint32_t epoch; /* another one after each change, never 0 */
	uint32_t nr_gateways;	/* writer only */
	uint32_t nr_refused;	/* writer only: routes and neighbours that found no room */
};

/* A route, as the kernel has it. */
struct nexthop_route {
	struct sp_addr prefix;
	uint8_t family; /* 4 or 6 */
	uint8_t depth;	/* in bits of that family */
	uint32_t gateway_index;
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
 * Looks up the routes of n (<= 64) destinations; ret_index[i] indexes nexthops->gateways. Any
 * thread.
 */
void nexthop_route_find(const struct nexthops *nexthops, const struct sp_addr *const *to,
			const uint8_t *families, uint64_t *ret_index, uint32_t n);

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
