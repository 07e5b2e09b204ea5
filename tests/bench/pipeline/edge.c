/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge.h"

#include <errno.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <sallyport/find.h>
#include <sallyport/limit.h>
#include <sallyport/link/hint.h>
#include <sallyport/near.h>

#include "host/allow.h"
#include "situation.h"
#include "traffic.h"

#define SEED	     0x5a11e
#define MTU	     1500
#define GATEWAY_V4   0xc00002fe /* 192.0.2.254 */
#define FEW_FLOWS    65536u
#define NR_BUFFERS   131071u
#define RING_PACKETS 512
/* A lease's line is one of many: a burst's frames need no room for more than their headers. */
#define SMALL_DATA_BYTES (RTE_PKTMBUF_HEADROOM + 128)
#define SMALL_CACHE	 256

static int add_endpoint(struct table_map *table, const struct sp_slot *slot, uint32_t slot_index)
{
	uint8_t protocol = slot->protocol_mask;
	uint64_t hash = sp_endpoint_hash(&slot->vm_addr, slot->vm_port_be, protocol, SEED);
	uint32_t first = sp_bucket_first(hash, table->nr_buckets);
	uint32_t other = sp_bucket_other(first, sp_hash_tag(hash), table->nr_buckets);

	for (uint32_t i = 0; i < 2 * SP_BUCKET_ENTRIES; i++) {
		struct sp_bucket *bucket = &table->endpoints[i < SP_BUCKET_ENTRIES ? first : other];
		__u64 *entry = &bucket->entry[i % SP_BUCKET_ENTRIES];

		if (*entry)
			continue;
		*entry = sp_entry_make(hash, slot_index);
		return 0;
	}
	return -ENOSPC;
}

static int add_lease(struct table_map *table, const struct situation *situation, uint32_t i)
{
	struct place place = situation_place(situation, i);
	uint32_t slot_index = sp_slot_index(place.public_index, place.slot_number);
	struct sp_slot *slot = &table->leases[slot_index];

	*slot = (struct sp_slot){.state = SP_SLOT_LIVE,
				 .generation = 1 + i,
				 .deadline_ns = UINT64_MAX,
				 .vm_addr = place.vm_addr,
				 .public_addr = place.public_addr,
				 .vm_port_be = SP_BE16(place.vm_port),
				 .public_port_be = SP_BE16(place.public_port),
				 .family = situation->family,
				 .protocol_mask = situation->ip_protocol == SP_IPPROTO_TCP
							  ? SP_PROTOCOL_TCP
							  : SP_PROTOCOL_UDP,
				 .allow_index = situation->nr_prefixes ? 1 : 0,
				 .usage_index = i};
	if (situation->captured && i == 0)
		slot->capture_until_s = UINT32_MAX;
	return add_endpoint(table, slot, slot_index);
}

/* The builds' networks: 10.0.0.0/8, 2001:db8:1::/48. */
static void add_networks(struct sp_settings *settings)
{
	settings->nr_networks[0] = 2;
	settings->networks[0][0].addr = sp_addr_from_v4(SP_BE32(0x0a000000));
	memset(&settings->networks[0][0].mask, 0xff, 13);
	settings->networks[0][1].addr =
		(struct sp_addr){.word_be = {SP_BE32(0x20010db8), SP_BE32(0x00010000)}};
	memset(&settings->networks[0][1].mask, 0xff, 6);
	for (uint32_t i = 0; i < settings->nr_networks[0]; i++)
		sp_near_add_network(settings, &settings->networks[0][i]);
}

static void add_publics(struct table_map *table, const struct situation *situation)
{
	for (uint32_t i = 0; i < situation->nr_publics; i++) {
		struct sp_addr addr = situation_public(situation, i);
		struct sp_addr key = situation->own ? sp_prefix_key(&addr) : addr;
		uint32_t at = sp_host_first(&key);

		while (table->hosts[at].kind != SP_HOST_NONE)
			at = (at + 1) & (SP_HOSTS - 1);
		table->hosts[at] =
			(struct sp_host){.addr = key,
					 .kind = situation->own ? SP_HOST_PREFIX : SP_HOST_PUBLIC,
					 .public_index = i};
		table->settings->has_prefixes = situation->own;
		sp_near_add_host(table->settings, &addr);
	}
}

