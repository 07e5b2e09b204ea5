// SPDX-License-Identifier: BSD-3-Clause
/*
 * The XDP program as it is attached, two instances and a one-arm one over one table, in a network
 * namespace with routes and neighbours: vectors, random packets beside the host's build, and what
 * only the program does.
 *
 * PACKET_COUNT is how many random packets (200000), PACKET_SEED where to begin (the clock).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <linux/bpf.h>

#include "packets.h"
#include "vectors.h"
#include "xdp_engine.h"

#define PACKETS_DEFAULT	      200000
#define PACKETS_BEFORE_CHANGE 1000
#define MTU_BYTES	      1500

static const char *vectors_path;

static unsigned long long from_environment(const char *name, unsigned long long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

static __u64 boottime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (__u64)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void print_frame(const char *what, const struct frame *frame)
{
	print_message("# %-9s", what);
	for (uint32_t i = 0; i < frame->len_bytes; i++)
		print_message("%02x", frame->bytes[i]);
	print_message("\n");
}

/* A translated frame leaves with the links of its next hop; the rest is as expected without. */
static void expect_links(struct frame *expected, int to_builds)
{
	memcpy(expected->bytes, to_builds ? NETWORK_VM_MAC : NETWORK_GATEWAY_MAC, 6);
	memcpy(expected->bytes + 6, to_builds ? NETWORK_BUILDS_MAC : NETWORK_PUBLIC_MAC, 6);
}

static __u32 expected_action(enum sp_verdict verdict, enum sp_role role, int to_builds)
{
	switch (sp_verdict_fate(verdict)) {
	case SP_FATE_PASS:
		return XDP_PASS;
	case SP_FATE_DROP:
		return XDP_DROP;
	case SP_FATE_ANSWER:
		return XDP_TX;
	case SP_FATE_CARRY:
		break;
	}
	return role == SP_ROLE_BOTH && !to_builds ? XDP_TX : XDP_REDIRECT;
}

static int same_bytes(const struct frame *a, const struct frame *b)
{
	return a->len_bytes == b->len_bytes && memcmp(a->bytes, b->bytes, a->len_bytes) == 0;
}

/* Result: whether the program did what is expected, which is printed if not. */
static int check(const struct xdp_result *result, enum sp_role role, const struct frame *in,
		 enum sp_verdict verdict, struct frame *expected, int to_builds)
{
	if (verdict == SP_FORWARDED)
		expect_links(expected, to_builds);
	if (result->verdict == verdict &&
	    result->action == expected_action(verdict, role, to_builds) &&
	    same_bytes(&result->out, expected))
		return 1;
	print_message("# role %u: verdict %s action %u, expected %s\n", role,
		      vectors_verdict(result->verdict), result->action, vectors_verdict(verdict));
	print_frame("in", in);
	print_frame("out", &result->out);
	print_frame("expected", expected);
	return 0;
}

/* Vectors say how late it is by their own clock; here the deadline is late enough or long ago. */
static void set_deadlines(struct fixture *fixture, int passed)
{
	for (__u32 public_index = 0; public_index < FIXTURE_PUBLICS; public_index++)
		for (__u32 port = 64784; port < 64800; port++)
			fixture->leases[public_index << 16 | port].deadline_ns = passed ? 1 : ~0ULL;
}

struct vector_run {
	struct xdp_engine *engine;
	int nr_run, nr_failed;
};

static void run_vector(void *context, const struct vector *vector)
{
	static struct xdp_result result;
	struct vector_run *run = context;
	struct frame expected = vector->expected;
	int to_builds = vector->run.role == SP_ROLE_PUBLIC ||
			(vector->run.role == SP_ROLE_BOTH && strstr(vector->name, "from_client"));

	if (vector->run.mtu != MTU_BYTES)
		return;
	xdp_engine_settings(run->engine);
	set_deadlines(&run->engine->fixture, vector->run.now_ns >= 1000);
	run->nr_run++;
	if (!xdp_engine_run(run->engine, vector->run.role, &vector->in, &result) &&
	    check(&result, vector->run.role, &vector->in, vector->verdict, &expected, to_builds))
		return;
	print_message("# vector %s\n", vector->name);
	run->nr_failed++;
}

