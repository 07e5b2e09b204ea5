/* SPDX-License-Identifier: BSD-3-Clause */
/* A port of DPDK's own: what a worker hands to the kernel, what it carries, what it sends for it.
 */
#include "worker_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <sallyport/openings.h>
#include <sallyport/wire.h>

#include "host/boottime.h"
#include "port/exception.h"

#define RING 32u /* holds one less */

/* Beside the fixture: both ports have an exception interface, with no thread behind it. */
static struct exceptions exceptions;

static struct rte_ring *ring(const char *name)
{
	struct rte_ring *made = rte_ring_create(name, RING, SOCKET_ID_ANY, RING_F_SC_DEQ);

	assert_non_null(made);
	return made;
}

static int open_ports(void **state)
{
	static const char *const names[][2] = {{"up0", "down0"}, {"up1", "down1"}};
	struct fixture *fixture;
	int r = fixture_open(state);

	fixture = *state;
	exceptions = (struct exceptions){.nr = PORTS_MAX, .wake_fd = -1};
	for (uint32_t i = 0; i < PORTS_MAX && r == 0; i++) {
		struct exception *exception = &exceptions.of[i];

		*exception = (struct exception){.all = &exceptions,
						.to_kernel = ring(names[i][0]),
						.to_wire = ring(names[i][1])};
		fixture->ports.port[i].exception = exception;
	}
	crew_assign_devices(&fixture->crew);
	return r;
}

static int close_ports(void **state)
{
	for (uint32_t i = 0; i < PORTS_MAX; i++) {
		assert_true(rte_ring_empty(exceptions.of[i].to_kernel));
		rte_ring_free(exceptions.of[i].to_kernel);
		rte_ring_free(exceptions.of[i].to_wire);
	}
	return fixture_close(state);
}

/* Result: what was handed to the kernel first, or NULL. */
static struct rte_mbuf *handed(uint32_t port)
{
	void *mbuf = NULL;

	rte_ring_dequeue(exceptions.of[port].to_kernel, &mbuf);
	return mbuf;
}

static void run(struct fixture *fixture, uint32_t port, const struct fixture_packet *packet)
{
	receive(fixture, port, packet);
	assert_int_equal(worker_round(fixture->worker), 1);
}

/* A packet goes up as it came. */
static void expect_handed(struct fixture *fixture, uint32_t port,
			  const struct fixture_packet *packet)
{
	struct rte_mbuf *sent = fixture_frame(fixture, packet), *up;

	run(fixture, port, packet);
	expect_nothing_sent(fixture);
	up = handed(port);
	assert_non_null(up);
	assert_int_equal(rte_pktmbuf_data_len(up), rte_pktmbuf_data_len(sent));
	assert_memory_equal(rte_pktmbuf_mtod(up, char *) + SP_L3_OFFSET,
			    rte_pktmbuf_mtod(sent, char *) + SP_L3_OFFSET,
			    rte_pktmbuf_data_len(sent) - SP_L3_OFFSET);
	rte_pktmbuf_free(up);
	rte_pktmbuf_free(sent);
}

static void expect_carried(struct fixture *fixture, const struct fixture_packet *packet)
{
	struct fixture_packet expected = at_vm(*packet);

	run(fixture, FIXTURE_PUBLIC, packet);
	expect_and_free(fixture_sent(fixture, FIXTURE_BUILDS), FIXTURE_LINK_BUILDS, FIXTURE_LINK_VM,
			&expected);
	assert_null(handed(FIXTURE_PUBLIC));
}

static struct fixture_packet of_client(uint8_t flags)
{
	struct fixture_packet packet = from_client;

	packet.tcp_flags = flags;
	packet.ack = 4711;
	return packet;
}

static void test_what_is_not_ours_goes_up_untouched(void **state)
{
	struct fixture *fixture = *state;
	struct fixture_packet packet = of_client(SP_TCP_ACK);

	packet.to_port = FIXTURE_PUBLIC_PORT + 1;
	expect_handed(fixture, FIXTURE_PUBLIC, &packet);
	packet.to_port = FIXTURE_PUBLIC_PORT;
	packet.to = "198.51.100.77";
	expect_handed(fixture, FIXTURE_PUBLIC, &packet);
	assert_int_equal(fixture_counter(fixture, SP_EXCEPTION), 2);
}

/* The XDP program behind it notes them, and carries them. */
static void test_openings_and_ends_go_up_and_the_rest_is_carried(void **state)
{
	static const uint8_t noted[] = {SP_TCP_SYN, SP_TCP_FIN | SP_TCP_ACK, SP_TCP_RST};
	struct fixture *fixture = *state;
	struct fixture_packet packet = of_client(SP_TCP_ACK);

	/* First by the stages, then by the lane, which knows the way by then. */
	for (int i = 0; i < 2; i++) {
		expect_carried(fixture, &packet);
		for (size_t f = 0; f < sizeof(noted); f++) {
			struct fixture_packet end = of_client(noted[f]);

			expect_handed(fixture, FIXTURE_PUBLIC, &end);
		}
	}
	packet = from_vm;
	packet.tcp_flags = SP_TCP_SYN | SP_TCP_ACK;
	expect_handed(fixture, FIXTURE_BUILDS, &packet);
	assert_int_equal(fixture_counter(fixture, SP_FORWARDED), 2);
}

