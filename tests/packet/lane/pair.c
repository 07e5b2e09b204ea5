// SPDX-License-Identifier: BSD-3-Clause
#include "lane/pair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "../../unit/dataplane/eal.h"
#include "packets.h"
#include "port/port.h"
#include "worker.h"

#define PUBLIC	   0 /* ports */
#define BUILDS	   1
#define RING_SIZE  256u
#define NR_BUFFERS 4095u
#define MTU	   1500
#define LANE	   0 /* workers */
#define STAGES	   1

struct sent {
	uint32_t port;
	uint32_t len_bytes;
	uint8_t bytes[FRAME_BYTES_MAX];
};

struct side {
	struct worker worker;
	struct sp_counters counters;
	struct sp_worker progress;
	struct sp_usage usage[FIXTURE_USAGE] __attribute__((__aligned__(64)));
	struct rte_ring *in[PORTS_MAX], *out[PORTS_MAX];
	struct sent sent[PAIR_BURST + 1];
	uint32_t nr_sent;
};

struct pair {
	struct side side[2];
	struct fixture *fixture;
	struct ports ports;
	struct nexthops nexthops;
	struct rte_mempool *pool;
	uint64_t hints[SP_HINTS_NR]; /* the lane's */
	uint64_t taken;
	bool disorder;
	uint64_t seen[SP_VERDICT_COUNT];
};

/* Of the burst under way. */
static struct sp_slot *lost;

int __real_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);

/* In the middle of a burst the worker looks at the clock once, right before it sends. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	if (lost)
		lost->generation ^= 1u << 31;
	lost = NULL;
	return __real_clock_gettime(clock, ret);
}

static int open_device(struct pair *pair, struct side *side, uint32_t port)
{
	struct rte_eth_conf plain = {0};
	char name[32];
	int eth_id;

	snprintf(name, sizeof(name), "in%u_%u", (unsigned int)(side - pair->side), port);
	side->in[port] = rte_ring_create(name, RING_SIZE, SOCKET_ID_ANY, 0);
	snprintf(name, sizeof(name), "out%u_%u", (unsigned int)(side - pair->side), port);
	side->out[port] = rte_ring_create(name, RING_SIZE, SOCKET_ID_ANY, 0);
	if (!side->in[port] || !side->out[port])
		return -ENOMEM;
	eth_id = rte_eth_from_rings(name, &side->in[port], 1, &side->out[port], 1, 0);
	if (eth_id < 0 || rte_eth_dev_configure(eth_id, 1, 1, &plain) ||
	    rte_eth_rx_queue_setup(eth_id, 0, 64, 0, NULL, pair->pool) ||
	    rte_eth_tx_queue_setup(eth_id, 0, 64, 0, NULL) || rte_eth_dev_start(eth_id))
		return -EIO;
	side->worker.tx_eth[port] = (uint16_t)eth_id;
	return 0;
}

static int open_side(struct pair *pair, uint32_t index)
{
	struct side *side = &pair->side[index];
	struct worker *worker = &side->worker;
	int r = open_device(pair, side, PUBLIC);

	worker->table = pair->fixture->table;
	worker->ports = &pair->ports;
	worker->nexthops = &pair->nexthops;
	worker->toward_port[SP_TOWARD_VM] = BUILDS;
	worker->toward_port[SP_TOWARD_CLIENT] = PUBLIC;
	worker->progress = &side->progress;
	worker->counters = &side->counters;
	worker->usage = side->usage;
	worker->nr_usage = FIXTURE_USAGE;
	worker->limit_rows = (struct sp_rows){index, index, index + 1};
	worker->hints = pair->hints;
	worker->park.waiting_fd = -1;
	return r ? r : open_device(pair, side, BUILDS);
}

static void open_ports(struct pair *pair)
{
	pair->ports.nr = 2;
	for (uint32_t i = 0; i < 2; i++) {
		struct port *port = &pair->ports.port[i];

		port->role = i == PUBLIC ? SP_ROLE_PUBLIC : SP_ROLE_BUILDS;
		atomic_store(&port->mtu, MTU);
		atomic_store(&port->link_addr, 0x010a00000002ull + i);
	}
}

/* A way for a prefix: by a gateway, or NULL; sources, if not 0, have it from [1] on. */
struct way {
	const char *prefix;
	const char *gateway;
	uint32_t port;
	uint32_t mtu;
	bool in_group;
	bool by_source;
};