static void test_vectors_through_the_program_come_out_as_written(void **state)
{
	struct vector_run run = {.engine = *state};
	FILE *file = fopen(vectors_path, "r");

	assert_non_null(file);
	fixture_clear(&run.engine->fixture);
	assert_int_equal(vectors_read(file, &run.engine->fixture, run_vector, &run), 0);
	fclose(file);
	print_message("# %d vectors\n", run.nr_run);
	assert_int_equal(run.nr_failed, 0);
	assert_true(run.nr_run > 150);
}

static void change_table(struct random *random, struct fixture *fixture, __u64 now_ns)
{
	for (int i = 0; i < 8; i++) {
		__u32 port = 64000 + random_below(random, 48);
		struct sp_slot *slot = &fixture->leases[random_below(random, 2) << 16 | port];

		slot->state = random_below(random, 3) ? SP_SLOT_LIVE : random_below(random, 4);
		slot->deadline_ns = random_below(random, 3) ? now_ns + 3600000000000 : now_ns;
	}
}

/*
 * A mutated target can be one that this namespace has no way or no neighbour to. Result: whether
 * that is all that kept a packet back.
 */
static int is_astray(const struct xdp_result *result, enum sp_verdict verdict,
		     const struct frame *in)
{
	return verdict == SP_FORWARDED && result->action == XDP_DROP &&
	       (result->verdict == SP_NO_NEIGHBOUR || result->verdict == SP_NO_ROUTE) &&
	       same_bytes(&result->out, in);
}

struct random_run {
	struct xdp_engine *engine;
	struct random random;
	__u64 now_ns;
	unsigned long long nr_forwarded, nr_astray;
};

/* Result: whether the program did with one random packet what the host's build did. */
static int run_random(struct random_run *all)
{
	static struct frame in, expected;
	static struct xdp_result result;
	struct run run = {
		.now_ns = all->now_ns, .mtu = MTU_BYTES, .role = 1 + random_below(&all->random, 3)};

	packets_random(&all->random, &all->engine->fixture, &in);
	expected = in;
	host_engine_run(&all->engine->fixture.table, &run, &in, &expected);
	if (xdp_engine_run(all->engine, run.role, &in, &result))
		return 0;
	all->nr_forwarded += run.verdict == SP_FORWARDED;
	if (is_astray(&result, run.verdict, &in)) {
		all->nr_astray++;
		return 1;
	}
	return check(&result, run.role, &in, run.verdict, &expected, run.direction == SP_TOWARD_VM);
}

static void test_random_packets_become_what_the_host_makes_of_them(void **state)
{
	unsigned long long seed = from_environment("PACKET_SEED", (unsigned long long)time(NULL));
	unsigned long long count = from_environment("PACKET_COUNT", PACKETS_DEFAULT);
	struct random_run all = {
		.engine = *state, .random = {.state = seed}, .now_ns = boottime_ns()};
	struct fixture *fixture = &all.engine->fixture;

	print_message("# PACKET_SEED=%llu PACKET_COUNT=%llu\n", seed, count);
	for (unsigned long long i = 0; i < count; i++) {
		if (i % (64 * PACKETS_BEFORE_CHANGE) == 0) {
			assert_int_equal(fixture_standard(fixture, all.now_ns), 0);
			xdp_engine_settings(all.engine);
		}
		if (i % PACKETS_BEFORE_CHANGE == 0)
			change_table(&all.random, fixture, all.now_ns);
		if (!run_random(&all))
			fail_msg("packet %llu differs", i);
	}
	print_message("# %llu forwarded, %llu without a way\n", all.nr_forwarded, all.nr_astray);
	assert_true(all.nr_forwarded > count / 20);
	assert_true(all.nr_astray < all.nr_forwarded / 50);
}

/* A TCP packet from a client to the lease of that port, or from its VM to the client. */
static void make_packet(struct xdp_engine *engine, __u16 port, enum sp_direction direction,
			const char *client, __u32 payload_bytes, struct frame *ret)
{
	const struct sp_slot *slot = &engine->fixture.leases[port];
	struct sp_addr addr;
	__u8 *ip = ret->bytes + 14, *tcp = ip + 20;
	__u32 total = 40 + payload_bytes;

	assert_int_equal(fixture_parse_addr(client, &addr), 0);
	memset(ret, 0, sizeof(*ret));
	ret->len_bytes = 14 + total;
	ret->bytes[12] = 0x08;
	ip[0] = 0x45;
	ip[2] = total >> 8;
	ip[3] = total & 0xff;
	ip[8] = 64;
	ip[9] = 6;
	tcp[12] = 0x50;
	tcp[13] = 0x10;
	memcpy(ip + (direction == SP_TOWARD_VM ? 12 : 16), &addr.word_be[3], 4);
	memcpy(tcp + (direction == SP_TOWARD_VM ? 2 : 0),
	       direction == SP_TOWARD_VM ? &slot->public_port_be : &slot->vm_port_be, 2);
	memcpy(ip + (direction == SP_TOWARD_VM ? 16 : 12),
	       direction == SP_TOWARD_VM ? &slot->public_addr.word_be[3]
					 : &slot->vm_addr.word_be[3],
	       4);
}

