/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of the worker share: a packet each way, what a port is to have sent, and a port
 * that changes hands.
 */
#pragma once

#include "fixture.h"

/* A SYN of a client to the public port, and an ACK of its VM back. */
extern const struct fixture_packet from_client, from_vm;

/* Results: a packet of the client as its VM gets it, and one of the VM as the client gets it. */
struct fixture_packet at_vm(struct fixture_packet packet);
struct fixture_packet at_client(struct fixture_packet packet);

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

void expect_nothing_sent(struct fixture *fixture);

/* Makes a packet and puts it where the worker will receive it. */
void receive(struct fixture *fixture, uint32_t port, const struct fixture_packet *packet);

/* As fixture_expect(), and the buffer goes back. */
void expect_and_free(struct rte_mbuf *mbuf, uint8_t link_from, uint8_t link_to,
		     const struct fixture_packet *expected);

/* Packets of a client, sent on to the VM; the lease's way out is remembered after two. */
void forward(struct fixture *fixture, int nr);

/* The port is another build's, and live. */
void lease_again(struct fixture *fixture);

/* Takes the place of the main lcore: what the worker handed over to wait. */
struct rte_mbuf *handed_over(struct fixture *fixture);

/* A packet of the client, whose VM no neighbour is known for: it is handed over to wait. */
void send_to_unknown_vm(struct fixture *fixture);

/* As the main lcore does with what has waited; the worker takes it. */
void bring_back(struct fixture *fixture, struct rte_mbuf *mbuf);