static int name_gateway(struct pair *pair, const struct way *way, uint16_t *ret)
{
	struct nexthop_gateway wanted;
	struct nexthop_group group;
	struct sp_addr addr;
	uint32_t index;
	int r;

	if (way->gateway && fixture_parse_addr(way->gateway, &addr))
		return -EINVAL;
	wanted = nexthop_gateway_of(way->gateway ? &addr : NULL, way->port);
	wanted.mtu = way->mtu;
	r = nexthop_gateway_name(&pair->nexthops, &wanted, &index);
	if (!r && way->in_group) {
		for (uint32_t i = 0; i < NEXTHOP_BUCKETS; i++)
			group.gateway[i] = (uint16_t)index;
		r = nexthop_group_name(&pair->nexthops, &group, &index);
	}
	*ret = (uint16_t)index;
	return r;
}

static int add_way(struct pair *pair, const struct way *way)
{
	struct nexthop_sources sources = {.nr = 1};
	struct nexthop_leaf leaf = {.sources = 0};
	struct nexthop_route route = {.family = strchr(way->prefix, ':') ? 6 : 4};
	struct sp_prefix prefix;
	uint32_t index = 0;
	int r = fixture_parse_prefix(way->prefix, &prefix);

	if (!r)
		r = name_gateway(pair, way, &leaf.gateway[0]);
	if (!r && way->by_source) {
		/* Whom this host's own address sends to goes nowhere. */
		r = fixture_parse_prefix("192.0.2.1/32", &sources.prefix[0]);
		if (!r)
			r = nexthop_sources_name(&pair->nexthops, &sources, &index);
		leaf.sources = (uint16_t)index;
	}
	route.prefix = prefix.addr;
	route.depth = (uint8_t)atoi(strchr(way->prefix, '/') + 1);
	if (!r)
		r = nexthop_leaf_name(&pair->nexthops, &leaf, &route.leaf_index);
	return r ? r : nexthop_route_set(&pair->nexthops, &route);
}

static int add_neighbour(struct pair *pair, const char *name, uint32_t port, uint8_t last)
{
	uint8_t link_addr[6] = {2, 0, 0, 0, (uint8_t)(0xc0 + port), last};
	struct sp_addr addr;

	if (fixture_parse_addr(name, &addr))
		return -EINVAL;
	return nexthop_neighbour_set(&pair->nexthops, &addr, port, link_addr, 0);
}

/* Of the VMs all but a few are known. */
static int add_vms(struct pair *pair)
{
	char name[64];
	int r = 0;

	for (unsigned int vm = 7; vm < 55 && !r; vm++) {
		if (vm % 16 == 15)
			continue;
		snprintf(name, sizeof(name), "10.0.3.%u", vm);
		r = add_neighbour(pair, name, BUILDS, (uint8_t)vm);
		snprintf(name, sizeof(name), "2001:db8:b::%u", vm);
		if (!r)
			r = add_neighbour(pair, name, BUILDS, (uint8_t)vm);
	}
	return r;
}

/* Of each kind of way one at least that packets of packets_random() go. */
static int open_ways(struct pair *pair)
{
	static const struct way ways[] = {
		{.prefix = "0.0.0.0/0", .gateway = "192.0.2.254"},
		{.prefix = "::/0", .gateway = "2001:db8:2::fe"},
		{.prefix = "10.0.0.0/16", .port = BUILDS},
		{.prefix = "2001:db8:b::/64", .port = BUILDS},
		{.prefix = "10.0.3.8/32", .port = BUILDS, .mtu = 60},
		{.prefix = "203.0.113.7/32"},
		{.prefix = "2001:db8:c:1::9/128", .gateway = "2001:db8:2::fd"},
		{.prefix = "2001:db8:d::/64"},
	};
	int r = nexthops_open(&pair->nexthops);

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]) && !r; i++)
		r = add_way(pair, &ways[i]);
	if (!r)
		r = add_neighbour(pair, "192.0.2.254", PUBLIC, 1);
	if (!r)
		r = add_neighbour(pair, "2001:db8:2::fe", PUBLIC, 2);
	if (!r)
		r = add_neighbour(pair, "203.0.113.7", PUBLIC, 3);
	if (!r)
		r = add_neighbour(pair, "2001:db8:d::7", PUBLIC, 6);
	if (!r)
		r = add_neighbour(pair, "10.0.0.254", BUILDS, 4);
	if (!r)
		r = add_neighbour(pair, "10.0.0.254", PUBLIC, 5);
	return r ? r : add_vms(pair);
}

