/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of the connections share: a set of connections, a visitor that remembers what it
 * was told of them, and notes of one client's segments on one lease.
 */
#pragma once

#include <stdint.h>

#include "watch/connections.h"

#include "../edge/world.h"

#define SLOT	   40000
#define GENERATION 7
#define CLIENT	   "203.0.113.9"
#define PORT	   50000
#define START_NS   (100 * SECOND)

/* What the visitor was told, and the last connection as it was then. */
struct told {
	struct connections *connections;
	unsigned int nr[CONNECTION_COUNTED + 1];
	struct connection last;
	enum connection_end ends[8];
	unsigned int nr_ends;
};

/* What the fixture has the connections call: remembers, and numbers the opened ones 77. */
void on_change(struct connection *connection, enum connection_change change, void *context);

/* Makes a set without a connection, of which nothing is told yet. */
void begin(struct told *told);
void finish(struct told *told);

/* Result: a note of CLIENT's port PORT at START_NS, to be changed by the test and told. */
struct sp_note note_of(enum sp_note_kind kind, enum sp_direction direction, uint32_t seq);

/* Has the connections read a note. */
void tell(struct told *told, struct sp_note note);
void tell_kind(struct told *told, enum sp_note_kind kind, enum sp_direction direction,
	       uint32_t seq);

/* Result: a note of the VM's SYN-ACK, and of the client's answer to it. */
struct sp_note accepted(uint32_t seq, uint32_t ack);
struct sp_note answer(uint32_t seq, uint32_t ack);

/* Tells of SYN 1000, SYN-ACK 5000 and ACK. */
void establish(struct told *told);

/* Result: what the figures say now. */
unsigned int open_now(const struct told *told);
unsigned int half_open_now(const struct told *told);
