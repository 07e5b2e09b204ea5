/* SPDX-License-Identifier: BSD-3-Clause */
#include "hop/nexthop.h"

#include <errno.h>
#include <string.h>

#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_malloc.h>
#include <rte_memory.h>

#define FIND_MAX   64u
#define TBL8_OF_V4 1024u /* distinct /24s that hold longer prefixes */
#define TBL8_OF_V6 8192u /* a /128 of its own takes up to 13 */

/* After the change, so that whoever sees the new number sees the change. */
static void begin_epoch(struct nexthops *nexthops)
{
	uint32_t next = atomic_load_explicit(&nexthops->epoch, memory_order_relaxed) + 1;

	atomic_store_explicit(&nexthops->epoch, next ? next : 1, memory_order_release);
}

static int open_fibs(struct nexthops *nexthops)
{
	struct rte_fib_conf v4 = {
		.type = RTE_FIB_DIR24_8,
		.default_nh = NEXTHOP_NO_ROUTE_INDEX,
		.max_routes = NEXTHOP_ROUTES_MAX,
		.dir24_8 = {.nh_sz = RTE_FIB_DIR24_8_2B, .num_tbl8 = TBL8_OF_V4},
	};
	struct rte_fib6_conf v6 = {
		.type = RTE_FIB6_TRIE,
		.default_nh = NEXTHOP_NO_ROUTE_INDEX,
		.max_routes = NEXTHOP_ROUTES_MAX,
		.trie = {.nh_sz = RTE_FIB6_TRIE_2B, .num_tbl8 = TBL8_OF_V6},
	};

	nexthops->fib4 = rte_fib_create("routes4", SOCKET_ID_ANY, &v4);
	nexthops->fib6 = rte_fib6_create("routes6", SOCKET_ID_ANY, &v6);
	return nexthops->fib4 && nexthops->fib6 ? 0 : -ENOMEM;
}

int nexthops_open(struct nexthops *nexthops)
{
	int r;

	memset(nexthops, 0, sizeof(*nexthops));
	nexthops->gateways =
		rte_zmalloc("gateways", NEXTHOP_GATEWAYS_MAX * sizeof(*nexthops->gateways),
			    RTE_CACHE_LINE_SIZE);
	nexthops->neighbours =
		rte_zmalloc("neighbours", NEXTHOP_NEIGHBOURS * sizeof(*nexthops->neighbours),
			    RTE_CACHE_LINE_SIZE);
	nexthops->nr_gateways = 1;
	begin_epoch(nexthops);
	r = nexthops->gateways && nexthops->neighbours ? open_fibs(nexthops) : -ENOMEM;
	if (r < 0)
		nexthops_close(nexthops);
	return r;
}

void nexthops_close(struct nexthops *nexthops)
{
	rte_fib_free(nexthops->fib4);
	rte_fib6_free(nexthops->fib6);
	rte_free(nexthops->gateways);
	rte_free(nexthops->neighbours);
	memset(nexthops, 0, sizeof(*nexthops));
}

int nexthop_gateway_name(struct nexthops *nexthops, const struct nexthop_gateway *wanted,
			 uint32_t *ret_index)
{
	for (uint32_t i = 1; i < nexthops->nr_gateways; i++) {
		if (memcmp(&nexthops->gateways[i], wanted, sizeof(*wanted)) == 0) {
			*ret_index = i;
			return 0;
		}
	}
	if (nexthops->nr_gateways == NEXTHOP_GATEWAYS_MAX) {
		nexthops->nr_refused++;
		return -ENOSPC;
	}
	nexthops->gateways[nexthops->nr_gateways] = *wanted;
	atomic_thread_fence(memory_order_release);
	*ret_index = nexthops->nr_gateways++;
	return 0;
}

static uint32_t host_v4(const struct sp_addr *addr)
{
	return SP_HOST32(addr->word_be[3]);
}

int nexthop_route_set(struct nexthops *nexthops, const struct nexthop_route *route)
{
	int r;

	if (route->family == 4)
		r = rte_fib_add(nexthops->fib4, host_v4(&route->prefix), route->depth,
				route->gateway_index);
	else
		r = rte_fib6_add(nexthops->fib6, (const uint8_t *)&route->prefix, route->depth,
				 route->gateway_index);
	if (r < 0)
		nexthops->nr_refused++;
	begin_epoch(nexthops);
	return r;
}

