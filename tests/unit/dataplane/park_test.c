/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets whose neighbour the kernel has to find: from a worker to the main lcore and back, with a
 * real kernel behind it in a network namespace of its own.
 */
#include "fixture.h"

#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_mbuf.h>

#include <sallyport/wire.h>

#include "hop/mirror.h"
#include "hop/park.h"
#include "host/boottime.h"

#define PATIENCE_NS (10 * (uint64_t)NS_PER_S)

static struct mirror *mirror;

static const struct fixture_packet from_client = {
	.from = FIXTURE_CLIENT,
	.to = FIXTURE_EDGE,
	.from_port = 40000,
	.to_port = FIXTURE_PUBLIC_PORT,
	.ip_protocol = SP_IPPROTO_TCP,
	.tcp_flags = SP_TCP_SYN,
	.ttl = 64,
};

static void run(const char *command)
{
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

static int open_all(void **state)
{
	struct fixture *fixture;

	run("ip link add bld type veth peer name bldpeer; ip link set bldpeer up; "
	    "ip link set bld up; ip addr add 10.0.0.1/16 dev bld");
	run("ip link add pub type veth peer name pubpeer; ip link set pubpeer up; "
	    "ip link set pub up; ip addr add 198.51.100.1/24 dev pub");
	fixture_open(state);
	fixture = *state;
	fixture->ports.port[FIXTURE_BUILDS].hop_ifindex = if_nametoindex("bld");
	fixture->ports.port[FIXTURE_PUBLIC].hop_ifindex = if_nametoindex("pub");
	assert_int_equal(mirror_open(&fixture->ports, &fixture->nexthops, &mirror), 0);
	return 0;
}

static int close_all(void **state)
{
	mirror_close(mirror);
	run("ip link del bld; ip link del pub");
	return fixture_close(state);
}

static void receive(struct fixture *fixture, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		fixture_receive(fixture, FIXTURE_PUBLIC, fixture_frame(fixture, &from_client));
	while (worker_round(fixture->worker) > 0)
		park_take(&fixture->park, mirror, boottime_now_ns());
}

static void expect_sent(struct fixture *fixture, uint32_t port, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		struct rte_mbuf *mbuf = fixture_sent(fixture, port);

		assert_non_null(mbuf);
		rte_pktmbuf_free(mbuf);
	}
	assert_null(fixture_sent(fixture, port));
}

static void follow_until_resolved(struct fixture *fixture, const char *neighbour, uint32_t port)
{
	struct sp_addr addr = fixture_addr(neighbour);
	uint64_t until_ns = boottime_now_ns() + PATIENCE_NS;
	struct pollfd fd = {.fd = mirror_fd(mirror), .events = POLLIN};

	while (!nexthop_neighbour_find(&fixture->nexthops, &addr, port) &&
	       boottime_now_ns() < until_ns) {
		poll(&fd, 1, 100);
		assert_int_equal(mirror_follow(mirror, boottime_now_ns()), 0);
	}
}

static void test_parked_packets_go_on_once_resolved(void **state)
{
	struct fixture *fixture = *state;

	receive(fixture, 3);
	assert_int_equal(fixture->park.nr, 3);
	expect_sent(fixture, FIXTURE_BUILDS, 0);
	run("ip neigh show nud all dev bld | grep -q '^10.0.3.7.*INCOMPLETE'");
	park_give_back(&fixture->park, &fixture->nexthops, boottime_now_ns());
	assert_int_equal(fixture->park.nr, 3);
	assert_true(park_timeout_ms(&fixture->park, boottime_now_ns()) <= 1001);

	run("ip neigh replace 10.0.3.7 lladdr 02:00:00:00:00:05 dev bld");
	follow_until_resolved(fixture, FIXTURE_VM, FIXTURE_BUILDS);
	park_give_back(&fixture->park, &fixture->nexthops, boottime_now_ns());
	assert_int_equal(fixture->park.nr, 0);
	worker_round(fixture->worker);
	expect_sent(fixture, FIXTURE_BUILDS, 3);
	assert_int_equal(fixture_counter(fixture, SP_FORWARDED), 3);
	assert_int_equal(park_timeout_ms(&fixture->park, boottime_now_ns()), -1);
}

