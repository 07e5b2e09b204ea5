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

static void test_note_when_opened_and_closed_by_client_then_whole_record(void **state)
{
	struct told told;

	begin(&told);
	establish(&told);
	assert_int_equal(told.nr[CONNECTION_OPENED], 1);
	assert_int_equal(told.nr[CONNECTION_ACCEPTED], 1);
	assert_int_equal(told.nr[CONNECTION_ESTABLISHED], 1);
	assert_int_equal(open_now(&told), 1);
	assert_int_equal(half_open_now(&told), 0);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_VM, 1001 + 300);
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	assert_int_equal(told.nr[CONNECTION_CLOSING], 1);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_CLIENT, 5001 + 9000);
	assert_int_equal(told.nr[CONNECTION_CLOSING], 1);
	assert_int_equal(told.nr[CONNECTION_ENDED], 1);
	assert_int_equal(told.last.end, CONNECTION_CLOSED_BY_CLIENT);
	assert_int_equal(told.last.bytes[SP_TOWARD_VM], 300);
	assert_int_equal(told.last.bytes[SP_TOWARD_CLIENT], 9000);
	assert_int_equal(told.last.counted, 3);
	assert_int_equal(told.last.number, 77);
	assert_int_equal(told.last.client_port, PORT);
	assert_int_equal(open_now(&told), 0);
	finish(&told);
}

static void test_note_when_fin_carries_data_then_counted(void **state)
{
	struct sp_note note = note_of(SP_NOTE_CLOSES, SP_TOWARD_CLIENT, 5001 + 10);
	struct told told;

	begin(&told);
	establish(&told);
	note.payload_bytes = 32;
	tell(&told, note);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_VM, 1001);
	assert_int_equal(told.last.end, CONNECTION_CLOSED_BY_VM);
	assert_int_equal(told.last.bytes[SP_TOWARD_CLIENT], 42);
	assert_int_equal(told.last.bytes[SP_TOWARD_VM], 0);
	finish(&told);
}

static void test_note_when_fin_is_sent_again_then_not_ended_by_it(void **state)
{
	struct told told;

	begin(&told);
	establish(&told);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_VM, 1001);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_VM, 1001);
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	finish(&told);
}

static void test_note_when_numbers_wrap_then_bytes_right(void **state)
{
	struct told told;

	begin(&told);
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 0xfffffff0);
	tell(&told, accepted(0xffffffff, 0xfffffff1));
	tell(&told, answer(0xfffffff1, 0));
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_VM, 0x0f);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_CLIENT, 0x7fffffff);
	assert_int_equal(told.last.bytes[SP_TOWARD_VM], 0x1e);
	assert_int_equal(told.last.bytes[SP_TOWARD_CLIENT], 0x7fffffff);
	finish(&told);
}

static void test_note_when_reset_then_by_whom_and_how_much(void **state)
{
	static const struct {
		enum sp_direction direction;
		enum connection_end end;
		uint32_t seq;
	} cases[] = {
		{SP_TOWARD_VM, CONNECTION_RESET_BY_CLIENT, 1001 + 55},
		{SP_TOWARD_CLIENT, CONNECTION_RESET_BY_VM, 5001 + 55},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct told told;

		begin(&told);
		establish(&told);
		tell_kind(&told, SP_NOTE_RESET, cases[i].direction, cases[i].seq);
		assert_int_equal(told.nr[CONNECTION_ENDED], 1);
		assert_int_equal(told.last.end, cases[i].end);
		assert_int_equal(told.last.bytes[cases[i].direction], 55);
		assert_int_equal(told.last.counted, 1u << cases[i].direction);
		finish(&told);
	}
}

/* What a reset acknowledges went the other way; without the flag the number means nothing. */
static void test_note_when_reset_acknowledges_then_both_ways_counted(void **state)
{
	static const struct {
		uint8_t tcp_flags;
		uint8_t counted;
	} cases[] = {
		{SP_TCP_RST | SP_TCP_ACK, 3},
		{SP_TCP_RST, 1u << SP_TOWARD_VM},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sp_note note = note_of(SP_NOTE_RESET, SP_TOWARD_VM, 1001 + 55);
		struct told told;

		begin(&told);
		establish(&told);
		note.tcp_flags = cases[i].tcp_flags;
		note.ack = 5001 + 700;
		tell(&told, note);
		assert_int_equal(told.last.counted, cases[i].counted);
		assert_int_equal(told.last.bytes[SP_TOWARD_VM], 55);
		assert_int_equal(told.last.bytes[SP_TOWARD_CLIENT],
				 cases[i].counted == 3 ? 700 : 0);
		finish(&told);
	}
}