/* As many prefixes as wanted, none beside another, of which the middle one holds every client. */
static void add_list(struct table_map *table, const struct situation *situation)
{
	struct sp_prefix prefix[SP_ALLOW_PREFIXES];

	for (uint32_t i = 0; i < situation->nr_prefixes; i++) {
		prefix[i].addr =
			sp_addr_from_v4(SP_BE32(i % 2 ? 0xcb007100u + i : 0xc6000000u + i));
		memset(&prefix[i].mask, 0xff, sizeof(prefix[i].mask));
	}
	if (situation->nr_prefixes == 0)
		return;
	/* 198.18.0.0/15, as in traffic.c */
	prefix[0].addr = sp_addr_from_v4(SP_BE32(0xc6120000u));
	prefix[0].mask.word_be[3] = SP_BE32(0xfffe0000u);
	allow_make(&table->allow[1], prefix, situation->nr_prefixes);
}

static int open_table(struct edge *edge, const struct situation *situation)
{
	struct sp_meta meta = {.nr_publics = situation->nr_publics,
			       .nr_buckets = 32768,
			       .nr_allow = 2,
			       .nr_usage = situation->nr_leases,
			       .nr_cpus = 1,
			       .nr_workers = 1,
			       .hash_seed = SEED};
	struct sp_settings *settings;
	int r = 0;

	while (meta.nr_buckets < situation->nr_leases / 2)
		meta.nr_buckets *= 2;
	table_meta_init(&meta);
	r = table_map_alloc(&meta, &edge->table);
	if (r < 0)
		return r;
	settings = edge->table->settings;
	sp_near_begin(settings);
	add_networks(settings);
	add_publics(edge->table, situation);
	add_list(edge->table, situation);
	sp_near_ready(settings);
	if (situation->limited)
		settings->syn_per_source = settings->syn_per_lease = SP_LIMIT(30, 50);
	for (uint32_t i = 0; r == 0 && i < situation->nr_leases; i++)
		r = add_lease(edge->table, situation, i);
	return r;
}

static int add_route(struct edge *edge, const struct nexthop_route *where,
		     const struct sp_addr *gateway, uint32_t port)
{
	struct nexthop_gateway wanted = nexthop_gateway_of(gateway, port);
	struct nexthop_route route = *where;
	struct nexthop_leaf leaf = {.sources = 0};
	uint32_t index;
	int r;

	r = nexthop_gateway_name(&edge->nexthops, &wanted, &index);
	if (r < 0)
		return r;
	leaf.gateway[0] = (uint16_t)index;
	r = nexthop_leaf_name(&edge->nexthops, &leaf, &route.leaf_index);
	return r < 0 ? r : nexthop_route_set(&edge->nexthops, &route);
}

/* Clients are behind a gateway, VMs on the link. */
static int add_routes(struct edge *edge, const struct situation *situation,
		      const struct sp_addr *gateway)
{
	const uint8_t family = situation->family;
	struct nexthop_route all = {.family = family, .depth = 0};
	struct nexthop_route vms = {.family = family, .depth = family == 4 ? 16 : 48};
	int r;

	if (family == 4)
		all.prefix = sp_addr_from_v4(0);
	vms.prefix = situation_place(situation, 0).vm_addr;
	vms.prefix.word_be[3] = family == 4 ? SP_BE32(0x0a000000) : 0;
	r = add_route(edge, &all, gateway, 0);
	return r < 0 ? r : add_route(edge, &vms, NULL, 1);
}

