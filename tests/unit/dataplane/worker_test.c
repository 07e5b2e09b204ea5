/* SPDX-License-Identifier: BSD-3-Clause */
/* The path of a packet through a worker: bytes in, bytes out, and what is counted. */
#include "worker_fixture.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <sallyport/wire.h>

#include "host/boottime.h"

static void test_client_packet_reaches_vm(void **state)
{
	struct fixture *fixture = *state;
	struct fixture_packet expected = at_vm(from_client);

	receive(fixture, FIXTURE_PUBLIC, &from_client);
	assert_int_equal(worker_round(fixture->worker), 1);
	expect_and_free(fixture_sent(fixture, FIXTURE_BUILDS), FIXTURE_LINK_BUILDS, FIXTURE_LINK_VM,
			&expected);
	expect_nothing_sent(fixture);
	assert_int_equal(fixture_counter(fixture, SP_FORWARDED), 1);
}

static void test_vm_packet_reaches_client(void **state)
{
	struct fixture *fixture = *state;
	struct fixture_packet expected = at_client(from_vm);

	receive(fixture, FIXTURE_BUILDS, &from_vm);
	assert_int_equal(worker_round(fixture->worker), 1);
	expect_and_free(fixture_sent(fixture, FIXTURE_PUBLIC), FIXTURE_LINK_PUBLIC,
			FIXTURE_LINK_CLIENT, &expected);
	expect_nothing_sent(fixture);
}

static void test_ipv6_udp_goes_both_ways(void **state)
{
	struct fixture *fixture = *state;
	struct fixture_packet out = from_client, back, expected;

	out.from = FIXTURE_CLIENT_6;
	out.to = FIXTURE_EDGE_6;
	out.ip_protocol = SP_IPPROTO_UDP;
	back = out;
	back.from = FIXTURE_VM_6;
	back.from_port = FIXTURE_VM_PORT;
	back.to = FIXTURE_CLIENT_6;
	back.to_port = 40000;
	receive(fixture, FIXTURE_PUBLIC, &out);
	receive(fixture, FIXTURE_BUILDS, &back);
	assert_int_equal(worker_round(fixture->worker), 2);

	expected = out;
	expected.to = FIXTURE_VM_6;
	expected.to_port = FIXTURE_VM_PORT;
	expected.ttl--;
	expect_and_free(fixture_sent(fixture, FIXTURE_BUILDS), FIXTURE_LINK_BUILDS, FIXTURE_LINK_VM,
			&expected);
	expected = back;
	expected.from = FIXTURE_EDGE_6;
	expected.from_port = FIXTURE_PUBLIC_PORT;
	expected.ttl--;
	expect_and_free(fixture_sent(fixture, FIXTURE_PUBLIC), FIXTURE_LINK_PUBLIC,
			FIXTURE_LINK_CLIENT, &expected);
}

/* On a trunk a frame without its tag would be in another network. */
static void test_what_has_no_room_for_its_tag_is_dropped(void **state)
{
	struct fixture *fixture = *state;

	fixture->ports.port[FIXTURE_BUILDS].vlan = 200;
	for (int known = 0; known < 2; known++) {
		struct rte_mbuf *mbuf = fixture_frame(fixture, &from_client);

		memmove(mbuf->buf_addr, rte_pktmbuf_mtod(mbuf, void *), mbuf->data_len);
		mbuf->data_off = 0;
		fixture_receive(fixture, FIXTURE_PUBLIC, mbuf);
		assert_int_equal(worker_round(fixture->worker), 1);
		expect_nothing_sent(fixture);
		assert_int_equal(fixture_counter(fixture, SP_TX_FULL), known + 1);
		if (!known)
			forward(fixture, 4);
	}
}

