// SPDX-License-Identifier: BSD-3-Clause
/*
 * Next hops that the XDP program remembers (hop.h): it goes by them for a moment, and no longer
 * than it may. A neighbour is changed behind sallyportd's back, in both directions.
 */
#include <arpa/inet.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "engine/network.h"
#include "xdp/standard.h"

#include <sallyport/link/hop.h>

#define TICK_NS (1ULL << SP_HOP_TICK)
#define GATEWAY "192.0.2.254 dev public"

static const enum sp_direction both[] = {SP_TOWARD_VM, SP_TOWARD_CLIENT};

static struct sp_settings *settings_of(struct xdp_engine *engine)
{
	return engine->fixture.settings;
}

/* Gives the next hop of that direction the link address that ends so. */
static void give_link(struct xdp_engine *engine, enum sp_direction direction, unsigned int last)
{
	const __u8 *vm = (const __u8 *)&engine->fixture.leases[TCP_LEASE].vm_addr.word_be[3];
	char line[160], addr[64];

	snprintf(addr, sizeof(addr), "%u.%u.%u.%u dev builds", vm[0], vm[1], vm[2], vm[3]);
	snprintf(line, sizeof(line), "neigh replace %s lladdr 02:00:00:00:ee:%02x nud permanent\n",
		 direction == SP_TOWARD_VM ? addr : GATEWAY, last);
	assert_int_equal(network_ip(line), 0);
}

/* Result: the last byte of the link address that a packet of that direction is sent to. */
static unsigned int sent_to(struct xdp_engine *engine, enum sp_direction direction)
{
	struct xdp_result result = run_packet(engine, TCP_LEASE, direction, CLIENT, 0);

	assert_int_equal(result.verdict, SP_FORWARDED);
	assert_int_equal(result.out.bytes[4], 0xee);
	return result.out.bytes[5];
}

/* The first packet of a lease begins its record, the second leaves its way there. */
static void learn(struct xdp_engine *engine, enum sp_direction direction, unsigned int last)
{
	give_link(engine, direction, last);
	settings_of(engine)->hops_changed = sp_hop_tick(xdp_engine_now_ns()) - 1;
	for (int i = 0; i < 2; i++)
		assert_int_equal(sent_to(engine, direction), last);
}

/* What was learned was learned at that time. */
static void learned_at(struct xdp_engine *engine, __u64 ns)
{
	for (__u32 i = 0; i < engine->nr_cpus * FIXTURE_USAGE; i++)
		if (engine->usage[i].hop_epoch)
			engine->usage[i].hop_epoch = sp_hop_tick(ns);
	for (__u32 i = 0; i < engine->nr_cpus * SP_HOPS; i++)
		if (engine->hops[i].learned)
			engine->hops[i].learned = sp_hop_tick(ns);
}

static void test_a_way_is_gone_by_for_a_moment(void **state)
{
	struct xdp_engine *engine = *state;

	for (int i = 0; i < 2; i++) {
		unsigned int to;
		__u64 now_ns;

		learn(engine, both[i], 1);
		give_link(engine, both[i], 2);
		settings_of(engine)->hops_changed =
			sp_hop_tick(xdp_engine_now_ns() - 2 * SP_HOP_NS);
		do { /* Another process may be let in here for longer than the moment. */
			now_ns = xdp_engine_now_ns();
			learned_at(engine, now_ns);
			to = sent_to(engine, both[i]);
		} while (xdp_engine_now_ns() - now_ns >= SP_HOP_NS - TICK_NS);
		assert_int_equal(to, 1);
		learned_at(engine, xdp_engine_now_ns() - SP_HOP_NS);
		assert_int_equal(sent_to(engine, both[i]), 2);
	}
}

static void test_what_has_changed_is_asked_for_at_once(void **state)
{
	struct xdp_engine *engine = *state;

	for (int i = 0; i < 2; i++) {
		learn(engine, both[i], 1);
		give_link(engine, both[i], 2);
		settings_of(engine)->hops_changed = sp_hop_tick(xdp_engine_now_ns());
		assert_int_equal(sent_to(engine, both[i]), 2);
	}
}

static void test_nothing_is_remembered_unless_it_may_be(void **state)
{
	struct xdp_engine *engine = *state;

	for (int i = 0; i < 2; i++) {
		learn(engine, both[i], 1);
		settings_of(engine)->hops_kept = 0;
		give_link(engine, both[i], 2);
		assert_int_equal(sent_to(engine, both[i]), 2);
		settings_of(engine)->hops_kept = 1;
	}
}