static struct xdp_result run_packet(struct xdp_engine *engine, __u16 port,
				    enum sp_direction direction, const char *client,
				    __u32 payload_bytes)
{
	static struct xdp_result result;
	struct frame in;

	make_packet(engine, port, direction, client, payload_bytes, &in);
	assert_int_equal(xdp_engine_run(engine,
					direction == SP_TOWARD_VM ? SP_ROLE_PUBLIC : SP_ROLE_BUILDS,
					&in, &result),
			 0);
	return result;
}

static int set_up_standard(void **state)
{
	struct xdp_engine *engine = *state;
	int r = fixture_standard(&engine->fixture, boottime_ns());

	xdp_engine_settings(engine);
	memset(engine->wanted, 0, engine->nr_cpus * sizeof(*engine->wanted));
	memset(engine->usage, 0, engine->nr_cpus * FIXTURE_USAGE * sizeof(*engine->usage));
	return r;
}

#define TCP_LEASE 64003 /* of the standard fixture: live, TCP, for everybody */
#define CLIENT	  "203.0.113.50"

/* Result: the row that has grown, and by how much in *ret. */
static const struct sp_wanted *find_wanted(const struct xdp_engine *engine, __u64 *ret)
{
	const struct sp_wanted *found = NULL;

	*ret = 0;
	for (__u32 cpu = 0; cpu < engine->nr_cpus; cpu++) {
		*ret += engine->wanted[cpu].count;
		if (engine->wanted[cpu].count)
			found = &engine->wanted[cpu];
	}
	return found;
}

static void test_a_hop_without_link_address_is_wanted(void **state)
{
	struct xdp_engine *engine = *state;
	const struct sp_wanted *row;
	struct sp_addr client;
	__u64 count;

	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, "192.0.2.77", 0).verdict,
			 SP_NO_NEIGHBOUR);
	row = find_wanted(engine, &count);
	assert_int_equal(count, 1);
	assert_int_equal(fixture_parse_addr("192.0.2.77", &client), 0);
	assert_memory_equal(&row->hop[0].addr, &client, sizeof(client));
	assert_int_equal(row->hop[0].ifindex, engine->ingress_ifindex[SP_ROLE_PUBLIC]);
	run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, "192.0.2.77", 0);
	find_wanted(engine, &count);
	assert_true(count <= engine->nr_cpus);
}

static void test_a_way_through_the_wrong_interface_is_no_route(void **state)
{
	struct xdp_engine *engine = *state;
	__u64 count;

	assert_int_equal(network_ip("route add 203.0.113.64/26 via 10.0.3.7\n"
				    "route add 203.0.113.128/26 via 10.0.99.99\n"
				    "route add unreachable 203.0.113.192/26\n"),
			 0);
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, "203.0.113.65", 0).verdict,
			 SP_NO_ROUTE);
	assert_int_equal(
		run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, "203.0.113.129", 0).verdict,
		SP_NO_ROUTE);
	assert_int_equal(
		run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, "203.0.113.193", 0).verdict,
		SP_NO_ROUTE);
	find_wanted(engine, &count);
	assert_int_equal(count, 0);
}

static void test_a_packet_over_the_routes_mtu_is_answered(void **state)
{
	struct xdp_engine *engine = *state;
	static struct xdp_result result;

	assert_int_equal(network_ip("route add 198.18.0.0/24 via 192.0.2.254 mtu lock 1400\n"), 0);
	result = run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, "198.18.0.9", 1360);
	assert_int_equal(result.verdict, SP_FORWARDED);
	result = run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, "198.18.0.9", 1361);
	assert_int_equal(result.verdict, SP_TOO_BIG);
	assert_int_equal(result.action, XDP_TX);
	assert_int_equal(result.out.len_bytes, 70);
	assert_memory_equal(result.out.bytes + 34, "\3\4", 2);
	assert_memory_equal(result.out.bytes + 40, "\x05\x78", 2);
}