static void test_one_interface_serves_both_sides(void **state)
{
	struct fixture *fixture = *state;
	struct fixture_packet expected = at_vm(from_client);

	fixture->ports.port[FIXTURE_PUBLIC].role = SP_ROLE_BOTH;
	fixture->ports.nr = 1;
	fixture->worker->toward_port[SP_TOWARD_VM] = FIXTURE_PUBLIC;
	fixture_route(fixture, "10.0.0.0", 16, FIXTURE_PUBLIC, NULL);
	fixture_neighbour(fixture, FIXTURE_PUBLIC, FIXTURE_VM, FIXTURE_LINK_VM);
	receive(fixture, FIXTURE_PUBLIC, &from_client);
	receive(fixture, FIXTURE_PUBLIC, &from_vm);
	worker_round(fixture->worker);
	expect_and_free(fixture_sent(fixture, FIXTURE_PUBLIC), FIXTURE_LINK_PUBLIC, FIXTURE_LINK_VM,
			&expected);
	expected = at_client(from_vm);
	expect_and_free(fixture_sent(fixture, FIXTURE_PUBLIC), FIXTURE_LINK_PUBLIC,
			FIXTURE_LINK_CLIENT, &expected);
}

static void test_vm_of_an_ended_lease_is_reset(void **state)
{
	struct fixture *fixture = *state;
	struct fixture_packet expected = from_vm;
	const struct sp_tcp *tcp;
	struct rte_mbuf *mbuf;

	fixture_slot(fixture, FIXTURE_VM)->state = SP_SLOT_ENDED;
	receive(fixture, FIXTURE_BUILDS, &from_vm);
	worker_round(fixture->worker);
	expected.from = from_vm.to;
	expected.from_port = from_vm.to_port;
	expected.to = from_vm.from;
	expected.to_port = from_vm.from_port;
	expected.ttl = SP_TTL_DEFAULT;
	mbuf = fixture_sent(fixture, FIXTURE_BUILDS);
	fixture_expect(mbuf, 0xee, 0xef, &expected);
	assert_int_equal(rte_pktmbuf_pkt_len(mbuf), SP_L4_OFFSET(4) + sizeof(*tcp));
	tcp = rte_pktmbuf_mtod_offset(mbuf, const struct sp_tcp *, SP_L4_OFFSET(4));
	assert_int_equal(tcp->flags, SP_TCP_RST);
	assert_int_equal(SP_HOST32(tcp->seq_be), from_vm.ack);
	rte_pktmbuf_free(mbuf);
	expect_nothing_sent(fixture);
	assert_int_equal(fixture_counter(fixture, SP_RESET_VM), 1);
}

static void expect_icmp(struct fixture *fixture, uint32_t port, const char *to, uint8_t type,
			uint8_t code, uint32_t rest)
{
	struct fixture_packet expected = {.from = FIXTURE_EDGE,
					  .to = to,
					  .ttl = SP_TTL_DEFAULT,
					  .ip_protocol = SP_IPPROTO_ICMP};
	struct rte_mbuf *mbuf = fixture_sent(fixture, port);
	const struct sp_icmp *icmp;

	fixture_expect(mbuf, 0xee, 0xef, &expected);
	icmp = rte_pktmbuf_mtod_offset(mbuf, const struct sp_icmp *, SP_L4_OFFSET(4));
	assert_int_equal(icmp->type, type);
	assert_int_equal(icmp->code, code);
	assert_int_equal(SP_HOST32(icmp->rest_be), rest);
	rte_pktmbuf_free(mbuf);
	expect_nothing_sent(fixture);
}

static void test_spent_ttl_is_answered(void **state)
{
	struct fixture *fixture = *state;
	struct fixture_packet packet = from_client;

	packet.ttl = 1;
	receive(fixture, FIXTURE_PUBLIC, &packet);
	worker_round(fixture->worker);
	expect_icmp(fixture, FIXTURE_PUBLIC, FIXTURE_CLIENT, SP_ICMP_TIME_EXCEEDED, 0, 0);
	assert_int_equal(fixture_counter(fixture, SP_TTL_EXCEEDED), 1);
}

