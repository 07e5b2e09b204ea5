/* SPDX-License-Identifier: BSD-3-Clause */
#include "connections_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sallyport/compiler.h>
#include <sallyport/wire.h>

void on_change(struct connection *connection, enum connection_change change, void *context)
{
	struct told *told = context;

	told->nr[change]++;
	told->last = *connection;
	if (change == CONNECTION_OPENED)
		connection->number = 77;
	if (change == CONNECTION_ENDED && told->nr_ends < 8)
		told->ends[told->nr_ends++] = connection->end;
}

void begin(struct told *told)
{
	*told = (struct told){.connections = watch_connections_new()};
	assert_non_null(told->connections);
}

void finish(struct told *told)
{
	watch_connections_free(told->connections);
}

struct sp_note note_of(enum sp_note_kind kind, enum sp_direction direction, uint32_t seq)
{
	return (struct sp_note){
		.kind = kind,
		.direction = direction,
		.seq = seq,
		.ring.at_ns = START_NS,
		.slot_index = SLOT,
		.generation = GENERATION,
		.client = world_addr(CLIENT),
		.client_port_be = SP_BE16(PORT),
	};
}

void tell(struct told *told, struct sp_note note)
{
	watch_connections_note(told->connections, &note, on_change, told);
}

void tell_kind(struct told *told, enum sp_note_kind kind, enum sp_direction direction, uint32_t seq)
{
	tell(told, note_of(kind, direction, seq));
}

struct sp_note accepted(uint32_t seq, uint32_t ack)
{
	struct sp_note note = note_of(SP_NOTE_ACCEPTED, SP_TOWARD_CLIENT, seq);

	note.ack = ack;
	note.tcp_flags = SP_TCP_SYN | SP_TCP_ACK;
	return note;
}

struct sp_note answer(uint32_t seq, uint32_t ack)
{
	struct sp_note note = note_of(SP_NOTE_ESTABLISHED, SP_TOWARD_VM, seq);

	note.ack = ack;
	note.tcp_flags = SP_TCP_ACK;
	return note;
}

void establish(struct told *told)
{
	tell_kind(told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	tell(told, accepted(5000, 1001));
	tell(told, answer(1001, 5001));
}

unsigned int open_now(const struct told *told)
{
	struct connections_figures figures;

	watch_connections_figures(told->connections, &figures);
	return figures.open;
}

unsigned int half_open_now(const struct told *told)
{
	struct connections_figures figures;

	watch_connections_figures(told->connections, &figures);
	return figures.half_open;
}
