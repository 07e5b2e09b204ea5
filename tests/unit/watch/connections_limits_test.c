/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/connections.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "connections_fixture.h"

#include <sallyport/compiler.h>
#include <sallyport/wire.h>

static uint64_t left_out(const struct told *told)
{
	struct connections_figures figures;

	watch_connections_figures(told->connections, &figures);
	return figures.left_out;
}

static void test_note_when_lease_is_full_then_left_out_and_others_not(void **state)
{
	struct sp_note note = answer(1001, 5001);
	struct told told;

	begin(&told);
	for (unsigned int i = 0; i < CONNECTIONS_PER_LEASE + 3; i++) {
		note.client_port_be = SP_BE16(1024 + i);
		tell(&told, note);
	}
	assert_int_equal(open_now(&told), CONNECTIONS_PER_LEASE);
	assert_int_equal(left_out(&told), 3);
	note.slot_index++;
	tell(&told, note);
	assert_int_equal(open_now(&told), CONNECTIONS_PER_LEASE + 1);
	note = note_of(SP_NOTE_RESET, SP_TOWARD_VM, 1001);
	note.client_port_be = SP_BE16(1024);
	tell(&told, note);
	establish(&told);
	assert_int_equal(open_now(&told), CONNECTIONS_PER_LEASE + 1);
	assert_int_equal(left_out(&told), 3);
	finish(&told);
}

#define FLOOD 100000

/* SYNs in the names of so many others, which the VM accepts. */
static void flood(struct told *told)
{
	struct sp_note syn = note_of(SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	struct sp_note syn_ack = accepted(5000, 1001);

	for (unsigned int i = 0; i < FLOOD; i++) {
		syn.client.word_be[3] = syn_ack.client.word_be[3] = SP_BE32(0x0a000000 + i);
		syn.ring.at_ns = syn_ack.ring.at_ns = START_NS + i;
		tell(told, syn);
		tell(told, syn_ack);
	}
}

static void test_note_when_flooded_then_nobody_connected_and_who_does_is_kept(void **state)
{
	struct told told;

	begin(&told);
	establish(&told);
	flood(&told);
	assert_int_equal(told.nr[CONNECTION_ESTABLISHED], 1);
	assert_int_equal(open_now(&told), 1);
	assert_int_equal(half_open_now(&told), CONNECTIONS_HALF_OPEN_PER_LEASE);
	assert_int_equal(told.ends[0], CONNECTION_UNCONFIRMED);
	for (uint16_t i = 1; i <= 10; i++) {
		struct sp_note note = answer(1001, 5001);

		note.client_port_be = SP_BE16(PORT + i);
		tell(&told, note);
		assert_int_equal(told.nr[CONNECTION_ESTABLISHED], 1 + i);
		assert_int_equal(told.last.client_port, PORT + i);
		assert_int_equal(told.last.syn_seq[SP_TOWARD_VM], 1000);
		assert_int_equal(told.last.syn_seq[SP_TOWARD_CLIENT], 5000);
	}
	tell_kind(&told, SP_NOTE_RESET, SP_TOWARD_VM, 1001 + 40);
	assert_int_equal(told.last.bytes[SP_TOWARD_VM], 40);
	finish(&told);
}

/* All leases together: what is half open longest gives way, whose ever it is. */
static void test_note_when_all_leases_are_flooded_then_the_oldest_give_way(void **state)
{
	struct sp_note note = note_of(SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	struct told told;

	begin(&told);
	for (unsigned int i = 0; i < 2 * CONNECTIONS_HALF_OPEN_MAX; i++) {
		note.slot_index = i;
		tell(&told, note);
	}
	assert_int_equal(half_open_now(&told), CONNECTIONS_HALF_OPEN_MAX);
	note = answer(1001, 5001);
	for (unsigned int i = 0; i < CONNECTIONS_MAX + 5; i++) {
		note.slot_index = i / CONNECTIONS_PER_LEASE;
		note.client_port_be = SP_BE16(1024 + i % CONNECTIONS_PER_LEASE);
		tell(&told, note);
	}
	assert_int_equal(open_now(&told), CONNECTIONS_MAX);
	assert_int_equal(left_out(&told), 5);
	finish(&told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_note_when_lease_is_full_then_left_out_and_others_not),
		cmocka_unit_test(test_note_when_flooded_then_nobody_connected_and_who_does_is_kept),
		cmocka_unit_test(test_note_when_all_leases_are_flooded_then_the_oldest_give_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
