/* SPDX-License-Identifier: BSD-3-Clause */
/* Leases that end, or become others', while a packet is on its way or waits. */
#include "worker_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_mbuf.h>

#include "host/boottime.h"

static void test_after_the_deadline_nothing_passes(void **state)
{
	struct fixture *fixture = *state;

	fixture_slot(fixture, FIXTURE_VM)->deadline_ns = boottime_now_ns();
	receive(fixture, FIXTURE_PUBLIC, &from_client);
	worker_round(fixture->worker);
	expect_nothing_sent(fixture);
	assert_int_equal(fixture_counter(fixture, SP_RACED), 1);
	assert_int_equal(fixture_counter(fixture, SP_FORWARDED), 0);
}

/* As if the worker had been stopped in the middle of a round. */
static void test_deadline_is_looked_at_again_after_a_stall(void **state)
{
	struct fixture *fixture = *state;
	struct batch *batch = &fixture->worker->batch;

	batch->now_ns = boottime_now_ns() - 1000 * NS_PER_MS;
	fixture_slot(fixture, FIXTURE_VM)->deadline_ns = batch->now_ns + NS_PER_MS;
	batch->in_port = FIXTURE_PUBLIC;
	batch->role = SP_ROLE_PUBLIC;
	batch->mbuf[0] = fixture_frame(fixture, &from_client);
	batch->nr = 1;
	worker_run_batch(fixture->worker, batch);
	expect_nothing_sent(fixture);
	assert_int_equal(fixture_counter(fixture, SP_RACED), 1);
}

/* Runs one packet of the client by itself, as of that time, through worker_run_batch(). */
static void run_alone(struct fixture *fixture, uint64_t now_ns, void (*meanwhile)(struct fixture *))
{
	struct batch *batch = &fixture->worker->batch;

	batch->now_ns = now_ns;
	batch->in_port = FIXTURE_PUBLIC;
	batch->role = SP_ROLE_PUBLIC;
	batch->returned = false;
	batch->mbuf[0] = fixture_frame(fixture, &from_client);
	batch->nr = 1;
	stage_parse(fixture->worker, batch);
	stage_find(fixture->worker, batch);
	stage_nexthop(fixture->worker, batch);
	meanwhile(fixture);
	stage_rewrite(fixture->worker, batch);
	stage_send(fixture->worker, batch);
	stage_answer(fixture->worker, batch);
	stage_drop(fixture->worker, batch);
}

static void test_packet_held_up_until_its_port_is_anothers_is_dropped(void **state)
{
	struct fixture *fixture = *state;

	run_alone(fixture, boottime_now_ns() - 1000 * NS_PER_MS, lease_again);
	expect_nothing_sent(fixture);
	assert_int_equal(fixture_counter(fixture, SP_RACED), 1);
}

static void test_answer_held_up_until_its_port_is_anothers_is_dropped(void **state)
{
	struct fixture *fixture = *state;

	fixture->ports.port[FIXTURE_BUILDS].mtu = 60;
	run_alone(fixture, boottime_now_ns(), lease_again);
	expect_nothing_sent(fixture);
	assert_int_equal(fixture_counter(fixture, SP_RACED), 1);
}

static void test_lease_that_ends_while_a_packet_waits_stops_it(void **state)
{
	struct fixture *fixture = *state;

	send_to_unknown_vm(fixture);
	fixture_slot(fixture, FIXTURE_VM)->state = SP_SLOT_ENDED;
	fixture_neighbour(fixture, FIXTURE_BUILDS, FIXTURE_VM, FIXTURE_LINK_VM);
	bring_back(fixture, handed_over(fixture));
	expect_nothing_sent(fixture);
	assert_int_equal(fixture_counter(fixture, SP_RACED), 1);
}

/* The port is another build's by then, with a VM that could be reached. */
static void test_port_that_is_anothers_while_a_packet_waits_stops_it(void **state)
{
	struct fixture *fixture = *state;

	send_to_unknown_vm(fixture);
	lease_again(fixture);
	fixture_neighbour(fixture, FIXTURE_BUILDS, "10.0.3.8", 30);
	bring_back(fixture, handed_over(fixture));
	expect_nothing_sent(fixture);
	assert_int_equal(fixture_counter(fixture, SP_RACED), 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_after_the_deadline_nothing_passes),
		CASE(test_deadline_is_looked_at_again_after_a_stall),
		CASE(test_packet_held_up_until_its_port_is_anothers_is_dropped),
		CASE(test_answer_held_up_until_its_port_is_anothers_is_dropped),
		CASE(test_lease_that_ends_while_a_packet_waits_stops_it),
		CASE(test_port_that_is_anothers_while_a_packet_waits_stops_it),
	};

	if (fixture_start_eal() < 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests_name("worker-race", tests, NULL, NULL);
}
