/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The TCP connections that go through leases, known from what the engines note of them: for the
 * audit, for "connected", and to tell both ends when a lease ends. Translation never asks for them:
 * one that is missing here works all the same.
 *
 * A connection is half open until its client has answered the VM's SYN-ACK: anybody can send a SYN
 * in anybody's name, and the VM answers it. What is half open ends by itself, gives way to what
 * comes later, and never takes the place of a connection that is established. Bounded: beyond the
 * limits connections are counted, not kept.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/notes.h>
#include <sallyport/table.h>

#include "model/connection_record.h"

enum connection_change {
	CONNECTION_UNCHANGED,
	CONNECTION_OPENED,
	CONNECTION_ACCEPTED,
	CONNECTION_ESTABLISHED,
	CONNECTION_CLOSING, /* one end has sent its FIN */
	CONNECTION_ENDED,   /* it is forgotten after the call, unless it was cut */
	CONNECTION_COUNTED, /* it was cut, and its bytes are known now; it is forgotten */
};

#define CONNECTIONS_MAX	      65536u
#define CONNECTIONS_PER_LEASE 1024u
/* Of those that are half open; they come on top. */
#define CONNECTIONS_HALF_OPEN_MAX	16384u
#define CONNECTIONS_HALF_OPEN_PER_LEASE 64u
/*
 * How long a SYN or a SYN-ACK, sent again as often as Linux does (5 times: 63 s), may go without an
 * answer.
 */
#define CONNECTIONS_UNANSWERED_NS (75 * 1000000000ULL)
#define CONNECTIONS_HALF_NS	  (300 * 1000000000ULL) /* between one FIN and the other */
/* How long after the end of a lease its VM's answer to being provoked is waited for. */
#define CONNECTIONS_LATE_NS (5 * 1000000000ULL)

struct connections;
struct strays;

struct connections *watch_connections_new(void); /* NULL without memory */
void watch_connections_free(struct connections *connections);

/*
 * From now on packets of a connection may pass by other edges as well. One that the VM accepts, and
 * whose client's answer is not seen, is kept then while the VM takes it for answered; it is shown
 * as half open, gives way like those, and is cut like one that is established.
 */
void watch_connections_share(struct connections *connections);

/* Result: ends of connections that are not known here; they live as long. */
const struct strays *watch_connections_strays(const struct connections *connections);

/* Called for each change; *connection may be written to (number). */
typedef void connections_visitor(struct connection *connection, enum connection_change change,
				 void *context);

/* Takes one note, in the order of time. visit is called at most five times. */
void watch_connections_note(struct connections *connections, const struct sp_note *note,
			    connections_visitor *visit, void *context);

/* The same for a note that an edge of that name has taken, of a connection that it does not know.
 */
void watch_connections_told(struct connections *connections, const char *edge, struct sp_note *note,
			    connections_visitor *visit, void *context);

/* Ends what was never established, or never wholly closed; forgets what was cut. */
void watch_connections_expire(struct connections *connections, uint64_t now_ns,
			      connections_visitor *visit, void *context);

/* Visits the established connections of a lease, change CONNECTION_UNCHANGED. */
void watch_connections_each(struct connections *connections, uint32_t slot_index,
			    uint32_t generation, connections_visitor *visit, void *context);

/* Result: how many of a lease are established and open. */
unsigned int watch_connections_nr(struct connections *connections, uint32_t slot_index,
				  uint32_t generation);

/*
 * Ends all connections of a lease as CONNECTION_CUT. The VM's first segment after that says what it
 * had sent and received: CONNECTION_COUNTED, or if none is noted the bytes remain unknown.
 */
void watch_connections_cut(struct connections *connections, uint32_t slot_index,
			   uint32_t generation, uint64_t now_ns, connections_visitor *visit,
			   void *context);

/* The same for each that is_over() says it of: whose lease had ended before it was known. */
void watch_connections_cut_if(struct connections *connections,
			      bool (*is_over)(const struct connection *connection, void *context),
			      uint64_t now_ns, connections_visitor *visit, void *context);

/* Result: whether a connection that was cut, by what it was when it was, still lacks that segment.
 */
bool watch_connections_awaits(struct connections *connections, const struct connection *connection);

/* Result: whether the connection with that number is known still, open or cut. */
bool watch_connections_holds(struct connections *connections, const struct connection *connection);

/* Puts back a connection known from an earlier life, established. Result: false beyond the limits.
 */
bool watch_connections_restore(struct connections *connections,
			       const struct connection *connection);

struct connections_figures {
	unsigned int open; /* established */
	unsigned int half_open;
	uint64_t opened;   /* established, ever */
	uint64_t attempts; /* that may have become one */
	uint64_t gave_way; /* half open, to those that came later */
	uint64_t left_out; /* established, beyond the limits */
};

void watch_connections_figures(const struct connections *connections,
			       struct connections_figures *ret_figures);