/* The number after a FIN is that of no byte. */
static void test_note_when_reset_after_a_fin_then_its_bytes_stay(void **state)
{
	struct sp_note note = note_of(SP_NOTE_RESET, SP_TOWARD_CLIENT, 5001 + 30);
	struct told told;

	begin(&told);
	establish(&told);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_VM, 1001 + 8);
	note.tcp_flags = SP_TCP_RST | SP_TCP_ACK;
	note.ack = 1001 + 8 + 1;
	tell(&told, note);
	assert_int_equal(told.last.end, CONNECTION_RESET_BY_VM);
	assert_int_equal(told.last.bytes[SP_TOWARD_VM], 8);
	assert_int_equal(told.last.bytes[SP_TOWARD_CLIENT], 30);
	finish(&told);
}

/* A refused connect: the VM's reset has no number of its own. */
static void test_note_when_reset_before_accepted_then_no_bytes(void **state)
{
	struct told told;

	begin(&told);
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	tell_kind(&told, SP_NOTE_RESET, SP_TOWARD_CLIENT, 0);
	assert_int_equal(told.last.end, CONNECTION_RESET_BY_VM);
	assert_int_equal(told.last.counted, 0);
	assert_int_equal(told.nr[CONNECTION_ACCEPTED], 0);
	finish(&told);
}

static void test_note_when_syn_is_sent_again_then_one_connection(void **state)
{
	struct told told;

	begin(&told);
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	tell(&told, accepted(5000, 1001));
	tell(&told, accepted(5000, 1001));
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	assert_int_equal(told.nr[CONNECTION_OPENED], 1);
	assert_int_equal(told.nr[CONNECTION_ACCEPTED], 1);
	assert_int_equal(half_open_now(&told), 1);
	tell(&told, answer(1001, 5001));
	tell(&told, answer(1001, 5001));
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	assert_int_equal(told.nr[CONNECTION_ESTABLISHED], 1);
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	assert_int_equal(open_now(&told), 1);
	finish(&told);
}

static void test_note_when_port_is_used_anew_then_the_old_one_ends(void **state)
{
	struct told told;

	begin(&told);
	establish(&told);
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 900000); /* anybody's, as far as is known */
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	tell(&told, accepted(7000, 900001));
	assert_int_equal(told.nr[CONNECTION_ENDED], 1);
	assert_int_equal(told.ends[0], CONNECTION_RESET_BY_CLIENT);
	assert_int_equal(told.nr[CONNECTION_OPENED], 2);
	assert_int_equal(half_open_now(&told), 1);
	tell(&told, answer(900001, 7001));
	assert_int_equal(open_now(&told), 1);
	finish(&told);
}

/* Its last FIN was not seen, but one was: nobody reset it. */
static void test_note_when_port_of_a_closing_one_is_used_anew_then_closed(void **state)
{
	struct told told;

	begin(&told);
	establish(&told);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_CLIENT, 5001);
	tell(&told, accepted(7000, 900001));
	assert_int_equal(told.ends[0], CONNECTION_CLOSED_BY_VM);
	assert_int_equal(told.nr[CONNECTION_OPENED], 2);
	finish(&told);
}

static void test_note_when_nothing_opened_then_ignored(void **state)
{
	struct told told;

	begin(&told);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_VM, 1001);
	tell_kind(&told, SP_NOTE_RESET, SP_TOWARD_CLIENT, 5001);
	assert_int_equal(told.nr[CONNECTION_ACCEPTED] + told.nr[CONNECTION_ENDED], 0);
	finish(&told);
}

