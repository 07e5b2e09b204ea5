/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch_fixture.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <systemd/sd-event.h>

#include "host/table_map.h"
#include "journal/audit_file.h"
#include "journal/journal.h"
#include "loop.h"

#include <sallyport/compiler.h>
#include <sallyport/wire.h>

const char *audit_path = ":memory:";
uint64_t audit_budget_bytes;

void start_watch(struct watched *watched)
{
	assert_int_equal(watch_start(watched->event, watched->world.edge, watched->audit,
				     watched->world.table, &watched->watch),
			 0);
}

int set_up(void **state)
{
	static struct watched watched;
	char *reason = NULL;

	memset(&watched, 0, sizeof(watched));
	world_init(&watched.world, 100);
	model_clock_read(&watched.world.now);
	if (audit_budget_bytes)
		watched.world.settings.audit_budget_bytes = audit_budget_bytes;
	world_start(&watched.world, ":memory:");
	assert_int_equal(world_put(&watched.world, "b1", "10.0.3.7"), 0);
	assert_true(sd_event_new(&watched.event) >= 0);
	assert_true(journal_audit_file_open(audit_path, &watched.audit, &reason) >= 0);
	free(reason);
	start_watch(&watched);
	*state = &watched;
	return 0;
}

int tear_down(void **state)
{
	struct watched *watched = *state;

	watch_stop(watched->watch);
	sd_event_unref(watched->event);
	journal_close(watched->audit);
	world_stop(&watched->world);
	return 0;
}

void leave_network(void)
{
	(void)unshare(CLONE_NEWNET);
}

void write_note(struct watched *watched, enum sp_note_kind kind, enum sp_direction direction,
		uint16_t client_port, uint32_t seq)
{
	struct table_map *table = watched->world.table;
	const struct forward *forward = world_ssh(world_get(&watched->world, "b1"), 0);
	uint64_t number = table->notes_heads[0].written + 1;
	struct instant now;

	model_clock_read(&now);
	table->notes[sp_ring_at(number, SP_NOTES)] = (struct sp_note){
		.ring = {number, now.boot_ns},
		.client = world_addr(CLIENT),
		.slot_index = forward->slot_index,
		.generation = table->leases[forward->slot_index].generation,
		.client_port_be = SP_BE16(client_port),
		.kind = (uint8_t)kind,
		.direction = (uint8_t)direction,
		.seq = seq,
	};
	table->notes_heads[0].written = number;
}

void write_late(struct watched *watched, uint16_t client_port, uint32_t seq, uint32_t ack)
{
	struct table_map *table = watched->world.table;
	struct sp_note *note;

	write_note(watched, SP_NOTE_LATE, SP_TOWARD_CLIENT, client_port, seq);
	note = &table->notes[sp_ring_at(table->notes_heads[0].written, SP_NOTES)];
	note->ack = ack;
	note->tcp_flags = SP_TCP_ACK;
}

void write_ack(struct watched *watched, enum sp_note_kind kind, uint16_t client_port, uint32_t seq,
	       uint32_t ack)
{
	struct table_map *table = watched->world.table;
	struct sp_note *note;

	write_note(watched, kind, kind == SP_NOTE_ACCEPTED ? SP_TOWARD_CLIENT : SP_TOWARD_VM,
		   client_port, seq);
	note = &table->notes[sp_ring_at(table->notes_heads[0].written, SP_NOTES)];
	note->ack = ack;
	note->tcp_flags = SP_TCP_ACK;
}

void half_open(struct watched *watched, uint16_t client_port)
{
	write_note(watched, SP_NOTE_OPENS, SP_TOWARD_VM, client_port, 1000);
	write_ack(watched, SP_NOTE_ACCEPTED, client_port, 5000, 1001);
}

void establish(struct watched *watched, uint16_t client_port)
{
	half_open(watched, client_port);
	write_ack(watched, SP_NOTE_ESTABLISHED, client_port, 1001, 5001);
}

void cancel(struct watched *watched)
{
	struct edge_result result;

	model_clock_read(&watched->world.now);
	assert_int_equal(world_cancel(&watched->world, "b1", &result), 0);
}

const char *ask(struct watched *watched, const char *query)
{
	if (strstr(query, "connections"))
		return world_ask_of(watched->audit, query);
	return world_ask(&watched->world, query);
}

bool turn(struct watched *watched, const struct instant *begun)
{
	return loop_turn(watched->event, begun);
}

void expect(struct watched *watched, const char *query, const char *expected)
{
	struct instant begun;

	model_clock_read(&begun);
	while (strcmp(ask(watched, query), expected) != 0)
		if (!turn(watched, &begun))
			fail_msg("%s: expected %s, got %s", query, expected, ask(watched, query));
}
