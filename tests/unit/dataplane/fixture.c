/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_bus_vdev.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <sallyport/find.h>
#include <sallyport/wire.h>

#include "eal.h"
#include "host/addr.h"
#include "host/boottime.h"

#define RING_SIZE  1024u
#define NR_BUFFERS 4095u
#define SEED	   0x5a11e

int fixture_start_eal(void)
{
	return eal_start();
}

struct sp_addr fixture_addr(const char *text)
{
	struct sp_addr addr;

	assert_int_equal(addr_parse(text, &addr), 0);
	return addr;
}

void fixture_link(uint8_t number, uint8_t link_addr[6])
{
	memset(link_addr, 0, 6);
	link_addr[0] = 2;
	link_addr[5] = number;
}

void fixture_neighbour(struct fixture *fixture, uint32_t port, const char *text, uint8_t number)
{
	struct sp_addr addr = fixture_addr(text);
	uint8_t link_addr[6];

	fixture_link(number, link_addr);
	assert_int_equal(nexthop_neighbour_set(&fixture->nexthops, &addr, port, link_addr, 0), 0);
}

void fixture_forget(struct fixture *fixture, uint32_t port, const char *text)
{
	struct sp_addr addr = fixture_addr(text);

	assert_int_equal(nexthop_neighbour_set(&fixture->nexthops, &addr, port, NULL, 0), 0);
}

void fixture_route(struct fixture *fixture, const char *prefix, uint8_t depth, uint32_t port,
		   const char *gateway)
{
	struct nexthop_route route = {.prefix = fixture_addr(prefix), .depth = depth};
	struct nexthop_leaf leaf = {.sources = 0};
	struct nexthop_gateway wanted;
	struct sp_addr addr;
	uint32_t index;

	route.family = (uint8_t)addr_family(&route.prefix);
	if (gateway)
		addr = fixture_addr(gateway);
	wanted = nexthop_gateway_of(gateway ? &addr : NULL, port);
	wanted.mtu = fixture->route_mtu;
	assert_int_equal(nexthop_gateway_name(&fixture->nexthops, &wanted, &index), 0);
	leaf.gateway[0] = (uint16_t)index;
	assert_int_equal(nexthop_leaf_name(&fixture->nexthops, &leaf, &route.leaf_index), 0);
	assert_int_equal(nexthop_route_set(&fixture->nexthops, &route), 0);
}

static void add_host(struct fixture *fixture, const char *text, uint32_t kind, uint32_t index)
{
	struct sp_addr addr = fixture_addr(text);
	uint32_t first = sp_host_first(&addr);

	for (uint32_t i = 0; i < SP_HOST_PROBES; i++) {
		struct sp_host *host = &fixture->table->hosts[(first + i) & (SP_HOSTS - 1)];

		if (host->kind != SP_HOST_NONE)
			continue;
		*host = (struct sp_host){.addr = addr, .kind = kind, .public_index = index};
		return;
	}
	fail_msg("no room for host %s", text);
}

static void add_endpoint(struct fixture *fixture, const struct sp_slot *slot, uint32_t slot_index,
			 uint8_t protocol)
{
	uint64_t hash = sp_endpoint_hash(&slot->vm_addr, slot->vm_port_be, protocol, SEED);
	struct sp_bucket *bucket =
		&fixture->table->endpoints[sp_bucket_first(hash, fixture->table->nr_buckets)];

	for (uint32_t i = 0; i < SP_BUCKET_ENTRIES; i++) {
		if (bucket->entry[i])
			continue;
		bucket->entry[i] = sp_entry_make(hash, slot_index);
		return;
	}
	fail_msg("no room for an endpoint");
}

static uint32_t public_index_of(const char *public)
{
	return strchr(public, ':') ? 1 : 0;
}

void fixture_lease(struct fixture *fixture, const char *public, uint16_t public_port,
		   const char *vm)
{
	uint32_t slot_index = sp_slot_index(public_index_of(public), public_port);
	struct sp_slot *slot = &fixture->table->leases[slot_index];

	*slot = (struct sp_slot){
		.state = SP_SLOT_LIVE,
		.generation = 1,
		.deadline_ns = boottime_now_ns() + 3600 * (uint64_t)NS_PER_S,
		.vm_addr = fixture_addr(vm),
		.public_addr = fixture_addr(public),
		.vm_port_be = SP_BE16(FIXTURE_VM_PORT),
		.public_port_be = SP_BE16(public_port),
		.protocol_mask = SP_PROTOCOL_TCP | SP_PROTOCOL_UDP,
		.usage_index = public_index_of(public),
	};
	slot->family = (uint8_t)addr_family(&slot->vm_addr);
	add_endpoint(fixture, slot, slot_index, SP_PROTOCOL_TCP);
	add_endpoint(fixture, slot, slot_index, SP_PROTOCOL_UDP);
}