static int open_nexthops(struct edge *edge, const struct situation *situation)
{
	struct sp_addr gateway = situation->family == 4 ? sp_addr_from_v4(SP_BE32(GATEWAY_V4))
							: situation_public(situation, 0xfffe);
	uint8_t link_addr[6] = {2};
	int r;

	r = nexthops_open(&edge->nexthops);
	if (r == 0)
		r = add_routes(edge, situation, &gateway);
	if (r == 0)
		r = nexthop_neighbour_set(&edge->nexthops, &gateway, 0, link_addr, 0);
	for (uint32_t i = 0; r >= 0 && i < situation->nr_leases; i += situation->ports_a_vm) {
		struct place place = situation_place(situation, i);

		memcpy(&link_addr[2], &i, sizeof(i));
		r = nexthop_neighbour_set(&edge->nexthops, &place.vm_addr, 1, link_addr, 0);
	}
	return r;
}

/* net_pcap holds a packet a flow; a million of MTU's size would not find room. */
static struct rte_mempool *make_pool(const struct situation *situation)
{
	if (situation->nr_flows <= FEW_FLOWS)
		return port_pool_make("buffers", NR_BUFFERS, MTU);
	return rte_pktmbuf_pool_create("buffers", situation->nr_flows + NR_BUFFERS, SMALL_CACHE, 0,
				       SMALL_DATA_BYTES, SOCKET_ID_ANY);
}

/* As the kernel copies a frame with its metadata, and the driver passes on where it begins. */
static uint16_t begin_at_frame(uint16_t eth_id, uint16_t queue, struct rte_mbuf *mbufs[],
			       uint16_t nr, uint16_t nr_max, void *context)
{
	for (uint16_t i = 0; i < nr; i++)
		rte_pktmbuf_adj(mbufs[i], TRAFFIC_HINT_BYTES);
	return nr;
}

void edge_heed_hints(struct edge *edge, bool heed)
{
	edge->ports.port[1].hint_bytes = heed ? sizeof(struct sp_hint) : 0;
}

/* One device for both: it is received from as the one port and sent to as the other. */
static int open_ports(struct edge *edge, const struct situation *situation)
{
	struct rte_eth_conf plain = {0};

	edge->pool = make_pool(situation);
	if (!edge->pool)
		return -ENOMEM;
	if (rte_eth_dev_configure(0, 1, 1, &plain) < 0 ||
	    rte_eth_rx_queue_setup(0, 0, RING_PACKETS, 0, NULL, edge->pool) < 0 ||
	    rte_eth_tx_queue_setup(0, 0, RING_PACKETS, 0, NULL) < 0 || rte_eth_dev_start(0) < 0)
		return -EIO;
	if (situation->hinted && !rte_eth_add_rx_callback(0, 0, begin_at_frame, NULL))
		return -ENOTSUP;
	edge->ports.nr = 2;
	for (uint32_t i = 0; i < 2; i++) {
		edge->ports.port[i].role = i == 0 ? SP_ROLE_PUBLIC : SP_ROLE_BUILDS;
		edge->ports.port[i].nr_queues = 1;
		atomic_store(&edge->ports.port[i].mtu, MTU);
	}
	return 0;
}

/* The worker polls the one queue that the packets arrive by. */
static int open_crew(struct edge *edge, const struct situation *situation)
{
	const struct crew_idle spin = {.spin = true};
	int r = crew_open(&edge->crew, 1, &spin, edge->table, &edge->ports, &edge->nexthops);
	struct worker *worker = edge->crew.workers;

	if (r < 0)
		return r;
	crew_assign_devices(&edge->crew);
	if (situation->direction == SP_TOWARD_CLIENT)
		worker->rx[0] = worker->rx[1];
	worker->nr_rx = 1;
	return 0;
}

int edge_open(struct edge *edge, const struct situation *situation)
{
	int r;

	memset(edge, 0, sizeof(*edge));
	r = open_table(edge, situation);
	if (r == 0)
		r = open_nexthops(edge, situation);
	if (r == 0)
		r = open_ports(edge, situation);
	return r == 0 ? open_crew(edge, situation) : r;
}
