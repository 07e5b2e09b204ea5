/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets per second of one worker's CPU time, all stages, on what net_pcap repeats without end:
 * 64-byte TCP segments of 64 Ki clients' connections to 40,000 leases. Sent packets are freed by
 * the driver, as testpmd's are in the runs that this one is compared with.
 *
 *	pipeline_bench make FILE               writes the packets
 *	pipeline_bench run FILE SECONDS [EAL argument …]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <sallyport/find.h>
#include <sallyport/near.h>
#include <sallyport/wire.h>

#include "crew.h"
#include "hop/nexthop.h"
#include "port/port.h"

#include "host/boottime.h"
#include "host/table_map.h"

#define NR_FLOWS      65536u
#define NR_LEASES     40000u
#define FIRST_PORT    20000u
#define FRAME_BYTES   64u
#define NR_BUFFERS    131071u
#define NR_BUCKETS    32768u
#define SEED	      0x5a11e
#define EDGE_V4	      0xc0000201 /* 192.0.2.1 */
#define GATEWAY_V4    0xc00002fe
#define FIRST_VM_V4   0x0a000100 /* 10.0.1.0 */
#define ROUNDS_A_LOOK 256
#define WARM_UP_NS    500000000ull
#define MTU	      1500

struct pcap_header {
	uint32_t magic;
	uint16_t version_major, version_minor;
	uint32_t zone, accuracy, snap_bytes, link_type;
};

struct pcap_record {
	uint32_t at_s, at_us, captured_bytes, wire_bytes;
};

struct bench {
	struct table_map *table;
	struct nexthops nexthops;
	struct ports ports;
	struct crew crew;
	struct rte_mempool *pool;
};

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "pipeline_bench: %s\n", what);
	exit(EXIT_FAILURE);
}

/* xorshift64: the same packets every time. */
static uint32_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32);
}

