/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch_fixture.h"

static void test_watch_when_connection_lives_then_recorded_and_told(void **state)
{
	struct watched *watched = *state;

	establish(watched, 50000);
	expect(watched, COUNT " WHERE accepted_ns IS NOT NULL AND closed_wall_ns IS NULL", "1");
	expect(watched, "SELECT detail FROM events WHERE type = 'build.connected'",
	       CLIENT " port 50000");
	write_note(watched, SP_NOTE_CLOSES, SP_TOWARD_VM, 50000, 1001 + 70);
	write_note(watched, SP_NOTE_CLOSES, SP_TOWARD_CLIENT, 50000, 5001 + 900);
	expect(watched,
	       "SELECT build || ' ' || node || ' ' || forward || ' ' || client || ' ' ||"
	       " client_port || ' ' || bytes_to_vm || ' ' || bytes_to_client || ' ' || closed_by"
	       " FROM connections",
	       "b1 0 ssh " CLIENT " 50000 70 900 closed by the client");
	assert_string_equal(ask(watched, COUNT " WHERE closed_wall_ns < opened_wall_ns"), "0");
}

/* Scanners do it all day: it is no connection, and nobody has connected. */
static void test_watch_when_nobody_confirms_then_nothing_is_recorded_or_told(void **state)
{
	struct watched *watched = *state;

	for (uint16_t i = 0; i < 500; i++)
		half_open(watched, (uint16_t)(40000 + i));
	establish(watched, 50000);
	expect(watched, "SELECT detail FROM events WHERE type = 'build.connected'",
	       CLIENT " port 50000");
	assert_string_equal(ask(watched, COUNT), "1");
}

static void test_watch_when_second_connection_then_connected_once(void **state)
{
	struct watched *watched = *state;

	establish(watched, 50000);
	establish(watched, 50001);
	expect(watched, COUNT " WHERE accepted_ns IS NOT NULL", "2");
	expect(watched, "SELECT count(*) FROM events WHERE type = 'build.connected'", "1");
}

static void test_watch_when_refused_often_then_one_event_a_second(void **state)
{
	struct watched *watched = *state;

	for (unsigned int i = 0; i < 50; i++)
		write_note(watched, SP_NOTE_REFUSED, SP_TOWARD_VM, (uint16_t)(50000 + i), 1);
	expect(watched, "SELECT detail || ' ' || value FROM events WHERE type = 'client.refused'",
	       CLIENT " 50");
	write_note(watched, SP_NOTE_REFUSED, SP_TOWARD_VM, 50000, 1);
	expect(watched, "SELECT count(*) FROM events WHERE type = 'client.refused'", "2");
	assert_string_equal(ask(watched, "SELECT max(wall_ns) - min(wall_ns) >= 1000000000 FROM"
					 " events WHERE type = 'client.refused'"),
			    "1");
	assert_string_equal(ask(watched, COUNT), "0");
}

/* Whoever asks right behind a connection's end is told of it, without a turn of the loop. */
static void test_look_when_a_connection_has_just_ended_then_it_is_recorded(void **state)
{
	struct watched *watched = *state;

	establish(watched, 50000);
	watch_look(watched->watch);
	assert_string_equal(ask(watched, "SELECT closed_wall_ns IS NULL FROM connections"), "1");
	write_note(watched, SP_NOTE_RESET, SP_TOWARD_CLIENT, 50000, 1001);
	watch_look(watched->watch);
	assert_string_equal(ask(watched, "SELECT closed_by FROM connections"), "reset by the VM");
	watch_look(NULL);
}

/* Each reason has a second of its own. */
static void test_watch_when_over_a_limit_then_event_says_which(void **state)
{
	struct watched *watched = *state;

	write_note(watched, SP_NOTE_REFUSED, SP_TOWARD_VM, 50000, 1);
	write_note(watched, SP_NOTE_SOURCE_LIMITED, SP_TOWARD_VM, 50001, 1);
	write_note(watched, SP_NOTE_LEASE_LIMITED, SP_TOWARD_VM, 50002, 1);
	expect(watched, "SELECT count(*) FROM events WHERE type = 'client.refused'", "3");
	assert_string_equal(ask(watched, "SELECT count(*) FROM events WHERE detail = '" CLIENT
					 " limits.syn_per_source' AND value = 1"),
			    "1");
	assert_string_equal(ask(watched, "SELECT count(*) FROM events WHERE detail = '" CLIENT
					 " limits.syn_per_lease' AND value = 1"),
			    "1");
	assert_string_equal(ask(watched, COUNT), "0");
}

static void test_follow_when_session_ends_then_its_connections_do(void **state)
{
	struct watched *watched = *state;
	struct watch_figures figures;

	establish(watched, 50000);
	cancel(watched);
	watch_follow(watched->watch);
	assert_string_equal(ask(watched, "SELECT closed_by FROM connections"), "session ended");
	assert_string_equal(ask(watched, "SELECT bytes_to_vm IS NULL FROM connections"), "1");
	watch_figures(watched->watch, &figures);
	assert_int_equal(figures.connections.open, 0);
}

/* The VM's answer to being provoked says what it had sent and received. */
static void test_follow_when_a_cut_vm_answers_then_its_bytes_are_recorded(void **state)
{
	struct watched *watched = *state;

	establish(watched, 50000);
	cancel(watched);
	watch_follow(watched->watch);
	write_late(watched, 50000, 5001 + 800, 1001 + 60);
	expect(watched,
	       "SELECT bytes_to_vm || ' ' || bytes_to_client || ' ' || closed_by"
	       " FROM connections",
	       "60 800 session ended");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_watch_when_connection_lives_then_recorded_and_told),
		TEST(test_watch_when_nobody_confirms_then_nothing_is_recorded_or_told),
		TEST(test_watch_when_second_connection_then_connected_once),
		TEST(test_watch_when_refused_often_then_one_event_a_second),
		TEST(test_watch_when_over_a_limit_then_event_says_which),
		TEST(test_look_when_a_connection_has_just_ended_then_it_is_recorded),
		TEST(test_follow_when_session_ends_then_its_connections_do),
		TEST(test_follow_when_a_cut_vm_answers_then_its_bytes_are_recorded),
	};

	leave_network();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
