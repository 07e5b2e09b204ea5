/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections whose packets other edges carry as well. */
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

#include "watch/notes/strays.h"

/* The VM's SYN-ACK, at that time and again and again so often as Linux does, up to then. */
static void accept_at(struct told *told, uint64_t until_ns)
{
	struct sp_note note = accepted(5000, 1001);

	for (uint64_t at_ns = 0; at_ns <= until_ns && at_ns <= 31 * SECOND;
	     at_ns = 2 * at_ns + SECOND) {
		note.ring.at_ns = START_NS + at_ns;
		tell(told, note);
	}
}

/* The client's answers go by another edge: the VM's silence is all that shows them. */
static void test_cut_when_answered_by_another_edge_then_as_one_established(void **state)
{
	struct sp_note late = note_of(SP_NOTE_LATE, SP_TOWARD_CLIENT, 5001 + 700);
	struct told told;

	begin(&told);
	watch_connections_share(told.connections);
	accept_at(&told, 0);
	watch_connections_expire(told.connections, START_NS + 3600 * SECOND, on_change, &told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 0);
	assert_int_equal(half_open_now(&told), 1);
	watch_connections_cut(told.connections, SLOT, GENERATION, START_NS + 3601 * SECOND,
			      on_change, &told);
	assert_int_equal(told.nr[CONNECTION_ENDED], 1);
	assert_int_equal(told.ends[0], CONNECTION_CUT);
	assert_int_equal(told.nr[CONNECTION_ESTABLISHED], 0);
	assert_true(watch_connections_awaits(told.connections, &told.last));
	late.ack = 1001 + 30;
	late.tcp_flags = SP_TCP_ACK;
	tell(&told, late);
	assert_int_equal(told.nr[CONNECTION_ESTABLISHED], 1);
	assert_int_equal(told.nr[CONNECTION_COUNTED], 1);
	assert_int_equal(told.last.bytes[SP_TOWARD_VM], 30);
	assert_int_equal(told.last.bytes[SP_TOWARD_CLIENT], 700);
	assert_int_equal(open_now(&told) + half_open_now(&told), 0);
	finish(&told);
}

/* A VM that has no such connection answers by a SYN-ACK, or not at all: nobody was there. */
static void test_cut_when_nobody_proves_it_then_no_record(void **state)
{
	struct sp_note late = note_of(SP_NOTE_LATE, SP_TOWARD_CLIENT, 7000);
	struct told told;

	begin(&told);
	watch_connections_share(told.connections);
	accept_at(&told, 0);
	watch_connections_cut(told.connections, SLOT, GENERATION, START_NS + 10 * SECOND, on_change,
			      &told);
	late.tcp_flags = SP_TCP_SYN | SP_TCP_ACK;
	tell(&told, late);
	late.tcp_flags = SP_TCP_RST | SP_TCP_ACK;
	tell(&told, late);
	watch_connections_expire(told.connections, START_NS + 10 * SECOND + CONNECTIONS_LATE_NS,
				 on_change, &told);
	assert_int_equal(told.nr[CONNECTION_ESTABLISHED], 0);
	assert_int_equal(told.nr[CONNECTION_COUNTED], 0);
	assert_int_equal(half_open_now(&told), 0);
	finish(&told);
}