int pair_change_ways(struct pair *pair, uint32_t nth)
{
	static const struct way ways[] = {
		{.prefix = "198.51.100.201/32", .gateway = "192.0.2.254", .mtu = 60},
		{.prefix = "198.51.100.201/32", .gateway = "10.0.0.254", .port = BUILDS},
		{.prefix = "198.51.100.201/32", .gateway = "192.0.2.254", .in_group = true},
		{.prefix = "198.51.100.201/32", .gateway = "192.0.2.254", .by_source = true},
		{.prefix = "198.51.100.201/32"},
		{.prefix = "203.0.113.8/32", .gateway = "10.0.0.254", .port = BUILDS},
		{.prefix = "203.0.113.8/32", .gateway = "192.0.2.254", .by_source = true},
	};
	char name[64];
	int r = add_way(pair, &ways[nth % (sizeof(ways) / sizeof(ways[0]))]);

	snprintf(name, sizeof(name), "10.0.3.%u", 7 + nth % 8);
	return r ? r : add_neighbour(pair, name, BUILDS, (uint8_t)nth);
}

int pair_open(struct fixture *fixture, struct pair **ret)
{
	struct pair *pair = aligned_alloc(64, sizeof(*pair));
	int r = eal_start();

	if (!pair || r)
		return r ? r : -ENOMEM;
	memset(pair, 0, sizeof(*pair));
	pair->fixture = fixture;
	open_ports(pair);
	r = open_ways(pair);
	if (!r) {
		pair->pool = port_pool_make("buffers", NR_BUFFERS, FRAME_BYTES_MAX);
		r = pair->pool ? 0 : -ENOMEM;
	}
	for (uint32_t i = 0; i < 2 && !r; i++)
		r = open_side(pair, i);
	*ret = pair;
	return r;
}

void pair_close(struct pair *pair)
{
	if (!pair)
		return;
	rte_mempool_free(pair->pool);
	nexthops_close(&pair->nexthops);
	free(pair);
	rte_eal_cleanup();
}

void pair_forget(struct pair *pair)
{
	for (uint32_t i = 0; i < 2; i++)
		memset(pair->side[i].usage, 0, sizeof(pair->side[i].usage));
	memset(pair->fixture->limits, 0, FIXTURE_LIMITS * sizeof(*pair->fixture->limits));
}

static int load(struct pair *pair, struct side *side, const struct burst *burst)
{
	struct batch *batch = &side->worker.batch;

	for (uint32_t i = 0; i < burst->nr; i++) {
		struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pair->pool);
		char *data =
			mbuf ? rte_pktmbuf_append(mbuf, (uint16_t)burst->frame[i].len_bytes) : NULL;

		if (!data)
			return -ENOMEM;
		memcpy(data, burst->frame[i].bytes, burst->frame[i].len_bytes);
		memcpy(data - sizeof(burst->hint[i]), &burst->hint[i], sizeof(burst->hint[i]));
		batch->mbuf[i] = mbuf;
	}
	batch->nr = burst->nr;
	batch->now_ns = burst->now_ns;
	batch->in_port = burst->role == SP_ROLE_BUILDS ? BUILDS : PUBLIC;
	batch->role = burst->role;
	batch->returned = false;
	memset(side->worker.error_ns, 0, sizeof(side->worker.error_ns));
	return 0;
}

/* Fills the rings but for the room that the burst is to find. */
static uint32_t fill(struct side *side, const struct burst *burst, uint32_t port)
{
	static struct rte_mbuf none;
	uint32_t nr = 0;

	while (burst->room && rte_ring_free_count(side->out[port]) > burst->room)
		nr += rte_ring_enqueue(side->out[port], &none) == 0;
	return nr;
}

static int compare_sent(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct sent));
}

static void take_sent(struct side *side, uint32_t port, uint32_t filled)
{
	void *taken;

	while (rte_ring_dequeue(side->out[port], &taken) == 0) {
		struct rte_mbuf *mbuf = taken;
		struct sent *sent = &side->sent[side->nr_sent];

		if (filled > 0) {
			filled--;
			continue;
		}
		memset(sent, 0, sizeof(*sent));
		sent->port = port;
		sent->len_bytes = rte_pktmbuf_data_len(mbuf);
		memcpy(sent->bytes, rte_pktmbuf_mtod(mbuf, void *), sent->len_bytes);
		side->nr_sent += side->nr_sent < PAIR_BURST;
		rte_pktmbuf_free(mbuf);
	}
}

/* With the lane first: what it leaves must still be in order. */
static void run_lane(struct pair *pair, struct worker *worker)
{
	struct batch *batch = &worker->batch;
	struct rte_mbuf *before[BATCH_MAX];
	uint32_t nr = batch->nr, at = 0;

	memcpy(before, batch->mbuf, sizeof(before));
	stage_lane(worker, batch);
	pair->taken += nr - batch->nr;
	for (uint32_t i = 0; i < batch->nr; i++) {
		while (at < nr && before[at] != batch->mbuf[i])
			at++;
		pair->disorder |= at == nr;
	}
	worker_run_stages(worker, batch);
}