struct sp_slot *fixture_slot(struct fixture *fixture, const char *vm)
{
	return &fixture->table->leases[sp_slot_index(public_index_of(vm), FIXTURE_PUBLIC_PORT)];
}

static void add_network(struct fixture *fixture, const char *text)
{
	struct sp_settings *settings = fixture->table->settings;
	struct sp_prefix *prefix = &settings->networks[0][settings->nr_networks[0]++];

	assert_int_equal(addr_prefix_parse(text, prefix), 0);
}

static void open_table(struct fixture *fixture)
{
	struct sp_meta sizes = {
		.nr_publics = 2,
		.nr_buckets = 64,
		.nr_allow = 2,
		.nr_usage = 2,
		.nr_cpus = 2,
		.nr_workers = 1,
		.hash_seed = SEED,
	};

	table_meta_init(&sizes);
	assert_int_equal(table_map_alloc(&sizes, &fixture->table), 0);
	add_network(fixture, "10.0.0.0/16");
	add_network(fixture, "2001:db8:3::/64");
	add_host(fixture, FIXTURE_EDGE, SP_HOST_PUBLIC, 0);
	add_host(fixture, FIXTURE_EDGE_6, SP_HOST_PUBLIC, 1);
	fixture_lease(fixture, FIXTURE_EDGE, FIXTURE_PUBLIC_PORT, FIXTURE_VM);
	fixture_lease(fixture, FIXTURE_EDGE_6, FIXTURE_PUBLIC_PORT, FIXTURE_VM_6);
}

static void open_nexthops(struct fixture *fixture)
{
	assert_int_equal(nexthops_open(&fixture->nexthops), 0);
	fixture_route(fixture, "10.0.0.0", 16, FIXTURE_BUILDS, NULL);
	fixture_route(fixture, "198.51.100.0", 24, FIXTURE_PUBLIC, NULL);
	fixture_route(fixture, "2001:db8:3::", 64, FIXTURE_BUILDS, NULL);
	fixture_route(fixture, "2001:db8:1::", 64, FIXTURE_PUBLIC, NULL);
	fixture_neighbour(fixture, FIXTURE_BUILDS, FIXTURE_VM, FIXTURE_LINK_VM);
	fixture_neighbour(fixture, FIXTURE_PUBLIC, FIXTURE_CLIENT, FIXTURE_LINK_CLIENT);
	fixture_neighbour(fixture, FIXTURE_BUILDS, FIXTURE_VM_6, FIXTURE_LINK_VM);
	fixture_neighbour(fixture, FIXTURE_PUBLIC, FIXTURE_CLIENT_6, FIXTURE_LINK_CLIENT);
}

static struct rte_ring *make_ring(const char *name)
{
	struct rte_ring *ring =
		rte_ring_create(name, RING_SIZE, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);

	assert_non_null(ring);
	return ring;
}

static void open_port(struct fixture *fixture, uint32_t index, uint32_t role, const char *name)
{
	struct port *port = &fixture->ports.port[index];
	struct rte_eth_conf plain = {0};
	uint8_t link_addr[8] = {0};
	uint64_t word;
	char ring[32];
	int eth_id;

	snprintf(ring, sizeof(ring), "in_%s", name);
	fixture->in[index] = make_ring(ring);
	snprintf(ring, sizeof(ring), "out_%s", name);
	fixture->out[index] = make_ring(ring);
	eth_id = rte_eth_from_rings(name, &fixture->in[index], 1, &fixture->out[index], 1, 0);
	assert_true(eth_id >= 0);
	fixture->eth_ids[index] = (uint16_t)eth_id;
	assert_int_equal(rte_eth_dev_configure((uint16_t)eth_id, 1, 1, &plain), 0);
	assert_int_equal(rte_eth_rx_queue_setup((uint16_t)eth_id, 0, 64, 0, NULL, fixture->pool),
			 0);
	assert_int_equal(rte_eth_tx_queue_setup((uint16_t)eth_id, 0, 64, 0, NULL), 0);
	assert_int_equal(rte_eth_dev_start((uint16_t)eth_id), 0);
	fixture_link(index == FIXTURE_PUBLIC ? FIXTURE_LINK_PUBLIC : FIXTURE_LINK_BUILDS,
		     link_addr);
	memcpy(&word, link_addr, sizeof(word));
	port->role = role;
	port->nr_queues = 1;
	port->eth_ids[0] = (uint16_t)eth_id;
	atomic_store(&port->mtu, FIXTURE_MTU);
	atomic_store(&port->link_addr, word);
}