static void test_another_lease_finds_its_own_way(void **state)
{
	struct xdp_engine *engine = *state;
	struct sp_slot *slot = &engine->fixture.leases[TCP_LEASE];

	learn(engine, SP_TOWARD_VM, 1);
	slot->generation += 77;
	give_link(engine, SP_TOWARD_VM, 2);
	assert_int_equal(sent_to(engine, SP_TOWARD_VM), 2);
}

/* Writes an address behind the gateway that shares its record with a client on the link. */
static void find_namesake(const char *client, char ret[INET_ADDRSTRLEN])
{
	struct sp_addr addr;
	__u32 index, i = 0;

	assert_int_equal(fixture_parse_addr(client, &addr), 0);
	index = sp_hop_index(0, sp_addr_hash(&addr, FIXTURE_SEED));
	do {
		addr = sp_addr_from_v4(SP_BE32(0xc6120000 + ++i));
		assert_true(i < 0x10000);
	} while (sp_hop_index(0, sp_addr_hash(&addr, FIXTURE_SEED)) != index);
	assert_non_null(inet_ntop(AF_INET, &addr.word_be[3], ret, INET_ADDRSTRLEN));
}

static void test_clients_that_share_a_record_go_their_own_ways(void **state)
{
	static const char near[] = "192.0.2.10";
	struct xdp_engine *engine = *state;
	char far[INET_ADDRSTRLEN];

	learn(engine, SP_TOWARD_CLIENT, 1);
	find_namesake(near, far);
	assert_int_equal(network_ip("neigh replace 192.0.2.10 lladdr 02:00:00:00:ee:03 "
				    "dev public nud permanent\n"),
			 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
			run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, far, 0).out.bytes[5], 1);
		assert_int_equal(
			run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, near, 0).out.bytes[5], 3);
	}
}

static void test_a_packet_too_long_for_a_known_way_is_answered(void **state)
{
	struct xdp_engine *engine = *state;

	assert_int_equal(network_ip("route add 198.18.9.0/24 via 192.0.2.254 mtu lock 1400\n"), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, "198.18.9.9", 1360).verdict,
			SP_FORWARDED);
	assert_int_equal(
		run_packet(engine, TCP_LEASE, SP_TOWARD_CLIENT, "198.18.9.9", 1361).verdict,
		SP_TOO_BIG);
}

static void test_ticks_come_round(void **state)
{
	struct sp_settings now = {.hops_kept = 1, .hops_changed = 0xffffffff};
	const __u64 round_ns = 1ULL << (32 + SP_HOP_TICK);

	assert_true(sp_hop_holds(&now, 1, round_ns + 5 * TICK_NS));
	assert_true(sp_hop_holds(&now, 1, round_ns + 99 * TICK_NS));
	assert_false(sp_hop_holds(&now, 1, round_ns + 101 * TICK_NS));
	assert_false(sp_hop_holds(&now, 0xffffffff, round_ns + 5 * TICK_NS));
	assert_false(sp_hop_holds(&now, 0xfffffffe, round_ns + 5 * TICK_NS));
	assert_false(sp_hop_holds(&now, 0, round_ns + 5 * TICK_NS));
	now.hops_changed = 1;
	assert_true(sp_hop_holds(&now, 0x90000000, 0x90000005 * TICK_NS));
	now.hops_kept = 0;
	assert_false(sp_hop_holds(&now, 1, round_ns + 5 * TICK_NS));
}

/* What is remembered is remembered by each CPU for itself. */
static void stay_here(void)
{
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	sched_setaffinity(0, sizeof(here), &here);
}

int main(void)
{
	static struct xdp_engine engine;
#define TEST(name) cmocka_unit_test_prestate_setup_teardown(name, set_up_standard, NULL, &engine)
	const struct CMUnitTest tests[] = {
		TEST(test_a_way_is_gone_by_for_a_moment),
		TEST(test_what_has_changed_is_asked_for_at_once),
		TEST(test_nothing_is_remembered_unless_it_may_be),
		TEST(test_another_lease_finds_its_own_way),
		TEST(test_clients_that_share_a_record_go_their_own_ways),
		TEST(test_a_packet_too_long_for_a_known_way_is_answered),
		TEST(test_ticks_come_round),
	};
#undef TEST

	stay_here();
	return RUN_ON_ENGINE(tests, &engine);
}