static int run_side(struct pair *pair, uint32_t index, const struct burst *burst)
{
	struct side *side = &pair->side[index];
	uint32_t filled[2] = {fill(side, burst, PUBLIC), fill(side, burst, BUILDS)};
	int r = load(pair, side, burst);

	if (r)
		return r;
	memset(&side->counters, 0, sizeof(side->counters));
	side->nr_sent = 0;
	lost = burst->lost;
	if (index == LANE)
		run_lane(pair, &side->worker);
	else
		worker_run_stages(&side->worker, &side->worker.batch);
	if (burst->lost && !lost)
		burst->lost->generation ^= 1u << 31;
	lost = NULL;
	take_sent(side, PUBLIC, filled[PUBLIC]);
	take_sent(side, BUILDS, filled[BUILDS]);
	qsort(side->sent, side->nr_sent, sizeof(side->sent[0]), compare_sent);
	return rte_mempool_avail_count(pair->pool) == NR_BUFFERS ? 0 : -EPROTO;
}

static int same_limits(const struct pair *pair)
{
	const struct sp_limit_line *limits = pair->fixture->limits;
	uint32_t first = sp_limit_line_index(FIXTURE_USAGE, 0, 0);
	uint32_t second = sp_limit_line_index(FIXTURE_USAGE, 1, 0);

	return memcmp(&limits[first], &limits[second], (second - first) * sizeof(*limits)) == 0;
}

/*
 * Where all that left was sent on: translated, a packet is as long as it was. A port is a direction
 * but for the role of both, whose ports are one.
 */
static bool bytes_are_those_sent(const struct side *side, enum sp_role role)
{
	const __u64 *counted = side->counters.bytes;
	const __u64 *verdict = side->counters.verdict;
	uint64_t bytes[2] = {0};

	if (verdict[SP_FORWARDED] + verdict[SP_COMPLETED] != side->nr_sent)
		return true;
	for (uint32_t i = 0; i < side->nr_sent; i++) {
		const struct sent *sent = &side->sent[i];
		struct frame frame;

		memcpy(frame.bytes, sent->bytes, sent->len_bytes);
		bytes[sent->port == BUILDS ? SP_TOWARD_VM : SP_TOWARD_CLIENT] +=
			packets_ip_bytes(&frame);
	}
	if (role == SP_ROLE_BOTH)
		return bytes[0] + bytes[1] == counted[0] + counted[1];
	return bytes[0] == counted[0] && bytes[1] == counted[1];
}

const char *pair_run(struct pair *pair, const struct burst *burst)
{
	const struct side *lane = &pair->side[LANE], *stages = &pair->side[STAGES];

	pair->disorder = false;
	pair->ports.port[BUILDS].hint_bytes = burst->hinted ? sizeof(struct sp_hint) : 0;
	if (run_side(pair, LANE, burst) || run_side(pair, STAGES, burst))
		return "a buffer is lost, or freed twice";
	for (uint32_t verdict = 0; verdict < SP_VERDICT_COUNT; verdict++)
		pair->seen[verdict] += stages->counters.verdict[verdict];
	if (pair->disorder)
		return "the lane leaves packets in another order";
	if (memcmp(&lane->counters, &stages->counters, sizeof(lane->counters)) != 0)
		return "verdicts or bytes that were counted differ";
	if (!bytes_are_those_sent(lane, burst->role))
		return "bytes that were counted are not those that left";
	if (lane->nr_sent != stages->nr_sent)
		return "not as many packets left";
	if (memcmp(lane->sent, stages->sent, lane->nr_sent * sizeof(lane->sent[0])) != 0)
		return "bytes differ";
	if (memcmp(lane->usage, stages->usage, sizeof(lane->usage)) != 0)
		return "usage differs";
	return same_limits(pair) ? NULL : "limits differ";
}

int pair_sent(const struct pair *pair, uint32_t nth, struct frame *ret)
{
	const struct side *side = &pair->side[LANE];

	if (nth >= side->nr_sent)
		return -ENOENT;
	memcpy(ret->bytes, side->sent[nth].bytes, side->sent[nth].len_bytes);
	ret->len_bytes = side->sent[nth].len_bytes;
	return 0;
}

uint64_t pair_taken(const struct pair *pair)
{
	return pair->taken;
}

uint64_t pair_hints(const struct pair *pair, enum sp_hint_worth worth)
{
	return pair->hints[worth];
}

uint64_t pair_seen(const struct pair *pair, enum sp_verdict verdict)
{
	return pair->seen[verdict];
}