int fixture_open(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	open_table(fixture);
	open_nexthops(fixture);
	fixture->pool = port_pool_make("buffers", NR_BUFFERS, FIXTURE_MTU);
	assert_non_null(fixture->pool);
	fixture->ports.nr = 2;
	open_port(fixture, FIXTURE_PUBLIC, SP_ROLE_PUBLIC, "public");
	open_port(fixture, FIXTURE_BUILDS, SP_ROLE_BUILDS, "builds");
	assert_int_equal(crew_open(&fixture->crew, 1, &(struct crew_idle){.spin = true},
				   fixture->table, &fixture->ports, &fixture->nexthops),
			 0);
	crew_assign_devices(&fixture->crew);
	fixture->worker = fixture->crew.workers;
	assert_int_equal(park_open(&fixture->park), 0);
	assert_int_equal(park_join(&fixture->park, &fixture->worker->park, PORTS_MAX), 0);
	fixture->pool_free = rte_mempool_avail_count(fixture->pool);
	*state = fixture;
	return 0;
}

int fixture_close(void **state)
{
	struct fixture *fixture = *state;
	unsigned int lost;

	park_close(&fixture->park);
	crew_close(&fixture->crew);
	for (uint32_t i = 0; i < PORTS_MAX; i++) {
		rte_eth_dev_stop(fixture->eth_ids[i]);
		rte_vdev_uninit(i == FIXTURE_PUBLIC ? "net_ring_public" : "net_ring_builds");
		rte_ring_free(fixture->in[i]);
		rte_ring_free(fixture->out[i]);
	}
	lost = fixture->pool_free - rte_mempool_avail_count(fixture->pool);
	rte_mempool_free(fixture->pool);
	nexthops_close(&fixture->nexthops);
	table_map_free(fixture->table);
	free(fixture);
	return lost ? -1 : 0;
}

uint64_t fixture_counter(const struct fixture *fixture, enum sp_verdict verdict)
{
	return fixture->worker->counters->verdict[verdict];
}

