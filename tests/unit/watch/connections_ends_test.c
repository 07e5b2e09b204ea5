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

/* The VM gives up, and so does this. */
static void test_expire_when_never_confirmed_then_ended_on_time(void **state)
{
	struct sp_note syn_ack = accepted(5000, 1001);
	struct told told;

	begin(&told);
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	syn_ack.ring.at_ns += SECOND;
	tell(&told, syn_ack);
	watch_connections_expire(told.connections, START_NS + CONNECTIONS_UNANSWERED_NS, on_change,
				 &told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	watch_connections_expire(told.connections, START_NS + SECOND + CONNECTIONS_UNANSWERED_NS,
				 on_change, &told);
	assert_int_equal(told.last.end, CONNECTION_UNCONFIRMED);
	assert_int_equal(half_open_now(&told), 0);
	finish(&told);
}

static void test_expire_when_never_answered_then_ended_on_time(void **state)
{
	struct told told;

	begin(&told);
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	watch_connections_expire(told.connections, START_NS + CONNECTIONS_UNANSWERED_NS - 1,
				 on_change, &told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	watch_connections_expire(told.connections, START_NS + CONNECTIONS_UNANSWERED_NS, on_change,
				 &told);
	assert_int_equal(told.last.end, CONNECTION_UNANSWERED);
	assert_int_equal(half_open_now(&told), 0);
	finish(&told);
}

/* The notes are read after the clock: what they tell of may be younger than "now". */
static void test_expire_when_noted_after_now_then_kept(void **state)
{
	struct told told;

	begin(&told);
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	watch_connections_expire(told.connections, START_NS - 1, on_change, &told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	establish(&told);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_VM, 1001);
	watch_connections_expire(told.connections, START_NS - 1, on_change, &told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	finish(&told);
}

static void test_expire_when_half_closed_then_ended_as_closed(void **state)
{
	struct told told;

	begin(&told);
	establish(&told);
	watch_connections_expire(told.connections, START_NS + 24 * HOUR, on_change, &told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_CLIENT, 5001);
	watch_connections_expire(told.connections, START_NS + CONNECTIONS_HALF_NS - 1, on_change,
				 &told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	watch_connections_expire(told.connections, START_NS + CONNECTIONS_HALF_NS, on_change,
				 &told);
	assert_int_equal(told.last.end, CONNECTION_CLOSED_BY_VM);
	finish(&told);
}

static void test_cut_when_called_then_only_that_lease(void **state)
{
	struct sp_note note = answer(1001, 5001);
	struct told told;

	begin(&told);
	tell(&told, note);
	note.client_port_be++;
	tell(&told, note);
	note.slot_index = SLOT + 4096;
	tell(&told, note);
	note.slot_index = SLOT;
	note.generation++;
	tell(&told, note);
	watch_connections_each(told.connections, SLOT, GENERATION, on_change, &told);
	assert_int_equal(told.nr[CONNECTION_UNCHANGED], 2);
	watch_connections_cut(told.connections, SLOT, GENERATION, START_NS + 5, on_change, &told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 2);
	assert_int_equal(told.last.end, CONNECTION_CUT);
	assert_int_equal(told.last.ended_ns, START_NS + 5);
	assert_int_equal(open_now(&told), 2);
	finish(&told);
}

/* Result: a note of the VM's first segment after the end of the lease. */
static struct sp_note late_note(uint32_t seq, uint32_t ack)
{
	struct sp_note note = note_of(SP_NOTE_LATE, SP_TOWARD_CLIENT, seq);

	note.payload_bytes = 50; /* turned away with it */
	note.ack = ack;
	note.tcp_flags = SP_TCP_ACK;
	return note;
}

static void cut(struct told *told)
{
	watch_connections_cut(told->connections, SLOT, GENERATION, START_NS + 5, on_change, told);
}

static void test_cut_when_the_vm_answers_then_counted(void **state)
{
	struct told told;

	begin(&told);
	establish(&told);
	cut(&told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 1);
	assert_int_equal(told.last.counted, 0);
	assert_int_equal(open_now(&told), 0);
	watch_connections_each(told.connections, SLOT, GENERATION, on_change, &told);
	assert_int_equal(told.nr[CONNECTION_UNCHANGED], 0);
	tell(&told, late_note(5001 + 9000, 1001 + 300));
	assert_int_equal(told.nr[CONNECTION_COUNTED], 1);
	assert_int_equal(told.nr[CONNECTION_ENDED], 1);
	assert_int_equal(told.last.end, CONNECTION_CUT);
	assert_int_equal(told.last.ended_ns, START_NS + 5);
	assert_int_equal(told.last.bytes[SP_TOWARD_VM], 300);
	assert_int_equal(told.last.bytes[SP_TOWARD_CLIENT], 9000);
	assert_int_equal(told.last.counted, 3);
	tell(&told, late_note(5001 + 9999, 1001 + 999));
	assert_int_equal(told.nr[CONNECTION_COUNTED], 1);
	assert_int_equal(open_now(&told), 0);
	finish(&told);
}

/* A deadline passes in the engines before its turn comes here. */
static void test_cut_when_the_vm_was_turned_away_before_then_counted_at_once(void **state)
{
	struct told told;

	begin(&told);
	establish(&told);
	tell(&told, late_note(5001 + 9000, 1001 + 300));
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	assert_int_equal(open_now(&told), 1);
	cut(&told);
	assert_int_equal(told.last.bytes[SP_TOWARD_VM], 300);
	assert_int_equal(told.last.bytes[SP_TOWARD_CLIENT], 9000);
	tell(&told, late_note(5001 + 9000, 1001 + 300));
	assert_int_equal(told.nr[CONNECTION_COUNTED], 0);
	finish(&told);
}

/* Half closed: what the FIN said stays. */
static void test_cut_when_half_closed_then_the_other_half_is_counted(void **state)
{
	struct told told;

	begin(&told);
	establish(&told);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_VM, 1001 + 300);
	cut(&told);
	tell(&told, late_note(5001 + 9000, 1001 + 301));
	assert_int_equal(told.nr[CONNECTION_COUNTED], 1);
	assert_int_equal(told.last.bytes[SP_TOWARD_VM], 300);
	assert_int_equal(told.last.bytes[SP_TOWARD_CLIENT], 9000);
	finish(&told);
}

/* A SYN-ACK sent again, and a keep-alive probe where nothing was sent, tell nothing of bytes. */
static void test_cut_when_the_vm_sends_what_was_before_then_unknown(void **state)
{
	struct sp_note note = late_note(5000, 1001 + 300);
	struct told told;

	begin(&told);
	establish(&told);
	cut(&told);
	note.tcp_flags |= SP_TCP_SYN;
	tell(&told, note);
	assert_int_equal(told.nr[CONNECTION_COUNTED], 0);
	tell(&told, late_note(5000, 1001 + 300));
	assert_int_equal(told.nr[CONNECTION_COUNTED], 0);
	tell(&told, late_note(5001 + 7, 1001 + 300));
	assert_int_equal(told.last.bytes[SP_TOWARD_VM], 300);
	assert_int_equal(told.last.bytes[SP_TOWARD_CLIENT], 7);
	finish(&told);
}

static bool is_of_port(const struct connection *connection, void *context)
{
	return connection->client_port == PORT;
}

static void test_cut_if_when_some_are_over_then_those(void **state)
{
	struct sp_note note = answer(1001, 5001);
	struct told told;

	begin(&told);
	establish(&told);
	note.client_port_be++;
	tell(&told, note);
	watch_connections_cut_if(told.connections, is_of_port, START_NS + 5, on_change, &told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 1);
	assert_int_equal(told.last.client_port, PORT);
	assert_int_equal(told.last.end, CONNECTION_CUT);
	watch_connections_cut_if(told.connections, is_of_port, START_NS + 6, on_change, &told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 1);
	assert_int_equal(open_now(&told), 1);
	finish(&told);
}

static void test_cut_when_the_vm_is_silent_then_forgotten_in_time(void **state)
{
	uint64_t due_ns = START_NS + 5 + CONNECTIONS_LATE_NS;
	struct told told;

	begin(&told);
	establish(&told);
	cut(&told);
	watch_connections_expire(told.connections, due_ns - 1, on_change, &told);
	watch_connections_expire(told.connections, due_ns, on_change, &told);
	tell(&told, late_note(5001 + 9000, 1001 + 300));
	assert_int_equal(told.nr[CONNECTION_COUNTED], 0);
	assert_int_equal(told.nr[CONNECTION_ENDED], 1);
	assert_int_equal(open_now(&told), 0);
	finish(&told);
}

/*
 * A SYN and a SYN-ACK that were both sent again, as when the first SYN-ACK was lost: what is
 * answered for the second one comes after the VM has turned the client away.
 */
static void test_note_when_its_opening_is_told_again_after_its_end_then_nothing_opens(void **state)
{
	const struct sp_note again[] = {
		note_of(SP_NOTE_OPENS, SP_TOWARD_VM, 1000),
		accepted(5000, 1001),
		answer(1001, 5001),
		answer(1001 + 41, 5001),
	};
	struct told told;

	begin(&told);
	establish(&told);
	tell_kind(&told, SP_NOTE_RESET, SP_TOWARD_CLIENT, 5001 + 22);
	assert_int_equal(told.nr[CONNECTION_ENDED], 1);
	for (size_t i = 0; i < sizeof(again) / sizeof(again[0]); i++) {
		tell(&told, again[i]);
		tell_kind(&told, SP_NOTE_RESET, SP_TOWARD_CLIENT, 5001);
	}
	assert_int_equal(told.nr[CONNECTION_OPENED], 1);
	assert_int_equal(told.nr[CONNECTION_ESTABLISHED], 1);
	assert_int_equal(told.nr[CONNECTION_ENDED], 1);
	assert_int_equal(told.last.bytes[SP_TOWARD_CLIENT], 22);
	assert_int_equal(open_now(&told) + half_open_now(&told), 0);
	finish(&told);
}

/* The client's port is used anew, by one whose numbers are others: all three, or one of them. */
static void test_note_when_the_port_is_used_anew_after_the_end_then_another_opens(void **state)
{
	const struct sp_note anew[] = {
		note_of(SP_NOTE_OPENS, SP_TOWARD_VM, 2000),
		accepted(5000, 2001),
		accepted(6000, 1001),
		answer(1001, 6001),
	};

	for (size_t i = 0; i < sizeof(anew) / sizeof(anew[0]); i++) {
		struct told told;

		begin(&told);
		establish(&told);
		tell_kind(&told, SP_NOTE_RESET, SP_TOWARD_CLIENT, 5001 + 22);
		tell(&told, anew[i]);
		assert_int_equal(told.nr[CONNECTION_OPENED], 2);
		finish(&told);
	}
}

/* A refusal that was lost: the client asks again, once more in vain or not. */
static void test_note_when_a_refused_syn_is_sent_again_then_one_attempt(void **state)
{
	struct told told;

	begin(&told);
	for (unsigned int i = 0; i < 3; i++) {
		tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
		tell_kind(&told, SP_NOTE_RESET, SP_TOWARD_CLIENT, 0);
	}
	assert_int_equal(told.nr[CONNECTION_OPENED], 1);
	assert_int_equal(told.nr[CONNECTION_ENDED], 1);
	establish(&told);
	assert_int_equal(told.nr[CONNECTION_ESTABLISHED], 1);
	assert_int_equal(open_now(&told), 1);
	finish(&told);
}

/* What was only given up comes to something after all. */
static void test_note_when_answered_after_it_was_given_up_then_it_opens(void **state)
{
	struct told told;

	begin(&told);
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	tell(&told, accepted(5000, 1001));
	watch_connections_expire(told.connections, START_NS + CONNECTIONS_UNANSWERED_NS, on_change,
				 &told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 1);
	tell(&told, answer(1001, 5001));
	assert_int_equal(told.nr[CONNECTION_ESTABLISHED], 1);
	assert_int_equal(open_now(&told), 1);
	finish(&told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expire_when_never_confirmed_then_ended_on_time),
		cmocka_unit_test(test_expire_when_never_answered_then_ended_on_time),
		cmocka_unit_test(test_expire_when_noted_after_now_then_kept),
		cmocka_unit_test(test_expire_when_half_closed_then_ended_as_closed),
		cmocka_unit_test(test_cut_when_called_then_only_that_lease),
		cmocka_unit_test(test_cut_when_the_vm_answers_then_counted),
		cmocka_unit_test(test_cut_when_the_vm_was_turned_away_before_then_counted_at_once),
		cmocka_unit_test(test_cut_when_half_closed_then_the_other_half_is_counted),
		cmocka_unit_test(test_cut_when_the_vm_sends_what_was_before_then_unknown),
		cmocka_unit_test(test_cut_if_when_some_are_over_then_those),
		cmocka_unit_test(test_cut_when_the_vm_is_silent_then_forgotten_in_time),
		cmocka_unit_test(
			test_note_when_its_opening_is_told_again_after_its_end_then_nothing_opens),
		cmocka_unit_test(
			test_note_when_the_port_is_used_anew_after_the_end_then_another_opens),
		cmocka_unit_test(test_note_when_a_refused_syn_is_sent_again_then_one_attempt),
		cmocka_unit_test(test_note_when_answered_after_it_was_given_up_then_it_opens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
