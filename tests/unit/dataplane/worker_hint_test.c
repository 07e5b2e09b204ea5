/* SPDX-License-Identifier: BSD-3-Clause */
/* What the XDP program says of a packet's lease: used, and counted. */
#include "worker_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_mbuf.h>

#include <sallyport/link/hint.h>
#include <sallyport/near.h>

/* A packet of the VM, before which the XDP program says so of it, or of one from another port. */
static void receive_hinted(struct fixture *fixture, uint32_t slot_index, uint16_t other_port)
{
	struct rte_mbuf *mbuf = fixture_frame(fixture, &from_vm);
	char *data = rte_pktmbuf_mtod(mbuf, char *);
	struct sp_hint hint = {.slot_index = slot_index};
	struct sp_packet packet = {0};

	assert_int_equal(sp_parse(data, data + mbuf->data_len, &packet), SP_FORWARDED);
	packet.tuple.from_port_be ^= other_port;
	hint.sender = sp_hint_sender(&packet);
	memcpy(data - sizeof(hint), &hint, sizeof(hint));
	fixture_receive(fixture, FIXTURE_BUILDS, mbuf);
}

static void expect_hints(struct fixture *fixture, uint64_t used, uint64_t wrong)
{
	const struct sp_queue *queue = &fixture->table->queues[SP_QUEUES_MAX];

	worker_round(fixture->worker);
	rte_pktmbuf_free(fixture_sent(fixture, FIXTURE_PUBLIC));
	/* They are told with a heartbeat. */
	fixture->worker->beat_ns = 0;
	worker_round(fixture->worker);
	assert_int_equal(queue->hints[SP_HINT_USED], used);
	assert_int_equal(queue->hints[SP_HINT_WRONG], wrong);
}

/* Of clients on the link it takes none, and while it is not known which addresses are near. */
static void open_lane(struct fixture *fixture)
{
	fixture_route(fixture, "198.51.100.0", 24, FIXTURE_PUBLIC, "192.0.2.254");
	fixture_neighbour(fixture, FIXTURE_PUBLIC, "192.0.2.254", FIXTURE_LINK_CLIENT);
	sp_near_begin(fixture->table->settings);
	sp_near_ready(fixture->table->settings);
}

static void test_hints_are_counted_over_starts(void **state)
{
	struct fixture *fixture = *state;
	const struct sp_slot *slots = fixture->table->leases;
	uint32_t slot_index = (uint32_t)(fixture_slot(fixture, FIXTURE_VM) - slots);

	open_lane(fixture);
	/* Where the kernel writes none they are not looked at. */
	for (int i = 0; i < 3; i++) {
		receive_hinted(fixture, slot_index, 0);
		expect_hints(fixture, 0, 0);
	}
	fixture->ports.port[FIXTURE_BUILDS].hint_bytes = sizeof(struct sp_hint);
	receive_hinted(fixture, slot_index, 0);
	expect_hints(fixture, 1, 0);
	/* Another lease's, and none's: both are searched for then. */
	receive_hinted(fixture, slot_index + 1, 0);
	expect_hints(fixture, 1, 1);
	receive_hinted(fixture, ~0u, 0);
	expect_hints(fixture, 1, 2);
	/* Of another packet, which is none. */
	receive_hinted(fixture, slot_index + 1, 1);
	expect_hints(fixture, 1, 2);
	assert_int_equal(fixture_counter(fixture, SP_FORWARDED), 7);
	fixture->table->queues[SP_QUEUES_MAX].hints[SP_HINT_USED] = 1000;
	atomic_store(&fixture->worker->stop, true);
	worker_main(fixture->worker);
	receive_hinted(fixture, slot_index, 0);
	expect_hints(fixture, 1001, 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_hints_are_counted_over_starts),
	};

	if (fixture_start_eal() < 0)
		return EXIT_FAILURE;
	return cmocka_run_group_tests_name("worker-hint", tests, NULL, NULL);
}