static uint32_t sum16(const void *data, size_t len_bytes, uint32_t sum)
{
	const uint8_t *byte = data;

	for (size_t i = 0; i + 1 < len_bytes; i += 2)
		sum += (uint32_t)(byte[i] << 8 | byte[i + 1]);
	if (len_bytes & 1)
		sum += (uint32_t)byte[len_bytes - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static bool is_v4(const char *frame)
{
	return ((const struct sp_eth *)frame)->type_be == SP_BE16(SP_ETH_IPV4);
}

uint32_t fixture_l4_sum(const struct rte_mbuf *mbuf)
{
	const char *frame = rte_pktmbuf_mtod(mbuf, const char *), *ip = frame + SP_L3_OFFSET;
	uint32_t sum, l4_bytes;

	if (is_v4(frame)) {
		const struct sp_ipv4 *v4 = (const void *)ip;

		l4_bytes = SP_HOST16(v4->total_length_be) - (uint32_t)sizeof(*v4);
		sum = v4->protocol == SP_IPPROTO_ICMP
			      ? 0
			      : sum16(&v4->from_be, 8, v4->protocol + l4_bytes);
		return sum16(v4 + 1, l4_bytes, sum);
	}
	const struct sp_ipv6 *v6 = (const void *)ip;

	l4_bytes = SP_HOST16(v6->payload_length_be);
	sum = sum16(v6->from_be, 32, v6->next_header + l4_bytes);
	return sum16(v6 + 1, l4_bytes, sum);
}

static size_t write_l3(char *l3, const struct fixture_packet *packet, size_t l4_bytes)
{
	struct sp_addr from = fixture_addr(packet->from), to = fixture_addr(packet->to);

	if (addr_family(&from) == 4) {
		struct sp_ipv4 *ip = (void *)l3;

		memset(ip, 0, sizeof(*ip));
		ip->version_ihl = 0x45;
		ip->total_length_be = SP_BE16(sizeof(*ip) + l4_bytes);
		ip->fragment_be = SP_BE16(SP_IPV4_DONT_FRAGMENT);
		ip->ttl = packet->ttl;
		ip->protocol = packet->ip_protocol;
		ip->from_be = from.word_be[3];
		ip->to_be = to.word_be[3];
		ip->checksum_be = SP_BE16(~sum16(ip, sizeof(*ip), 0));
		return sizeof(*ip);
	}
	struct sp_ipv6 *ip = (void *)l3;

	ip->version_class_flow_be = SP_BE32(0x60000000);
	ip->payload_length_be = SP_BE16(l4_bytes);
	ip->next_header = packet->ip_protocol;
	ip->hop_limit = packet->ttl;
	memcpy(ip->from_be, &from, 16);
	memcpy(ip->to_be, &to, 16);
	return sizeof(*ip);
}

static void write_l4(char *l4, const struct fixture_packet *packet, size_t l4_bytes)
{
	struct sp_tcp *tcp = (void *)l4;
	struct sp_udp *udp = (void *)l4;

	memset(l4, 0, l4_bytes);
	udp->from_be = SP_BE16(packet->from_port);
	udp->to_be = SP_BE16(packet->to_port);
	if (packet->ip_protocol == SP_IPPROTO_UDP) {
		udp->length_be = SP_BE16(l4_bytes);
		return;
	}
	tcp->seq_be = SP_BE32(packet->seq);
	tcp->ack_be = SP_BE32(packet->ack);
	tcp->data_offset = sizeof(*tcp) / 4 << 4;
	tcp->flags = packet->tcp_flags;
}

struct rte_mbuf *fixture_frame(struct fixture *fixture, const struct fixture_packet *packet)
{
	bool tcp = packet->ip_protocol == SP_IPPROTO_TCP;
	size_t l4_bytes =
		(tcp ? sizeof(struct sp_tcp) : sizeof(struct sp_udp)) + packet->payload_bytes;
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(fixture->pool);
	size_t l3_bytes = strchr(packet->from, ':') ? 40 : 20;
	struct sp_eth *eth;
	char *l4;
	sp_wire_be16 *checksum_be;

	if (!mbuf)
		abort();
	eth = (void *)rte_pktmbuf_append(mbuf, (uint16_t)(sizeof(*eth) + l3_bytes + l4_bytes));
	if (!eth)
		abort();
	fixture_link(0xee, eth->to);
	fixture_link(0xef, eth->from);
	eth->type_be = SP_BE16(l3_bytes == 20 ? SP_ETH_IPV4 : SP_ETH_IPV6);
	l4 = (char *)(eth + 1) + write_l3((char *)(eth + 1), packet, l4_bytes);
	write_l4(l4, packet, l4_bytes);
	checksum_be =
		tcp ? &((struct sp_tcp *)l4)->checksum_be : &((struct sp_udp *)l4)->checksum_be;
	*checksum_be = SP_BE16(~fixture_l4_sum(mbuf));
	return mbuf;
}

void fixture_receive(struct fixture *fixture, uint32_t port, struct rte_mbuf *mbuf)
{
	assert_int_equal(rte_ring_enqueue(fixture->in[port], mbuf), 0);
}

struct rte_mbuf *fixture_sent(struct fixture *fixture, uint32_t port)
{
	void *mbuf;

	return rte_ring_dequeue(fixture->out[port], &mbuf) == 0 ? mbuf : NULL;
}

static void expect_links(const struct sp_eth *eth, uint8_t link_from, uint8_t link_to)
{
	uint8_t link_addr[6];

	fixture_link(link_from, link_addr);
	assert_memory_equal(eth->from, link_addr, 6);
	fixture_link(link_to, link_addr);
	assert_memory_equal(eth->to, link_addr, 6);
}

static void expect_addr(const void *found, const char *expected)
{
	struct sp_addr addr = fixture_addr(expected);

	if (addr_family(&addr) == 4)
		assert_memory_equal(found, &addr.word_be[3], 4);
	else
		assert_memory_equal(found, &addr, 16);
}

void fixture_expect(struct rte_mbuf *mbuf, uint8_t link_from, uint8_t link_to,
		    const struct fixture_packet *expected)
{
	const char *frame;
	const struct sp_ipv4 *v4;
	const struct sp_ipv6 *v6;
	const struct sp_udp *udp;

	assert_non_null(mbuf);
	frame = rte_pktmbuf_mtod(mbuf, const char *);
	v4 = (const void *)(frame + SP_L3_OFFSET);
	v6 = (const void *)v4;
	udp = is_v4(frame) ? (const void *)(v4 + 1) : (const void *)(v6 + 1);
	expect_links((const void *)frame, link_from, link_to);
	assert_int_equal(fixture_l4_sum(mbuf), 0xffff);
	if (is_v4(frame)) {
		assert_int_equal(sum16(v4, sizeof(*v4), 0), 0xffff);
		assert_int_equal(v4->ttl, expected->ttl);
		assert_int_equal(v4->protocol, expected->ip_protocol);
	} else {
		assert_int_equal(v6->hop_limit, expected->ttl);
		assert_int_equal(v6->next_header, expected->ip_protocol);
	}
	expect_addr(is_v4(frame) ? (const void *)&v4->from_be : v6->from_be, expected->from);
	expect_addr(is_v4(frame) ? (const void *)&v4->to_be : v6->to_be, expected->to);
	if (expected->from_port)
		assert_int_equal(SP_HOST16(udp->from_be), expected->from_port);
	if (expected->to_port)
		assert_int_equal(SP_HOST16(udp->to_be), expected->to_port);
}