/* Each of what a connection is known by makes another of it. */
static void test_note_when_port_client_slot_or_generation_differs_then_another(void **state)
{
	struct sp_note note = note_of(SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	struct told told;

	begin(&told);
	tell(&told, note);
	note.client_port_be = SP_BE16(PORT + 1);
	tell(&told, note);
	note.client = world_addr("203.0.113.10");
	tell(&told, note);
	note.slot_index = SLOT + 4096; /* of the same chain */
	tell(&told, note);
	note.generation++;
	tell(&told, note);
	assert_int_equal(told.nr[CONNECTION_OPENED], 5);
	assert_int_equal(half_open_now(&told), 5);
	finish(&told);
}

/* The note of the answer was lost. A VM that closes, or a client that says what it got, shows it.
 */
static void test_note_when_a_fin_shows_it_then_established(void **state)
{
	static const struct {
		enum sp_direction direction;
		uint32_t ack;
		unsigned int established;
	} cases[] = {
		{SP_TOWARD_CLIENT, 1001, 1},
		{SP_TOWARD_VM, 5001, 1},
		{SP_TOWARD_VM, 5002, 0}, /* a guess */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sp_note fin = note_of(SP_NOTE_CLOSES, cases[i].direction,
					     cases[i].direction == SP_TOWARD_VM ? 1001 : 5001);
		struct told told;

		begin(&told);
		tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
		tell(&told, accepted(5000, 1001));
		fin.tcp_flags = SP_TCP_FIN | SP_TCP_ACK;
		fin.ack = cases[i].ack;
		tell(&told, fin);
		assert_int_equal(told.nr[CONNECTION_ESTABLISHED], cases[i].established);
		assert_int_equal(told.nr[CONNECTION_CLOSING], cases[i].established);
		finish(&told);
	}
}

static void test_restore_when_known_then_goes_on(void **state)
{
	struct connection connection = {
		.slot_index = SLOT,
		.generation = GENERATION,
		.client = world_addr(CLIENT),
		.client_port = PORT,
		.opened_ns = START_NS,
		.accepted_ns = START_NS,
		.established_ns = START_NS,
		.syn_seq = {[SP_TOWARD_VM] = 1000, [SP_TOWARD_CLIENT] = 5000},
		.number = 12,
	};
	struct told told;

	begin(&told);
	assert_true(watch_connections_restore(told.connections, &connection));
	assert_int_equal(open_now(&told), 1);
	tell_kind(&told, SP_NOTE_RESET, SP_TOWARD_VM, 1001 + 7);
	assert_int_equal(told.last.number, 12);
	assert_int_equal(told.last.bytes[SP_TOWARD_VM], 7);
	finish(&told);
}

static void test_end_name_when_any_then_one_of_its_own(void **state)
{
	for (unsigned int i = 0; i <= CONNECTION_CUT; i++)
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(
				model_connection_record_end_name((enum connection_end)i),
				model_connection_record_end_name((enum connection_end)j));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_note_when_opened_and_closed_by_client_then_whole_record),
		cmocka_unit_test(test_note_when_fin_carries_data_then_counted),
		cmocka_unit_test(test_note_when_fin_is_sent_again_then_not_ended_by_it),
		cmocka_unit_test(test_note_when_numbers_wrap_then_bytes_right),
		cmocka_unit_test(test_note_when_reset_then_by_whom_and_how_much),
		cmocka_unit_test(test_note_when_reset_acknowledges_then_both_ways_counted),
		cmocka_unit_test(test_note_when_reset_after_a_fin_then_its_bytes_stay),
		cmocka_unit_test(test_note_when_reset_before_accepted_then_no_bytes),
		cmocka_unit_test(test_note_when_syn_is_sent_again_then_one_connection),
		cmocka_unit_test(test_note_when_port_is_used_anew_then_the_old_one_ends),
		cmocka_unit_test(test_note_when_port_of_a_closing_one_is_used_anew_then_closed),
		cmocka_unit_test(test_note_when_nothing_opened_then_ignored),
		cmocka_unit_test(
			test_note_when_port_client_slot_or_generation_differs_then_another),
		cmocka_unit_test(test_note_when_a_fin_shows_it_then_established),
		cmocka_unit_test(test_restore_when_known_then_goes_on),
		cmocka_unit_test(test_end_name_when_any_then_one_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
