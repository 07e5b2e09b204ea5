/* SPDX-License-Identifier: BSD-3-Clause */
#include "hop/nexthop.h"

#include <errno.h>
#include <string.h>

#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_malloc.h>
#include <rte_memory.h>

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

static void *make(const char *what, size_t nr, size_t bytes)
{
	return rte_zmalloc(what, nr * bytes, RTE_CACHE_LINE_SIZE);
}

/* The first record of each kind is there from the beginning. */
static int open_records(struct nexthops *nexthops)
{
	nexthops->gateways = make("gateways", NEXTHOP_GATEWAYS_MAX, sizeof(*nexthops->gateways));
	nexthops->groups = make("groups", NEXTHOP_GROUPS_MAX, sizeof(*nexthops->groups));
	nexthops->sources = make("sources", NEXTHOP_LISTS_MAX, sizeof(*nexthops->sources));
	nexthops->leaves = make("leaves", NEXTHOP_LEAVES_MAX, sizeof(*nexthops->leaves));
	nexthops->neighbours =
		make("neighbours", NEXTHOP_NEIGHBOURS, sizeof(*nexthops->neighbours));
	if (!nexthops->gateways || !nexthops->groups || !nexthops->sources || !nexthops->leaves ||
	    !nexthops->neighbours)
		return -ENOMEM;
	nexthops->gateways[NEXTHOP_NO_ROUTE_INDEX].port_index = NEXTHOP_NO_PORT;
	nexthops->nr_gateways = nexthops->nr_groups = 1;
	nexthops->nr_sources = nexthops->nr_leaves = 1;
	return 0;
}

int nexthops_open(struct nexthops *nexthops)
{
	int r;

	memset(nexthops, 0, sizeof(*nexthops));
	begin_epoch(nexthops);
	r = open_records(nexthops);
	if (r == 0)
		r = open_fibs(nexthops);
	if (r < 0)
		nexthops_close(nexthops);
	return r;
}

void nexthops_close(struct nexthops *nexthops)
{
	rte_fib_free(nexthops->fib4);
	rte_fib6_free(nexthops->fib6);
	rte_free(nexthops->gateways);
	rte_free(nexthops->groups);
	rte_free(nexthops->sources);
	rte_free(nexthops->leaves);
	rte_free(nexthops->neighbours);
	memset(nexthops, 0, sizeof(*nexthops));
}

/* Records of one kind that are named once. */
struct names {
	void *records;
	size_t bytes; /* of one */
	uint32_t first;
	uint32_t max;
	uint32_t *nr;
};

/* Whole before its index is known to anybody. Result: as of nexthop_gateway_name(). */
static int name(struct nexthops *nexthops, const struct names *names, const void *wanted,
		uint32_t *ret_index)
{
	uint8_t *records = names->records;

	for (uint32_t i = names->first; i < *names->nr; i++) {
		if (memcmp(&records[i * names->bytes], wanted, names->bytes) == 0) {
			*ret_index = i;
			return 0;
		}
	}
	if (*names->nr == names->max) {
		nexthops->nr_refused++;
		return -ENOSPC;
	}
	memcpy(&records[*names->nr * names->bytes], wanted, names->bytes);
	atomic_thread_fence(memory_order_release);
	*ret_index = (*names->nr)++;
	return 0;
}

int nexthop_gateway_name(struct nexthops *nexthops, const struct nexthop_gateway *wanted,
			 uint32_t *ret_index)
{
	const struct names names = {nexthops->gateways, sizeof(*wanted), 1, NEXTHOP_GATEWAYS_MAX,
				    &nexthops->nr_gateways};

	return name(nexthops, &names, wanted, ret_index);
}

int nexthop_group_name(struct nexthops *nexthops, const struct nexthop_group *wanted,
		       uint32_t *ret_index)
{
	const struct names names = {nexthops->groups, sizeof(*wanted), 1, NEXTHOP_GROUPS_MAX,
				    &nexthops->nr_groups};
	struct nexthop_gateway gateway = {.port_index = NEXTHOP_NO_PORT};
	int r = name(nexthops, &names, wanted, &gateway.group);

	return r < 0 ? r : nexthop_gateway_name(nexthops, &gateway, ret_index);
}

int nexthop_sources_name(struct nexthops *nexthops, const struct nexthop_sources *wanted,
			 uint32_t *ret_index)
{
	const struct names names = {nexthops->sources, sizeof(*wanted), 0, NEXTHOP_LISTS_MAX,
				    &nexthops->nr_sources};

	return name(nexthops, &names, wanted, ret_index);
}

int nexthop_leaf_name(struct nexthops *nexthops, const struct nexthop_leaf *wanted,
		      uint32_t *ret_index)
{
	const struct names names = {nexthops->leaves, sizeof(*wanted), 0, NEXTHOP_LEAVES_MAX,
				    &nexthops->nr_leaves};

	return name(nexthops, &names, wanted, ret_index);
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
				route->leaf_index);
	else
		r = rte_fib6_add(nexthops->fib6, (const void *)&route->prefix, route->depth,
				 route->leaf_index);
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
		r = rte_fib6_delete(nexthops->fib6, (const void *)&route->prefix, route->depth);
	begin_epoch(nexthops);
	return r;
}

