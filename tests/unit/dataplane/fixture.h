/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An edge without a kernel: a table in plain memory, two ports whose queues are rings that the test
 * fills and empties, and one worker run by hand.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crew.h"
#include "hop/nexthop.h"
#include "hop/park.h"
#include "port/port.h"

#include "host/table_map.h"

struct rte_mbuf;
struct rte_mempool;
struct rte_ring;

#define FIXTURE_PUBLIC	    0 /* ports */
#define FIXTURE_BUILDS	    1
#define FIXTURE_MTU	    1500
#define FIXTURE_VM_PORT	    22
#define FIXTURE_PUBLIC_PORT 64784

/* The client is on link; the VM 10.0.3.7 too; 10.0.0.0/16 is the builds network. */
#define FIXTURE_CLIENT	 "198.51.100.2"
#define FIXTURE_EDGE	 "192.0.2.1"
#define FIXTURE_VM	 "10.0.3.7"
#define FIXTURE_CLIENT_6 "2001:db8:1::2"
#define FIXTURE_EDGE_6	 "2001:db8:2::1"
#define FIXTURE_VM_6	 "2001:db8:3::7"

struct fixture {
	struct table_map *table;
	struct nexthops nexthops;
	struct ports ports;
	struct crew crew;
	struct park park;
	struct worker *worker; /* the only one of the crew */
	struct rte_mempool *pool;
	struct rte_ring *in[PORTS_MAX];	 /* what the worker will receive */
	struct rte_ring *out[PORTS_MAX]; /* what it has sent */
	uint16_t eth_ids[PORTS_MAX];
	uint32_t route_mtu;	/* of the routes that fixture_route() adds, 0: none */
	unsigned int pool_free; /* buffers before the test */
};

struct fixture_packet {
	const char *from;
	const char *to;
	uint16_t from_port;
	uint16_t to_port;
	uint8_t ip_protocol; /* 6 or 17 */
	uint8_t tcp_flags;
	uint8_t ttl;
	uint16_t payload_bytes;
	uint32_t seq;
	uint32_t ack;
};

/* As eal_start(). */
int fixture_start_eal(void);

/* Setup and teardown of cmocka: a lease on FIXTURE_PUBLIC_PORT for each family, all live. */
int fixture_open(void **state);
/* Fails if a buffer has been lost. */
int fixture_close(void **state);

struct sp_addr fixture_addr(const char *text);

/* The link address that the fixture gives to a number: 02:00:00:00:00:<number>. */
#define FIXTURE_LINK_PUBLIC 1
#define FIXTURE_LINK_BUILDS 2
#define FIXTURE_LINK_CLIENT 3
#define FIXTURE_LINK_VM	    4
void fixture_link(uint8_t number, uint8_t link_addr[6]);

void fixture_neighbour(struct fixture *fixture, uint32_t port, const char *addr, uint8_t number);
void fixture_forget(struct fixture *fixture, uint32_t port, const char *addr);
void fixture_route(struct fixture *fixture, const char *prefix, uint8_t depth, uint32_t port,
		   const char *gateway);
struct sp_slot *fixture_slot(struct fixture *fixture, const char *vm);
void fixture_lease(struct fixture *fixture, const char *public, uint16_t public_port,
		   const char *vm);
uint64_t fixture_counter(const struct fixture *fixture, enum sp_verdict verdict);

/* Makes a whole frame, with right checksums, coming in by a port. */
struct rte_mbuf *fixture_frame(struct fixture *fixture, const struct fixture_packet *packet);

void fixture_receive(struct fixture *fixture, uint32_t port, struct rte_mbuf *mbuf);
/* Result: what was sent first and not yet looked at, or NULL. Free it. */
struct rte_mbuf *fixture_sent(struct fixture *fixture, uint32_t port);

/* Asserts that all checksums of a frame are right and that it reads as expected. */
void fixture_expect(struct rte_mbuf *mbuf, uint8_t link_from, uint8_t link_to,
		    const struct fixture_packet *expected);
/* Result: the sum over a frame's transport part with its pseudo header: 0xffff if it is right. */
uint32_t fixture_l4_sum(const struct rte_mbuf *mbuf);