/* While the VM goes on asking, and after it has given up, nobody has answered. */
static void test_expire_when_the_vm_asks_in_vain_then_ended_as_alone(void **state)
{
	static const struct {
		bool shared;
		uint64_t until_s, at_s;
		unsigned int nr_ended;
	} cases[] = {
		{true, 63, 74, 0},  {true, 63, 76, 1}, {true, 15, 76, 0},
		{false, 63, 76, 1}, {false, 0, 76, 1}, {true, 0, 76, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct told told;

		begin(&told);
		if (cases[i].shared)
			watch_connections_share(told.connections);
		accept_at(&told, cases[i].until_s * SECOND);
		watch_connections_expire(told.connections, START_NS + cases[i].at_s * SECOND,
					 on_change, &told);
		assert_int_equal(told.nr[CONNECTION_ENDED], cases[i].nr_ended);
		finish(&told);
	}
}

/* What has only just been accepted may be anybody's. */
static void test_cut_when_the_answer_may_still_come_then_unconfirmed(void **state)
{
	struct told told;

	begin(&told);
	watch_connections_share(told.connections);
	accept_at(&told, 0);
	watch_connections_cut(told.connections, SLOT, GENERATION, START_NS + SECOND, on_change,
			      &told);
	assert_int_equal(told.ends[0], CONNECTION_UNCONFIRMED);
	assert_int_equal(half_open_now(&told), 0);
	finish(&told);
}

static struct sp_note stray_of(const struct told *told, uint64_t number)
{
	const struct sp_note *note =
		notes_strays_next(watch_connections_strays(told->connections), number - 1, &number);

	assert_non_null(note);
	return *note;
}

/* Opened at one edge, ended at another, which knows nothing of it. */
static void test_told_when_another_edge_saw_the_end_then_in_the_record(void **state)
{
	struct sp_note fin;
	struct told here, there;

	begin(&here);
	begin(&there);
	establish(&here);
	tell_kind(&there, SP_NOTE_CLOSES, SP_TOWARD_VM, 1001 + 300);
	tell_kind(&there, SP_NOTE_CLOSES, SP_TOWARD_CLIENT, 5001 + 9000);
	assert_int_equal(watch_connections_strays(there.connections)->last, 2);
	for (unsigned int i = 1; i <= 2; i++) {
		fin = stray_of(&there, i);
		watch_connections_told(here.connections, "b", &fin, on_change, &here);
	}
	assert_int_equal(here.nr[CONNECTION_ENDED], 1);
	assert_int_equal(here.last.end, CONNECTION_CLOSED_BY_CLIENT);
	assert_int_equal(here.last.bytes[SP_TOWARD_VM], 300);
	assert_int_equal(here.last.bytes[SP_TOWARD_CLIENT], 9000);
	assert_string_equal(here.last.at_edge, "b");
	finish(&there);
	finish(&here);
}

/* Else two edges would tell each other of it for ever. */
static void test_told_when_not_known_then_no_stray_of_ours(void **state)
{
	struct sp_note fin = note_of(SP_NOTE_CLOSES, SP_TOWARD_VM, 1001);
	struct told told;

	begin(&told);
	watch_connections_told(told.connections, "b", &fin, on_change, &told);
	assert_int_equal(watch_connections_strays(told.connections)->last, 0);
	tell_kind(&told, SP_NOTE_OPENS, SP_TOWARD_VM, 1000);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_VM, 1001);
	assert_int_equal(watch_connections_strays(told.connections)->last, 1);
	establish(&told);
	tell_kind(&told, SP_NOTE_CLOSES, SP_TOWARD_VM, 1001);
	assert_int_equal(watch_connections_strays(told.connections)->last, 1);
	assert_null(told.last.at_edge);
	finish(&told);
}

static void test_strays_when_there_are_many_then_the_latest(void **state)
{
	uint64_t number = 0;
	struct told told;

	begin(&told);
	for (uint32_t i = 1; i <= NOTES_STRAYS_MAX + 10; i++)
		tell_kind(&told, SP_NOTE_RESET, SP_TOWARD_VM, i);
	for (uint32_t i = 11; i <= NOTES_STRAYS_MAX + 10; i++) {
		const struct sp_note *note = notes_strays_next(
			watch_connections_strays(told.connections), number, &number);

		assert_non_null(note);
		assert_int_equal(note->seq, i);
		assert_int_equal(number, i);
	}
	assert_null(notes_strays_next(watch_connections_strays(told.connections), number, &number));
	finish(&told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_when_answered_by_another_edge_then_as_one_established),
		cmocka_unit_test(test_told_when_another_edge_saw_the_end_then_in_the_record),
		cmocka_unit_test(test_told_when_not_known_then_no_stray_of_ours),
		cmocka_unit_test(test_strays_when_there_are_many_then_the_latest),
		cmocka_unit_test(test_cut_when_nobody_proves_it_then_no_record),
		cmocka_unit_test(test_cut_when_the_answer_may_still_come_then_unconfirmed),
		cmocka_unit_test(test_expire_when_the_vm_asks_in_vain_then_ended_as_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