static void find_leaves(const struct nexthops *nexthops, const struct sp_tuple *const *packets,
			const uint8_t *families, uint64_t *ret_leaf, uint32_t n)
{
	uint32_t v4[NEXTHOP_FIND_MAX], of[NEXTHOP_FIND_MAX], nr_v4 = 0;
	uint64_t found[NEXTHOP_FIND_MAX];

	for (uint32_t i = 0; i < n; i++) {
		struct sp_addr v6;

		if (likely(families[i] == 4)) {
			v4[nr_v4] = host_v4(&packets[i]->to);
			of[nr_v4++] = i;
			continue;
		}
		v6 = packets[i]->to;
		rte_fib6_lookup_bulk(nexthops->fib6, (void *)&v6, &ret_leaf[i], 1);
	}
	rte_fib_lookup_bulk(nexthops->fib4, v4, found, (int)nr_v4);
	for (uint32_t i = 0; i < nr_v4; i++)
		ret_leaf[of[i]] = found[i];
}

/* Result: where in a leaf with that list the source has its place. */
static uint32_t place_of(const struct nexthop_sources *sources, const struct sp_addr *from)
{
	for (uint32_t i = 0; i < sources->nr; i++)
		if (sp_prefix_contains(&sources->prefix[i], from))
			return i + 1;
	return 0;
}

/* One packet's of a group, always the same for its addresses: one that leaves by that port. */
static const struct nexthop_gateway *choose(const struct nexthops *nexthops,
					    const struct nexthop_group *group,
					    const struct sp_tuple *packet, uint32_t port_index)
{
	uint32_t first = (uint32_t)sp_addr_hash(&packet->to, sp_addr_hash(&packet->from, 0));

	for (uint32_t i = 0; i < NEXTHOP_BUCKETS; i++) {
		const struct nexthop_gateway *gateway =
			&nexthops->gateways[group->gateway[(first + i) % NEXTHOP_BUCKETS]];

		if (gateway->port_index == port_index)
			return gateway;
	}
	return &nexthops->gateways[NEXTHOP_NO_ROUTE_INDEX];
}

void nexthop_way_find(const struct nexthops *nexthops, const struct sp_tuple *const *packets,
		      const uint8_t *families, uint32_t port_index, struct nexthop_way *ret,
		      uint32_t n)
{
	uint64_t found[NEXTHOP_FIND_MAX];

	find_leaves(nexthops, packets, families, found, n);
	for (uint32_t i = 0; i < n; i++) {
		const struct nexthop_leaf *leaf = &nexthops->leaves[found[i]];
		const struct nexthop_gateway *gateway;
		uint32_t place = 0;

		if (unlikely(leaf->sources != 0))
			place = place_of(&nexthops->sources[leaf->sources], &packets[i]->from);
		gateway = &nexthops->gateways[leaf->gateway[place]];
		ret[i] = (struct nexthop_way){.gateway = gateway,
					      .for_all_senders = leaf->sources == 0};
		if (unlikely(gateway->group != 0)) {
			ret[i].group = &nexthops->groups[gateway->group];
			ret[i].gateway = choose(nexthops, ret[i].group, packets[i], port_index);
		}
	}
}

static void find_leaves_of(const struct nexthops *nexthops, union nexthop_targets *targets,
			   uint8_t family, uint64_t *ret_leaf, uint32_t n)
{
	if (family == 6)
		rte_fib6_lookup_bulk(nexthops->fib6, (void *)targets->v6, ret_leaf, (int)n);
	else
		rte_fib_lookup_bulk(nexthops->fib4, targets->v4, ret_leaf, (int)n);
}

/* Result: the gateway of all packets to a prefix, or NULL if it depends. */
static const struct nexthop_gateway *only_gateway(const struct nexthops *nexthops,
						  uint64_t leaf_index, uint32_t port_index)
{
	const struct nexthop_leaf *leaf = &nexthops->leaves[leaf_index];
	const struct nexthop_gateway *gateway = &nexthops->gateways[leaf->gateway[0]];

	if (leaf->sources != 0 || gateway->group != 0 || gateway->mtu != 0 ||
	    gateway->port_index != port_index)
		return NULL;
	return gateway;
}

/* Result: the word of the neighbour that a target on the link is, or 0. */
static uint64_t hop_on_link(const struct nexthops *nexthops, const union nexthop_targets *targets,
			    uint8_t family, uint32_t port_index, uint32_t i)
{
	struct sp_addr addr =
		family == 6 ? targets->v6[i] : sp_addr_from_v4(SP_BE32(targets->v4[i]));

	return nexthop_neighbour_find(nexthops, &addr, port_index);
}

/* Result: where those of the same leaf as the first one end. */
static uint32_t end_of_run(const uint64_t *leaves, uint32_t first, uint32_t n)
{
	uint64_t different = 0;

	/* Mostly all are of one: no branch for each, when the run may be all. */
	for (uint32_t i = 0; first == 0 && i < n; i++)
		different |= leaves[i] ^ leaves[0];
	if (likely(first == 0 && different == 0))
		return n;
	for (uint32_t i = first + 1; i < n; i++)
		if (leaves[i] != leaves[first])
			return i;
	return n;
}

void nexthop_hop_find(const struct nexthops *nexthops, union nexthop_targets *targets,
		      uint8_t family, uint32_t port_index, uint64_t *ret_hops, uint32_t n)
{
	uint64_t found[NEXTHOP_FIND_MAX], hop;
	uint32_t end;

	find_leaves_of(nexthops, targets, family, found, n);
	for (uint32_t i = 0; i < n; i = end) {
		const struct nexthop_gateway *gateway =
			only_gateway(nexthops, found[i], port_index);

		end = end_of_run(found, i, n);
		if (gateway && gateway->on_link) {
			for (uint32_t at = i; at < end; at++)
				ret_hops[at] =
					hop_on_link(nexthops, targets, family, port_index, at);
			continue;
		}
		hop = gateway ? nexthop_neighbour_find(nexthops, &gateway->addr, port_index) : 0;
		for (uint32_t at = i; at < end; at++)
			ret_hops[at] = hop;
	}
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