static void test_usage_counts_both_ways_and_begins_anew(void **state)
{
	struct xdp_engine *engine = *state;
	struct sp_slot *slot = &engine->fixture.leases[TCP_LEASE];
	struct sp_usage sum = {0};

	run_packet(engine, TCP_LEASE, SP_TOWARD_VM, CLIENT, 10);
	run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 20);
	for (__u32 cpu = 0; cpu < engine->nr_cpus; cpu++) {
		struct sp_usage *row = &engine->usage[cpu * FIXTURE_USAGE + slot->usage_index];

		if (row->generation != slot->generation)
			continue;
		for (int direction = 0; direction < 2; direction++) {
			sum.packets[direction] += row->packets[direction];
			sum.bytes[direction] += row->bytes[direction];
		}
		sum.last_seen_ns |= row->last_seen_ns;
		row->generation--;
	}
	assert_int_equal(sum.packets[SP_TOWARD_VM], 1);
	assert_int_equal(sum.bytes[SP_TOWARD_VM], 50);
	assert_int_equal(sum.packets[SP_TOWARD_CLIENT], 1);
	assert_int_equal(sum.bytes[SP_TOWARD_CLIENT], 60);
	assert_true(sum.last_seen_ns > 0);
	run_packet(engine, TCP_LEASE, SP_TOWARD_VM, CLIENT, 10);
	sum.packets[0] = 0;
	for (__u32 cpu = 0; cpu < engine->nr_cpus; cpu++) {
		struct sp_usage *row = &engine->usage[cpu * FIXTURE_USAGE + slot->usage_index];

		if (row->generation == slot->generation)
			sum.packets[0] += row->packets[0];
	}
	assert_int_equal(sum.packets[0], 1);
}

static void test_without_a_socket_the_program_carries_or_drops_as_told(void **state)
{
	struct xdp_engine *engine = *state;

	engine->fixture.settings->engine_mode = SP_ENGINE_DPDK;
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_VM, CLIENT, 0).verdict,
			 SP_FORWARDED);
	engine->fixture.settings->fallback = 0;
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_VM, CLIENT, 0).verdict,
			 SP_NO_ENGINE);
}

static void test_a_deadline_passes_while_nobody_writes(void **state)
{
	struct xdp_engine *engine = *state;
	struct sp_slot *slot = &engine->fixture.leases[TCP_LEASE];
	unsigned long long forwarded = 0, after = 0;

	SP_STORE(slot->deadline_ns, boottime_ns() + 20000000);
	while (boottime_ns() < slot->deadline_ns)
		forwarded += run_packet(engine, TCP_LEASE, SP_TOWARD_VM, CLIENT, 0).verdict ==
			     SP_FORWARDED;
	for (int i = 0; i < 1000; i++)
		after += run_packet(engine, TCP_LEASE, SP_TOWARD_VM, CLIENT, 0).verdict !=
			 SP_EXPIRED;
	assert_true(forwarded > 0);
	assert_int_equal(after, 0);
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 0).verdict,
			 SP_RESET_VM);
}

static int start(struct xdp_engine *engine)
{
	struct network network;
	int r = network_enter(&network);

	if (!r)
		r = xdp_engine_open(engine, &network);
	if (r == -EPERM || r == -EACCES) {
		printf("1..0 # SKIP loading BPF programs is not permitted here\n");
		return 77;
	}
	if (r)
		printf("not ok 1 - loading the program: %s\n", strerror(-r));
	return r ? 1 : 0;
}

int main(int argc, char **argv)
{
	static struct xdp_engine engine;
#define TEST(name) cmocka_unit_test_prestate_setup_teardown(name, set_up_standard, NULL, &engine)
	const struct CMUnitTest tests[] = {
		TEST(test_vectors_through_the_program_come_out_as_written),
		TEST(test_random_packets_become_what_the_host_makes_of_them),
		TEST(test_a_hop_without_link_address_is_wanted),
		TEST(test_a_way_through_the_wrong_interface_is_no_route),
		TEST(test_a_packet_over_the_routes_mtu_is_answered),
		TEST(test_usage_counts_both_ways_and_begins_anew),
		TEST(test_without_a_socket_the_program_carries_or_drops_as_told),
		TEST(test_a_deadline_passes_while_nobody_writes),
	};
#undef TEST
	int r;

	if (argc < 2)
		return 2;
	vectors_path = argv[1];
	r = start(&engine);
	if (r)
		return r;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	xdp_engine_close(&engine);
	return r;
}
