/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a worker sends a packet: routes, neighbours, waiting for one, and what it remembers. */
#include "worker_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_mbuf.h>

static void test_route_out_of_the_wrong_port_is_none(void **state)
{
	struct fixture *fixture = *state;

	fixture_route(fixture, FIXTURE_VM, 32, FIXTURE_PUBLIC, NULL);
	receive(fixture, FIXTURE_PUBLIC, &from_client);
	worker_round(fixture->worker);
	expect_nothing_sent(fixture);
	assert_int_equal(fixture_counter(fixture, SP_NO_ROUTE), 1);
}

static void test_gateway_is_followed_when_its_link_address_changes(void **state)
{
	struct fixture *fixture = *state;
	struct fixture_packet packet = from_vm, expected;

	fixture_route(fixture, "0.0.0.0", 0, FIXTURE_PUBLIC, "198.51.100.254");
	fixture_neighbour(fixture, FIXTURE_PUBLIC, "198.51.100.254", 9);
	packet.to = "203.0.113.5";
	expected = at_client(packet);
	receive(fixture, FIXTURE_BUILDS, &packet);
	worker_round(fixture->worker);
	expect_and_free(fixture_sent(fixture, FIXTURE_PUBLIC), FIXTURE_LINK_PUBLIC, 9, &expected);

	fixture_neighbour(fixture, FIXTURE_PUBLIC, "198.51.100.254", 10);
	receive(fixture, FIXTURE_BUILDS, &packet);
	worker_round(fixture->worker);
	expect_and_free(fixture_sent(fixture, FIXTURE_PUBLIC), FIXTURE_LINK_PUBLIC, 10, &expected);
}

static void test_unknown_neighbour_waits_and_is_sent(void **state)
{
	struct fixture *fixture = *state;
	struct sp_addr vm = fixture_addr(FIXTURE_VM);
	const struct port_note *note;
	struct rte_mbuf *mbuf;

	send_to_unknown_vm(fixture);
	expect_nothing_sent(fixture);
	mbuf = handed_over(fixture);
	assert_non_null(mbuf);
	note = rte_mbuf_to_priv(mbuf);
	assert_memory_equal(&note->via, &vm, sizeof(vm));
	assert_int_equal(note->out_port, FIXTURE_BUILDS);
	assert_int_equal(note->in_port, FIXTURE_PUBLIC);

	fixture_neighbour(fixture, FIXTURE_BUILDS, FIXTURE_VM, FIXTURE_LINK_VM);
	bring_back(fixture, mbuf);
	mbuf = fixture_sent(fixture, FIXTURE_BUILDS);
	assert_non_null(mbuf);
	rte_pktmbuf_free(mbuf);
	assert_int_equal(fixture_counter(fixture, SP_FORWARDED), 1);
	assert_int_equal(fixture_counter(fixture, SP_NO_NEIGHBOUR), 0);
}

static void test_packet_waits_but_once(void **state)
{
	struct fixture *fixture = *state;

	send_to_unknown_vm(fixture);
	bring_back(fixture, handed_over(fixture));
	expect_nothing_sent(fixture);
	assert_null(handed_over(fixture));
	assert_int_equal(fixture_counter(fixture, SP_NO_NEIGHBOUR), 1);
}

/* Remembered where the lease leads, and forgotten when that changes. */
static void test_neighbour_of_a_busy_lease_is_followed(void **state)
{
	struct fixture *fixture = *state;
	struct fixture_packet expected = at_vm(from_client);

	for (uint8_t i = 0; i < 6; i++) {
		uint8_t link = (uint8_t)(20 + i / 3);

		if (i % 3 == 0)
			fixture_neighbour(fixture, FIXTURE_BUILDS, FIXTURE_VM, link);
		receive(fixture, FIXTURE_PUBLIC, &from_client);
		worker_round(fixture->worker);
		expect_and_free(fixture_sent(fixture, FIXTURE_BUILDS), FIXTURE_LINK_BUILDS, link,
				&expected);
	}
	assert_int_not_equal(fixture->worker->usage->hop, 0);
	fixture_route(fixture, FIXTURE_VM, 32, FIXTURE_PUBLIC, NULL);
	receive(fixture, FIXTURE_PUBLIC, &from_client);
	worker_round(fixture->worker);
	expect_nothing_sent(fixture);
	assert_int_equal(fixture_counter(fixture, SP_NO_ROUTE), 1);
}

/* A port's next lease leads to another VM. */
static void test_next_lease_of_a_port_does_not_remember(void **state)
{
	struct fixture *fixture = *state;
	struct fixture_packet expected = from_client;
	struct sp_slot *slot = fixture_slot(fixture, FIXTURE_VM);

	fixture_neighbour(fixture, FIXTURE_BUILDS, "10.0.3.8", 30);
	forward(fixture, 3);
	slot->generation++;
	slot->vm_addr = fixture_addr("10.0.3.8");
	expected.to = "10.0.3.8";
	expected.to_port = FIXTURE_VM_PORT;
	expected.ttl--;
	for (int i = 0; i < 3; i++) {
		receive(fixture, FIXTURE_PUBLIC, &from_client);
		worker_round(fixture->worker);
		expect_and_free(fixture_sent(fixture, FIXTURE_BUILDS), FIXTURE_LINK_BUILDS, 30,
				&expected);
	}
}

/* Another run of sallyport-dp, which has come to the same epoch by other changes. */
static void test_next_worker_of_a_row_does_not_remember(void **state)
{
	struct fixture *fixture = *state;
	struct sp_usage *usage = fixture->worker->usage;
	uint64_t packets;

	forward(fixture, 3);
	packets = usage->packets[SP_TOWARD_VM];
	assert_int_not_equal(usage->hop_epoch, 0);
	atomic_store(&fixture->worker->stop, true);
	assert_int_equal(worker_main(fixture->worker), 0);
	assert_int_equal(usage->hop_epoch, 0);
	assert_int_equal(usage->packets[SP_TOWARD_VM], packets);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_route_out_of_the_wrong_port_is_none),
		CASE(test_gateway_is_followed_when_its_link_address_changes),
		CASE(test_unknown_neighbour_waits_and_is_sent),
		CASE(test_packet_waits_but_once),
		CASE(test_neighbour_of_a_busy_lease_is_followed),
		CASE(test_next_lease_of_a_port_does_not_remember),
		CASE(test_next_worker_of_a_row_does_not_remember),
	};

	if (fixture_start_eal() < 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests_name("worker-hop", tests, NULL, NULL);
}
