// SPDX-License-Identifier: BSD-3-Clause
/*
 * What only the XDP program does: next hops, errors, usage, and the choice between the engines. In
 * a network namespace with routes and neighbours, by BPF_PROG_TEST_RUN.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <linux/bpf.h>

#include "engine/network.h"
#include "xdp/standard.h"

#include <sallyport/answer.h>
#include <sallyport/link/hint.h>

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
	assert_int_equal(result.action, XDP_REDIRECT);
	assert_int_equal(result.out.len_bytes, 70);
	assert_memory_equal(result.out.bytes + 34, "\3\4", 2);
	assert_memory_equal(result.out.bytes + 40, "\x05\x78", 2);
}

static void test_errors_are_limited_each_kind_by_itself(void **state)
{
	struct xdp_engine *engine = *state;
	static struct xdp_result result;
	struct frame in;
	int nr_sent = 0, nr_limited = 0;
	__u64 start_ns = xdp_engine_now_ns(), took_ns;

	engine->limit_errors = 1;
	make_packet(engine, TCP_LEASE, SP_TOWARD_VM, CLIENT, 0, &in);
	in.bytes[22] = 1;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(xdp_engine_run(engine, SP_ROLE_PUBLIC, &in, &result), 0);
		nr_sent += result.verdict == SP_TTL_EXCEEDED && result.action == XDP_REDIRECT;
		nr_limited += result.verdict == SP_ANSWER_LIMITED && result.action == XDP_DROP;
	}
	took_ns = xdp_engine_now_ns() - start_ns;
	assert_int_equal(nr_sent + nr_limited, 1000);
	assert_in_range(nr_sent, 1, (took_ns / SP_ERROR_GAP_NS + 1) * engine->nr_cpus);
	assert_true(nr_limited > 0);
	assert_int_equal(
		run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, "198.18.0.9", 1361).verdict,
		SP_TOO_BIG);
	engine->limit_errors = 0;
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

static void test_a_worker_with_a_fresh_beat_gets_the_packets(void **state)
{
	struct xdp_engine *engine = *state;
	struct sp_queue *public = &engine->queues[0], *builds = &engine->queues[SP_QUEUES_MAX];
	int fd = xdp_engine_add_socket(engine, SP_ROLE_BUILDS);

	assert_true(fd >= 0);
	engine->fixture.settings->engine_mode = SP_ENGINE_DPDK;
	engine->fixture.settings->failover_ns = 1000000000;
	public->beat_ns = xdp_engine_now_ns();
	builds->beat_ns = 0;
	/* A beat without a socket, and a socket without a beat. */
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_VM, CLIENT, 0).verdict,
			 SP_FORWARDED);
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 0).verdict,
			 SP_FORWARDED);
	builds->beat_ns = xdp_engine_now_ns();
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 0).verdict,
			 SP_STEERED);
	/* One that is longer than its buffers would be lost there. */
	builds->frame_bytes = 60;
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 100).verdict,
			 SP_FORWARDED);
	builds->frame_bytes = 1514;
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 100).verdict,
			 SP_STEERED);
	builds->frame_bytes = 0;
	builds->beat_ns = xdp_engine_now_ns() - 1000000000;
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 0).verdict,
			 SP_FORWARDED);
	builds->beat_ns = xdp_engine_now_ns();
	engine->fixture.leases[TCP_LEASE].state = SP_SLOT_ENDED;
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 0).verdict,
			 SP_STEERED);
	engine->fixture.settings->engine_mode = SP_ENGINE_XDP;
	assert_int_equal(run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 0).verdict,
			 SP_RESET_VM);
	close(fd);
	public->beat_ns = 0;
	builds->beat_ns = 0;
}

/* Result: the hint that a packet of that direction comes with, when it is steered. */
static struct sp_hint hint_of(struct xdp_engine *engine, enum sp_direction direction,
			      __u32 *ret_bytes)
{
	struct xdp_result result = run_packet(engine, TCP_LEASE, direction, CLIENT, 100);
	struct sp_hint hint;

	assert_int_equal(result.verdict, SP_STEERED);
	assert_int_equal(result.out.len_bytes, 14 + 40 + 100);
	memcpy(&hint, result.meta, sizeof(hint));
	*ret_bytes = result.meta_bytes;
	return hint;
}

static void test_a_vms_packet_says_where_its_lease_is(void **state)
{
	struct xdp_engine *engine = *state;
	int public = xdp_engine_add_socket(engine, SP_ROLE_PUBLIC);
	int builds = xdp_engine_add_socket(engine, SP_ROLE_BUILDS);
	struct xdp_result carried;
	struct sp_packet packet = {0};
	struct sp_hint hint;
	struct frame frame;
	__u32 bytes;

	make_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 100, &frame);
	assert_int_equal(sp_parse(frame.bytes, frame.bytes + frame.len_bytes, &packet),
			 SP_FORWARDED);
	engine->fixture.settings->engine_mode = SP_ENGINE_DPDK;
	engine->queues[0].beat_ns = engine->queues[SP_QUEUES_MAX].beat_ns = ~0ull >> 1;
	hint_of(engine, SP_TOWARD_VM, &bytes);
	assert_int_equal(bytes, 0);
	/* In place of what came with it. */
	for (engine->meta_bytes = 0; engine->meta_bytes <= XDP_META_MAX; engine->meta_bytes += 4) {
		hint = hint_of(engine, SP_TOWARD_CLIENT, &bytes);
		assert_int_equal(bytes, sizeof(hint));
		assert_int_equal(hint.slot_index, TCP_LEASE);
		assert_int_equal(hint.sender, sp_hint_sender(&packet));
	}
	engine->meta_bytes = 0;
	engine->queues[0].beat_ns = engine->queues[SP_QUEUES_MAX].beat_ns = 0;
	carried = run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, CLIENT, 100);
	assert_int_equal(carried.verdict, SP_FORWARDED);
	assert_int_equal(carried.meta_bytes, 0);
	close(public);
	close(builds);
}

static void test_a_deadline_passes_while_nobody_writes(void **state)
{
	struct xdp_engine *engine = *state;
	struct sp_slot *slot = &engine->fixture.leases[TCP_LEASE];
	unsigned long long forwarded = 0, after = 0;

	SP_STORE(slot->deadline_ns, xdp_engine_now_ns() + 200000000);
	while (xdp_engine_now_ns() < slot->deadline_ns)
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

int main(void)
{
	static struct xdp_engine engine;
#define TEST(name) cmocka_unit_test_prestate_setup_teardown(name, set_up_standard, NULL, &engine)
	const struct CMUnitTest tests[] = {
		TEST(test_a_hop_without_link_address_is_wanted),
		TEST(test_a_way_through_the_wrong_interface_is_no_route),
		TEST(test_a_packet_over_the_routes_mtu_is_answered),
		TEST(test_errors_are_limited_each_kind_by_itself),
		TEST(test_usage_counts_both_ways_and_begins_anew),
		TEST(test_without_a_socket_the_program_carries_or_drops_as_told),
		TEST(test_a_worker_with_a_fresh_beat_gets_the_packets),
		TEST(test_a_vms_packet_says_where_its_lease_is),
		TEST(test_a_deadline_passes_while_nobody_writes),
	};
#undef TEST

	return RUN_ON_ENGINE(tests, &engine);
}