static void test_parked_packets_are_dropped_after_a_second(void **state)
{
	struct fixture *fixture = *state;

	receive(fixture, 2);
	park_give_back(&fixture->park, &fixture->nexthops, boottime_now_ns() + PARK_NS);
	assert_int_equal(fixture->park.nr, 0);
	worker_round(fixture->worker);
	expect_sent(fixture, FIXTURE_BUILDS, 0);
	assert_int_equal(fixture_counter(fixture, SP_NO_NEIGHBOUR), 2);
}

static void test_more_than_a_lease_may_park_are_dropped(void **state)
{
	struct fixture *fixture = *state;

	receive(fixture, PARK_PER_LEASE + 40);
	assert_int_equal(fixture->park.nr, PARK_PER_LEASE);
	while (worker_round(fixture->worker) > 0)
		;
	assert_int_equal(fixture_counter(fixture, SP_NO_NEIGHBOUR), 40);
}

/* The VM of the lease answers somebody who never asked. */
static void answer(struct fixture *fixture, unsigned int host)
{
	char to[] = "198.51.100.000";
	struct fixture_packet packet = {
		.from = FIXTURE_VM,
		.to = to,
		.from_port = FIXTURE_VM_PORT,
		.to_port = 40000,
		.ip_protocol = SP_IPPROTO_TCP,
		.tcp_flags = SP_TCP_ACK,
		.ttl = 64,
	};

	snprintf(to, sizeof(to), "198.51.100.%u", host);
	fixture_receive(fixture, FIXTURE_BUILDS, fixture_frame(fixture, &packet));
	while (worker_round(fixture->worker) > 0)
		park_take(&fixture->park, mirror, boottime_now_ns());
}

static void test_a_vm_has_few_clients_looked_for(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned int host = 50; host < 90; host++)
		answer(fixture, host);
	answer(fixture, 50); /* it is looked for already */
	assert_int_equal(fixture->park.nr, SEEKS_PER_LEASE + 1);
	while (worker_round(fixture->worker) > 0)
		;
	assert_int_equal(fixture_counter(fixture, SP_NO_NEIGHBOUR), 40 - SEEKS_PER_LEASE);
	run("test $(ip neigh show nud all dev pub | grep -c '^198.51.100.*INCOMPLETE') = 4");

	/* One that is found makes room for another. */
	run("ip neigh replace 198.51.100.50 lladdr 02:00:00:00:00:05 dev pub");
	follow_until_resolved(fixture, "198.51.100.50", FIXTURE_PUBLIC);
	park_give_back(&fixture->park, &fixture->nexthops, boottime_now_ns());
	assert_int_equal(fixture->park.nr, SEEKS_PER_LEASE - 1);
	answer(fixture, 90);
	answer(fixture, 91);
	assert_int_equal(fixture->park.nr, SEEKS_PER_LEASE);
	expect_sent(fixture, FIXTURE_PUBLIC, 2);
}

static void test_workers_wake_the_main_lcore(void **state)
{
	struct fixture *fixture = *state;
	struct pollfd fd = {.fd = fixture->park.fd, .events = POLLIN};

	assert_int_equal(poll(&fd, 1, 0), 0);
	fixture_receive(fixture, FIXTURE_PUBLIC, fixture_frame(fixture, &from_client));
	worker_round(fixture->worker);
	assert_int_equal(poll(&fd, 1, 0), 1);
	park_take(&fixture->park, mirror, boottime_now_ns());
	assert_int_equal(poll(&fd, 1, 0), 0);
	assert_int_equal(fixture->park.nr, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_parked_packets_go_on_once_resolved),
		CASE(test_parked_packets_are_dropped_after_a_second),
		CASE(test_more_than_a_lease_may_park_are_dropped),
		CASE(test_a_vm_has_few_clients_looked_for),
		CASE(test_workers_wake_the_main_lcore),
	};

	if (unshare(CLONE_NEWNET) < 0) {
		printf("1..0 # SKIP it takes root to make a network namespace\n");
		return EXIT_SUCCESS;
	}
	if (fixture_start_eal() < 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests_name("park", tests, NULL, NULL);
}