int nexthop_route_clear(struct nexthops *nexthops, const struct nexthop_route *route)
{
	int r;

	if (route->family == 4)
		r = rte_fib_delete(nexthops->fib4, host_v4(&route->prefix), route->depth);
	else
		r = rte_fib6_delete(nexthops->fib6, (const uint8_t *)&route->prefix, route->depth);
	begin_epoch(nexthops);
	return r;
}

void nexthop_route_find(const struct nexthops *nexthops, const struct sp_addr *const *to,
			const uint8_t *families, uint64_t *ret_index, uint32_t n)
{
	uint32_t v4[FIND_MAX], of[FIND_MAX], nr_v4 = 0;
	uint64_t found[FIND_MAX];

	for (uint32_t i = 0; i < n; i++) {
		uint8_t v6[1][RTE_FIB6_IPV6_ADDR_SIZE];

		if (likely(families[i] == 4)) {
			v4[nr_v4] = host_v4(to[i]);
			of[nr_v4++] = i;
			continue;
		}
		memcpy(v6[0], to[i], sizeof(v6[0]));
		rte_fib6_lookup_bulk(nexthops->fib6, v6, &ret_index[i], 1);
	}
	rte_fib_lookup_bulk(nexthops->fib4, v4, found, (int)nr_v4);
	for (uint32_t i = 0; i < nr_v4; i++)
		ret_index[of[i]] = found[i];
}

static uint64_t make_word(const uint8_t *link_addr, uint32_t port_index)
{
	uint64_t word = 0;

	memcpy(&word, link_addr, 6);
	return NEXTHOP_PRESENT | (uint64_t)port_index << 48 | word;
}

static bool record_is(const struct nexthop_neighbour *record, const struct sp_addr *addr,
		      uint32_t port_index)
{
	uint64_t word = atomic_load_explicit(&record->word, memory_order_relaxed);

	return word != 0 && (uint8_t)(word >> 48) == port_index &&
	       sp_addr_equal(&record->addr, addr);
}

/* Result: the record that a neighbour has, else a free one where it may be, else NULL. */
static struct nexthop_neighbour *find_record(struct nexthops *nexthops, const struct sp_addr *addr,
					     uint32_t port_index)
{
	uint32_t first = nexthop_neighbour_first(addr);
	struct nexthop_neighbour *unused = NULL;

	for (uint32_t i = 0; i < NEXTHOP_PROBES; i++) {
		struct nexthop_neighbour *record =
			&nexthops->neighbours[(first + i) & (NEXTHOP_NEIGHBOURS - 1)];

		if (record_is(record, addr, port_index))
			return record;
		if (!unused && atomic_load_explicit(&record->word, memory_order_relaxed) == 0)
			unused = record;
	}
	return unused;
}

static void set_word(struct nexthops *nexthops, struct nexthop_neighbour *record, uint64_t word)
{
	if (atomic_load_explicit(&record->word, memory_order_relaxed) == word)
		return;
	atomic_store_explicit(&record->word, word, memory_order_release);
	begin_epoch(nexthops);
}

int nexthop_neighbour_set(struct nexthops *nexthops, const struct sp_addr *addr,
			  uint32_t port_index, const uint8_t *link_addr, uint64_t generation)
{
	struct nexthop_neighbour *record = find_record(nexthops, addr, port_index);

	if (!link_addr) {
		if (record && record_is(record, addr, port_index))
			set_word(nexthops, record, 0);
		return 0;
	}
	if (!record) {
		nexthops->nr_refused++;
		return -ENOSPC;
	}
	record->generation = generation;
	if (!record_is(record, addr, port_index)) {
		atomic_thread_fence(memory_order_release);
		record->addr = *addr;
	}
	set_word(nexthops, record, make_word(link_addr, port_index));
	return 0;
}

void nexthop_neighbour_sweep(struct nexthops *nexthops, uint64_t generation)
{
	for (uint32_t i = 0; i < NEXTHOP_NEIGHBOURS; i++) {
		struct nexthop_neighbour *record = &nexthops->neighbours[i];

		if (record->generation != generation)
			set_word(nexthops, record, 0);
	}
}