static void test_the_answer_to_a_syn_ack_goes_up_once(void **state)
{
	struct fixture *fixture = *state;
	struct table_map *table = fixture->table;
	struct fixture_packet packet = of_client(SP_TCP_ACK);
	struct sp_addr client = fixture_addr(FIXTURE_CLIENT);
	uint32_t slot_index = (uint32_t)(fixture_slot(fixture, FIXTURE_VM) - table->leases);
	uint64_t hash =
		sp_opening_hash(slot_index, &client, SP_BE16(packet.from_port), table->hash_seed);
	struct sp_opening *line = &table->openings[sp_opening_of_hash(hash)];

	expect_carried(fixture, &packet);
	table->openings[sp_opening_of_slot(slot_index)].answered_ns = boottime_now_ns();
	expect_carried(fixture, &packet);
	sp_opening_put(line, sp_opening_entry(hash, packet.ack));
	expect_handed(fixture, FIXTURE_PUBLIC, &packet);
	assert_true(sp_opening_take(line, sp_opening_entry(hash, packet.ack)));
	expect_carried(fixture, &packet);
}

static void test_a_captured_lease_goes_up(void **state)
{
	struct fixture *fixture = *state;
	struct fixture_packet packet = of_client(SP_TCP_ACK);

	expect_carried(fixture, &packet);
	fixture_slot(fixture, FIXTURE_VM)->capture_until_s = UINT32_MAX;
	expect_handed(fixture, FIXTURE_PUBLIC, &packet);
}

/* Rules that the mirror cannot follow: all goes where the kernel itself is asked. */
static void test_all_goes_up_while_the_way_cannot_be_told(void **state)
{
	struct fixture *fixture = *state;
	struct fixture_packet packet = of_client(SP_TCP_ACK);

	expect_carried(fixture, &packet);
	atomic_store(&fixture->nexthops.left, 1);
	expect_handed(fixture, FIXTURE_PUBLIC, &packet);
	atomic_store(&fixture->nexthops.left, 0);
	expect_carried(fixture, &packet);
}

/* A quarter of the ring is kept for openings and for the discovery of neighbours. */
static void test_a_flood_keeps_out_neither_leases_nor_their_openings(void **state)
{
	struct fixture *fixture = *state;
	struct fixture_packet ours = of_client(SP_TCP_ACK), other = of_client(SP_TCP_ACK);
	struct fixture_packet opens = of_client(SP_TCP_SYN);
	const uint32_t room = RING - 1 - RING / 4;

	other.to_port = FIXTURE_PUBLIC_PORT + 1;
	for (uint32_t i = 0; i < RING; i++)
		run(fixture, FIXTURE_PUBLIC, &other);
	assert_int_equal(fixture_counter(fixture, SP_EXCEPTION), room);
	assert_int_equal(fixture_counter(fixture, SP_EXCEPTION_FULL), RING - room);
	for (uint32_t i = 0; i < RING; i++)
		run(fixture, FIXTURE_PUBLIC, &opens);
	assert_int_equal(fixture_counter(fixture, SP_EXCEPTION), RING - 1);
	for (uint32_t i = 0; i < RING - 1; i++)
		rte_pktmbuf_free(handed(FIXTURE_PUBLIC));
	expect_carried(fixture, &ours);
}

static void test_what_the_kernel_sends_leaves_as_it_is(void **state)
{
	struct fixture *fixture = *state;
	struct rte_mbuf *frame = fixture_frame(fixture, &from_client), *sent;

	assert_int_equal(rte_ring_enqueue(exceptions.of[FIXTURE_PUBLIC].to_wire, frame), 0);
	assert_int_equal(worker_round(fixture->worker), 1);
	sent = fixture_sent(fixture, FIXTURE_PUBLIC);
	assert_ptr_equal(sent, frame);
	rte_pktmbuf_free(sent);
	expect_nothing_sent(fixture);
}

#define PORT_CASE(name) cmocka_unit_test_setup_teardown(name, open_ports, close_ports)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PORT_CASE(test_what_is_not_ours_goes_up_untouched),
		PORT_CASE(test_openings_and_ends_go_up_and_the_rest_is_carried),
		PORT_CASE(test_the_answer_to_a_syn_ack_goes_up_once),
		PORT_CASE(test_a_captured_lease_goes_up),
		PORT_CASE(test_all_goes_up_while_the_way_cannot_be_told),
		PORT_CASE(test_a_flood_keeps_out_neither_leases_nor_their_openings),
		PORT_CASE(test_what_the_kernel_sends_leaves_as_it_is),
	};

	if (fixture_start_eal() < 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests_name("worker-except", tests, NULL, NULL);
}