static uint16_t checksum(const void *data, size_t len_bytes, uint64_t sum)
{
	const sp_wire_be16 *word_be = data;

	for (size_t i = 0; i < len_bytes / 2; i++)
		sum += word_be[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void make_frame(uint8_t frame[FRAME_BYTES], uint64_t *random)
{
	struct sp_eth *eth = (void *)frame;
	struct sp_ipv4 *ip = (void *)(eth + 1);
	struct sp_tcp *tcp = (void *)(ip + 1);
	const uint16_t tcp_bytes = FRAME_BYTES - sizeof(*eth) - sizeof(*ip);

	memset(frame, 0, FRAME_BYTES);
	eth->to[0] = eth->from[0] = 2;
	eth->type_be = SP_BE16(SP_ETH_IPV4);
	ip->version_ihl = 0x45;
	ip->total_length_be = SP_BE16(sizeof(*ip) + tcp_bytes);
	ip->ttl = 64;
	ip->protocol = SP_IPPROTO_TCP;
	ip->from_be = SP_BE32(0xc6120000 | (next_random(random) & 0x1ffff));
	ip->to_be = SP_BE32(EDGE_V4);
	ip->checksum_be = checksum(ip, sizeof(*ip), 0);
	tcp->from_be = SP_BE16(1024 + next_random(random) % 60000);
	tcp->to_be = SP_BE16(FIRST_PORT + next_random(random) % NR_LEASES);
	tcp->seq_be = next_random(random);
	tcp->data_offset = sizeof(*tcp) / 4 << 4;
	tcp->flags = SP_TCP_ACK;
	tcp->checksum_be = checksum(tcp, tcp_bytes,
				    (uint64_t)(ip->from_be & 0xffff) + (ip->from_be >> 16) +
					    (ip->to_be & 0xffff) + (ip->to_be >> 16) +
					    SP_BE16(SP_IPPROTO_TCP) + SP_BE16(tcp_bytes));
}

static int make_pcap(const char *path)
{
	struct pcap_header header = {0xa1b2c3d4, 2, 4, 0, 0, FRAME_BYTES, 1};
	struct pcap_record record = {0, 0, FRAME_BYTES, FRAME_BYTES};
	uint64_t random = 88172645463325252ull;
	FILE *file = fopen(path, "we");

	if (!file)
		die("the file cannot be made");
	fwrite(&header, sizeof(header), 1, file);
	for (uint32_t i = 0; i < NR_FLOWS; i++) {
		uint8_t frame[FRAME_BYTES];

		make_frame(frame, &random);
		fwrite(&record, sizeof(record), 1, file);
		fwrite(frame, sizeof(frame), 1, file);
	}
	if (fclose(file) != 0)
		die("the file cannot be written");
	return EXIT_SUCCESS;
}

static void add_endpoint(struct table_map *table, const struct sp_slot *slot, uint32_t slot_index)
{
	uint64_t hash = sp_endpoint_hash(&slot->vm_addr, slot->vm_port_be, SP_PROTOCOL_TCP, SEED);
	struct sp_bucket *bucket = &table->endpoints[sp_bucket_first(hash, NR_BUCKETS)];

	for (uint32_t i = 0; i < SP_BUCKET_ENTRIES; i++) {
		if (bucket->entry[i])
			continue;
		bucket->entry[i] = sp_entry_make(hash, slot_index);
		return;
	}
	die("an endpoint finds no room");
}

static void open_table(struct bench *bench)
{
	struct sp_meta meta = {.nr_publics = 1,
			       .nr_buckets = NR_BUCKETS,
			       .nr_allow = 2,
			       .nr_usage = NR_LEASES,
			       .nr_cpus = 1,
			       .nr_workers = 1,
			       .hash_seed = SEED};
	struct sp_addr edge = sp_addr_from_v4(SP_BE32(EDGE_V4));
	struct sp_settings *settings;

	table_meta_init(&meta);
	if (table_map_alloc(&meta, &bench->table) < 0)
		die("there is no memory for the table");
	settings = bench->table->settings;
	settings->nr_networks[0] = 1;
	settings->networks[0][0].addr = sp_addr_from_v4(SP_BE32(0x0a000000));
	memset(&settings->networks[0][0].mask, 0xff, 13);
	sp_near_begin(settings);
	sp_near_add_network(settings, &settings->networks[0][0]);
	sp_near_add_host(settings, &edge);
	sp_near_ready(settings);
	bench->table->hosts[sp_host_first(&edge)] =
		(struct sp_host){.addr = edge, .kind = SP_HOST_PUBLIC};
	for (uint32_t i = 0; i < NR_LEASES; i++) {
		uint32_t slot_index = sp_slot_index(0, (uint16_t)(FIRST_PORT + i));
		struct sp_slot *slot = &bench->table->leases[slot_index];

		*slot = (struct sp_slot){.state = SP_SLOT_LIVE,
					 .generation = 1,
					 .deadline_ns = UINT64_MAX,
					 .vm_addr = sp_addr_from_v4(SP_BE32(FIRST_VM_V4 + i)),
					 .public_addr = edge,
					 .vm_port_be = SP_BE16(22),
					 .public_port_be = SP_BE16(FIRST_PORT + i),
					 .family = 4,
					 .protocol_mask = SP_PROTOCOL_TCP,
					 .usage_index = i};
		add_endpoint(bench->table, slot, slot_index);
	}
}

static void add_route(struct bench *bench, uint32_t prefix, uint8_t depth, const uint32_t *gateway,
		      uint32_t port)
{
	struct nexthop_route route = {
		.prefix = sp_addr_from_v4(SP_BE32(prefix)), .family = 4, .depth = depth};
	struct nexthop_leaf leaf = {.sources = 0};
	struct nexthop_gateway wanted;
	struct sp_addr addr;
	uint32_t index;

	if (gateway)
		addr = sp_addr_from_v4(SP_BE32(*gateway));
	wanted = nexthop_gateway_of(gateway ? &addr : NULL, port);
	if (nexthop_gateway_name(&bench->nexthops, &wanted, &index) < 0)
		die("a gateway finds no room");
	leaf.gateway[0] = (uint16_t)index;
	if (nexthop_leaf_name(&bench->nexthops, &leaf, &route.leaf_index) < 0 ||
	    nexthop_route_set(&bench->nexthops, &route) < 0)
		die("a route finds no room");
}

static void open_nexthops(struct bench *bench)
{
	uint32_t gateway = GATEWAY_V4;
	uint8_t link_addr[6] = {2};

	if (nexthops_open(&bench->nexthops) < 0)
		die("there is no memory for the routes");
	add_route(bench, 0, 0, &gateway, 0);
	add_route(bench, 0x0a000000, 16, NULL, 1);
	for (uint32_t i = 0; i < NR_LEASES; i++) {
		struct sp_addr vm = sp_addr_from_v4(SP_BE32(FIRST_VM_V4 + i));

		memcpy(&link_addr[2], &i, sizeof(i));
		if (nexthop_neighbour_set(&bench->nexthops, &vm, 1, link_addr, 0) < 0)
			die("a neighbour finds no room");
	}
}

/* One device for both: it is received from as the public port and sent to as the builds port. */
static void open_ports(struct bench *bench)
{
	struct rte_eth_conf plain = {0};

	bench->pool = port_pool_make("buffers", NR_BUFFERS, MTU);
	if (!bench->pool)
		die("there is no memory for the buffers");
	if (rte_eth_dev_configure(0, 1, 1, &plain) < 0 ||
	    rte_eth_rx_queue_setup(0, 0, 512, 0, NULL, bench->pool) < 0 ||
	    rte_eth_tx_queue_setup(0, 0, 512, 0, NULL) < 0 || rte_eth_dev_start(0) < 0)
		die("net_pcap does not start");
	bench->ports.nr = 2;
	for (uint32_t i = 0; i < 2; i++) {
		bench->ports.port[i].role = i == 0 ? SP_ROLE_PUBLIC : SP_ROLE_BUILDS;
		bench->ports.port[i].nr_queues = 1;
		atomic_store(&bench->ports.port[i].mtu, MTU);
	}
}

static void open_crew(struct bench *bench)
{
	if (crew_open(&bench->crew, 1, true, bench->table, &bench->ports, &bench->nexthops) < 0)
		die("there is no memory for the worker");
	crew_assign_devices(&bench->crew);
	bench->crew.workers[0].nr_rx = 1; /* the public port's queue */
}

/* Result: millions of packets for each second of this thread's CPU time, whoever else runs. */
static double measure(struct worker *worker, uint64_t duration_ns)
{
	uint64_t until_ns = boottime_now_ns() + duration_ns, packets = 0;
	uint64_t begun_ns = boottime_clock_ns(CLOCK_THREAD_CPUTIME_ID);

	while (boottime_now_ns() < until_ns)
		for (int i = 0; i < ROUNDS_A_LOOK; i++)
			packets += worker_round(worker);
	return (double)packets * 1000 /
	       (double)(boottime_clock_ns(CLOCK_THREAD_CPUTIME_ID) - begun_ns);
}

static void expect_all_forwarded(const struct worker *worker)
{
	for (unsigned int i = 0; i < SP_VERDICT_COUNT; i++)
		if (i != SP_FORWARDED && worker->counters->verdict[i])
			die("some packets were not forwarded");
}

static void start_eal(const char *pcap, int argc, char **argv)
{
	static char text[][32] = {"pipeline_bench", "--no-pci", "--no-telemetry",
				  "--log-level=error"};
	static char vdev[512];
	char *arguments[32] = {text[0], text[1], text[2], text[3], vdev};
	int nr = 5;

	snprintf(vdev, sizeof(vdev), "--vdev=net_pcap0,rx_pcap=%s,infinite_rx=1", pcap);
	for (int i = 0; i < argc && nr < 31; i++)
		arguments[nr++] = argv[i];
	if (rte_eal_init(nr, arguments) < 0)
		die("EAL does not start");
}

static int run(const char *pcap, const char *seconds, int argc, char **argv)
{
	static struct bench bench;
	struct worker *worker;
	double mpps;

	start_eal(pcap, argc, argv);
	open_table(&bench);
	open_nexthops(&bench);
	open_ports(&bench);
	open_crew(&bench);
	worker = bench.crew.workers;
	measure(worker, WARM_UP_NS);
	mpps = measure(worker, (uint64_t)(atof(seconds) * 1e9));
	expect_all_forwarded(worker);
	printf("%.2f\n", mpps);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "make") == 0)
		return make_pcap(argv[2]);
	if (argc >= 4 && strcmp(argv[1], "run") == 0)
		return run(argv[2], argv[3], argc - 4, argv + 4);
	die("usage: pipeline_bench make FILE | run FILE SECONDS [EAL argument ...]");
}