static void test_packet_over_the_mtu_is_answered(void **state)
{
	struct fixture *fixture = *state;
	struct fixture_packet packet = from_client;

	forward(fixture, 3); /* so that the way is known by then */
	atomic_store(&fixture->ports.port[FIXTURE_BUILDS].mtu, 1280);
	packet.payload_bytes = 1280 - 40 + 1;
	receive(fixture, FIXTURE_PUBLIC, &packet);
	worker_round(fixture->worker);
	expect_icmp(fixture, FIXTURE_PUBLIC, FIXTURE_CLIENT, SP_ICMP_UNREACHABLE,
		    SP_ICMP_FRAGMENTATION_NEEDED, 1280);
	assert_int_equal(fixture_counter(fixture, SP_TOO_BIG), 1);

	packet.payload_bytes--;
	receive(fixture, FIXTURE_PUBLIC, &packet);
	worker_round(fixture->worker);
	rte_pktmbuf_free(fixture_sent(fixture, FIXTURE_BUILDS));
	assert_int_equal(fixture_counter(fixture, SP_FORWARDED), 4);
}

/* Also after smaller packets, when the way of the lease could be known. */
static void test_packet_over_the_routes_mtu_is_answered(void **state)
{
	struct fixture *fixture = *state;
	struct fixture_packet packet = from_client;

	fixture->route_mtu = 1280;
	fixture_route(fixture, FIXTURE_VM, 32, FIXTURE_BUILDS, NULL);
	forward(fixture, 3);
	packet.payload_bytes = 1280 - 40 + 1;
	receive(fixture, FIXTURE_PUBLIC, &packet);
	worker_round(fixture->worker);
	expect_icmp(fixture, FIXTURE_PUBLIC, FIXTURE_CLIENT, SP_ICMP_UNREACHABLE,
		    SP_ICMP_FRAGMENTATION_NEEDED, 1280);
	assert_int_equal(fixture_counter(fixture, SP_TOO_BIG), 1);
}

/* More than a burst; of four packets one goes on and three leave, each at another stage. */
static void receive_mixture(struct fixture *fixture)
{
	struct fixture_packet packet = from_client;

	for (uint16_t i = 0; i < 80; i++) {
		packet.ttl = i % 4 == 1 ? 1 : 64;
		packet.to_port = i % 4 == 2 ? 1 : FIXTURE_PUBLIC_PORT;
		packet.payload_bytes = i % 4 == 3 ? 1300 : 33;
		packet.from_port = (uint16_t)(1000 + i);
		receive(fixture, FIXTURE_PUBLIC, &packet);
	}
	while (worker_round(fixture->worker) > 0)
		;
}

static void test_mixed_burst_keeps_its_order(void **state)
{
	struct fixture *fixture = *state;
	struct fixture_packet expected = at_vm(from_client);
	uint64_t answered;

	atomic_store(&fixture->ports.port[FIXTURE_BUILDS].mtu, 1280);
	receive_mixture(fixture);
	for (uint16_t i = 0; i < 80; i += 4) {
		expected.from_port = (uint16_t)(1000 + i);
		expect_and_free(fixture_sent(fixture, FIXTURE_BUILDS), FIXTURE_LINK_BUILDS,
				FIXTURE_LINK_VM, &expected);
	}
	answered = fixture_counter(fixture, SP_TTL_EXCEEDED) + fixture_counter(fixture, SP_TOO_BIG);
	assert_in_range(answered, 2, 39);
	for (uint64_t i = 0; i < answered; i++)
		rte_pktmbuf_free(fixture_sent(fixture, FIXTURE_PUBLIC));
	expect_nothing_sent(fixture);
	assert_int_equal(fixture_counter(fixture, SP_FORWARDED), 20);
	assert_int_equal(fixture_counter(fixture, SP_ANSWER_LIMITED), 40 - answered);
	assert_int_equal(fixture_counter(fixture, SP_RACED), 20);
}

