/* SPDX-License-Identifier: BSD-3-Clause */
#include "worker_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <sallyport/wire.h>

const struct fixture_packet from_client = {
	.from = FIXTURE_CLIENT,
	.to = FIXTURE_EDGE,
	.from_port = 40000,
	.to_port = FIXTURE_PUBLIC_PORT,
	.ip_protocol = SP_IPPROTO_TCP,
	.tcp_flags = SP_TCP_SYN,
	.ttl = 64,
	.payload_bytes = 33,
};

const struct fixture_packet from_vm = {
	.from = FIXTURE_VM,
	.to = FIXTURE_CLIENT,
	.from_port = FIXTURE_VM_PORT,
	.to_port = 40000,
	.ip_protocol = SP_IPPROTO_TCP,
	.tcp_flags = SP_TCP_ACK,
	.ttl = 63,
	.payload_bytes = 12,
	.seq = 1000,
	.ack = 77777,
};

struct fixture_packet at_vm(struct fixture_packet packet)
{
	packet.to = FIXTURE_VM;
	packet.to_port = FIXTURE_VM_PORT;
	packet.ttl--;
	return packet;
}

struct fixture_packet at_client(struct fixture_packet packet)
{
	packet.from = FIXTURE_EDGE;
	packet.from_port = FIXTURE_PUBLIC_PORT;
	packet.ttl--;
	return packet;
}

void expect_nothing_sent(struct fixture *fixture)
{
	assert_null(fixture_sent(fixture, FIXTURE_PUBLIC));
	assert_null(fixture_sent(fixture, FIXTURE_BUILDS));
}

void receive(struct fixture *fixture, uint32_t port, const struct fixture_packet *packet)
{
	fixture_receive(fixture, port, fixture_frame(fixture, packet));
}

void expect_and_free(struct rte_mbuf *mbuf, uint8_t link_from, uint8_t link_to,
		     const struct fixture_packet *expected)
{
	fixture_expect(mbuf, link_from, link_to, expected);
	rte_pktmbuf_free(mbuf);
}

void forward(struct fixture *fixture, int nr)
{
	for (int i = 0; i < nr; i++) {
		struct rte_mbuf *mbuf;

		receive(fixture, FIXTURE_PUBLIC, &from_client);
		worker_round(fixture->worker);
		mbuf = fixture_sent(fixture, FIXTURE_BUILDS);
		assert_non_null(mbuf);
		rte_pktmbuf_free(mbuf);
	}
}

void lease_again(struct fixture *fixture)
{
	struct sp_slot *slot = fixture_slot(fixture, FIXTURE_VM);

	slot->vm_addr = fixture_addr("10.0.3.8");
	slot->generation += 5;
}

struct rte_mbuf *handed_over(struct fixture *fixture)
{
	void *mbuf;

	return rte_ring_dequeue(fixture->worker->park.to_main, &mbuf) == 0 ? mbuf : NULL;
}

void send_to_unknown_vm(struct fixture *fixture)
{
	fixture_forget(fixture, FIXTURE_BUILDS, FIXTURE_VM);
	receive(fixture, FIXTURE_PUBLIC, &from_client);
	worker_round(fixture->worker);
}

void bring_back(struct fixture *fixture, struct rte_mbuf *mbuf)
{
	assert_int_equal(rte_ring_enqueue(fixture->worker->park.from_main[FIXTURE_PUBLIC], mbuf),
			 0);
	worker_round(fixture->worker);
}