static void test_full_transmit_ring_is_counted(void **state)
{
	struct fixture *fixture = *state;
	void *filler[1024];
	unsigned int nr = rte_ring_free_count(fixture->out[FIXTURE_BUILDS]) - 1;
	void *mbuf;

	assert_int_equal(rte_pktmbuf_alloc_bulk(fixture->pool, (struct rte_mbuf **)filler, nr), 0);
	assert_int_equal(rte_ring_enqueue_bulk(fixture->out[FIXTURE_BUILDS], filler, nr, NULL), nr);
	receive(fixture, FIXTURE_PUBLIC, &from_client);
	receive(fixture, FIXTURE_PUBLIC, &from_client);
	receive(fixture, FIXTURE_PUBLIC, &from_client);
	worker_round(fixture->worker);
	assert_int_equal(fixture_counter(fixture, SP_FORWARDED), 1);
	assert_int_equal(fixture_counter(fixture, SP_TX_FULL), 2);
	assert_int_equal(fixture->worker->usage->packets[SP_TOWARD_VM], 1);
	assert_int_equal(fixture->worker->usage->syns[SP_TOWARD_VM], 1);
	while (rte_ring_dequeue(fixture->out[FIXTURE_BUILDS], &mbuf) == 0)
		rte_pktmbuf_free(mbuf);
}

static void test_usage_is_counted_for_the_lease(void **state)
{
	struct fixture *fixture = *state;
	const struct sp_usage *usage = fixture->worker->usage;

	receive(fixture, FIXTURE_PUBLIC, &from_client);
	receive(fixture, FIXTURE_BUILDS, &from_vm);
	worker_round(fixture->worker);
	assert_int_equal(usage->generation, 1);
	assert_int_equal(usage->packets[SP_TOWARD_VM], 1);
	assert_int_equal(usage->bytes[SP_TOWARD_VM], 40 + from_client.payload_bytes);
	assert_int_equal(usage->syns[SP_TOWARD_VM], 1);
	assert_int_equal(usage->packets[SP_TOWARD_CLIENT], 1);
	assert_int_equal(usage->bytes[SP_TOWARD_CLIENT], 40 + from_vm.payload_bytes);
	assert_ptr_equal(usage, &fixture->table->usage[2 * 2]);
	rte_pktmbuf_free(fixture_sent(fixture, FIXTURE_BUILDS));
	rte_pktmbuf_free(fixture_sent(fixture, FIXTURE_PUBLIC));
}

static void test_rounds_and_heartbeats_are_written(void **state)
{
	struct fixture *fixture = *state;
	const struct sp_queue *queues = fixture->table->queues;
	uint64_t rounds = fixture->table->workers[0].rounds, before_ns = boottime_now_ns();

	worker_round(fixture->worker);
	assert_int_equal(fixture->table->workers[0].rounds, rounds + 1);
	assert_true(queues[0].beat_ns >= before_ns);
	assert_true(queues[SP_QUEUES_MAX].beat_ns >= before_ns);
	assert_int_equal(queues[1].beat_ns, 0);
	assert_true(crew_moves(&fixture->crew));
	assert_false(crew_moves(&fixture->crew));
}

/* What was steered before the heartbeat was withdrawn is still sent. */
static void test_what_was_found_waiting_is_tallied(void **state)
{
	struct fixture *fixture = *state;
	struct worker *worker = fixture->worker;
	const __u64 *burst = worker->counters->burst;

	for (int nr = 1; nr <= 17; nr += 16) {
		for (int i = 0; i < nr; i++)
			receive(fixture, FIXTURE_PUBLIC, &from_client);
		assert_int_equal(worker_round(worker), nr);
		for (int i = 0; i < nr; i++)
			rte_pktmbuf_free(fixture_sent(fixture, FIXTURE_BUILDS));
	}
	assert_int_equal(worker_round(worker), 0);
	assert_int_equal(worker->progress->nr_received, 18);
	assert_int_equal(burst[SP_BURST_UP_TO_1], 1);
	assert_int_equal(burst[SP_BURST_UP_TO_32], 1);
	assert_int_equal(burst[SP_BURST_UP_TO_4] + burst[SP_BURST_UP_TO_16] +
				 burst[SP_BURST_UP_TO_63] + burst[SP_BURST_LONGER],
			 0);
	assert_int_not_equal(worker->progress->busy_ns, 0);
	assert_int_equal(sp_burst_index(63), SP_BURST_UP_TO_63);
	assert_int_equal(sp_burst_index(64), SP_BURST_LONGER);
}

static void test_stopping_worker_withdraws_its_heartbeat_and_empties_its_queues(void **state)
{
	struct fixture *fixture = *state;
	struct rte_mbuf *mbuf;

	worker_round(fixture->worker);
	receive(fixture, FIXTURE_PUBLIC, &from_client);
	atomic_store(&fixture->worker->stop, true);
	assert_int_equal(worker_main(fixture->worker), 0);
	assert_int_equal(fixture->table->queues[0].beat_ns, 0);
	assert_int_equal(fixture->table->queues[SP_QUEUES_MAX].beat_ns, 0);
	assert_int_equal(fixture->table->workers[0].active, 0);
	mbuf = fixture_sent(fixture, FIXTURE_BUILDS);
	assert_non_null(mbuf);
	rte_pktmbuf_free(mbuf);
}

static void *run_worker(void *worker)
{
	worker_main(worker);
	return NULL;
}

/* Waits until *value is as wanted. */
static void await(const uint64_t *value, uint64_t wanted)
{
	uint64_t end_ns = boottime_now_ns() + 30ull * NS_PER_S;

	while (SP_LOAD(*value) != wanted) {
		assert_true(boottime_now_ns() < end_ns);
		sched_yield();
	}
}

/* What was steered at the last moment is sent all the same; many packets of the XDP program's wake
 * it. */
static void test_worker_without_packets_yields_until_they_are_many(void **state)
{
	struct fixture *fixture = *state;
	struct worker *worker = fixture->worker;
	struct sp_counters *xdp = &fixture->table->counters[0];
	const uint64_t *yields = (const uint64_t *)&worker->progress->yields;
	struct rte_mbuf *mbuf = NULL;
	pthread_t thread;

	worker->spin = false;
	worker->yield.below = 1000;
	atomic_store(&worker->stop, false);
	assert_int_equal(pthread_create(&thread, NULL, run_worker, worker), 0);
	await(yields, 1);
	await((const uint64_t *)&fixture->table->queues[0].beat_ns, 0);
	receive(fixture, FIXTURE_PUBLIC, &from_client);
	for (uint64_t end_ns = boottime_now_ns() + 30ull * NS_PER_S; !mbuf;) {
		assert_true(boottime_now_ns() < end_ns);
		mbuf = fixture_sent(fixture, FIXTURE_BUILDS);
	}
	rte_pktmbuf_free(mbuf);
	assert_int_equal(SP_LOAD(*yields), 1);
	SP_STORE(xdp->verdict[SP_FORWARDED], xdp->verdict[SP_FORWARDED] + 1000000);
	await(yields, 0);
	while (SP_LOAD(fixture->table->queues[0].beat_ns) == 0)
		sched_yield();
	atomic_store(&worker->stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(worker->progress->active, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_client_packet_reaches_vm),
		CASE(test_vm_packet_reaches_client),
		CASE(test_ipv6_udp_goes_both_ways),
		CASE(test_what_has_no_room_for_its_tag_is_dropped),
		CASE(test_one_interface_serves_both_sides),
		CASE(test_vm_of_an_ended_lease_is_reset),
		CASE(test_spent_ttl_is_answered),
		CASE(test_packet_over_the_mtu_is_answered),
		CASE(test_packet_over_the_routes_mtu_is_answered),
		CASE(test_mixed_burst_keeps_its_order),
		CASE(test_full_transmit_ring_is_counted),
		CASE(test_usage_is_counted_for_the_lease),
		CASE(test_rounds_and_heartbeats_are_written),
		CASE(test_what_was_found_waiting_is_tallied),
		CASE(test_stopping_worker_withdraws_its_heartbeat_and_empties_its_queues),
		CASE(test_worker_without_packets_yields_until_they_are_many),
	};

	if (fixture_start_eal() < 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
