/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/table_map.h"
#include "watch_fixture.h"

/* Of a connection that came and went with its session while nobody watched. */
static void test_start_when_opened_and_ended_meanwhile_then_closed(void **state)
{
	struct watched *watched = *state;
	struct watch_figures figures;

	watch_stop(watched->watch);
	establish(watched, 50000);
	cancel(watched);
	start_watch(watched);
	expect(watched, "SELECT closed_by FROM connections", "session ended");
	watch_figures(watched->watch, &figures);
	assert_int_equal(figures.connections.open, 0);
}

/* sallyportd was away when the session ended and its VM was turned away. */
static void test_start_when_a_vm_was_turned_away_meanwhile_then_its_bytes_too(void **state)
{
	struct watched *watched = *state;

	establish(watched, 50000);
	watch_stop(watched->watch);
	cancel(watched);
	write_late(watched, 50000, 5001 + 800, 1001 + 60);
	start_watch(watched);
	expect(watched, "SELECT bytes_to_vm || ' ' || bytes_to_client FROM connections", "60 800");
}

static void test_start_when_restarted_then_goes_on_and_repeats_nothing(void **state)
{
	struct watched *watched = *state;
	struct watch_figures figures;

	establish(watched, 49999);
	write_note(watched, SP_NOTE_RESET, SP_TOWARD_VM, 49999, 1001);
	establish(watched, 50000);
	watch_stop(watched->watch);
	assert_string_equal(ask(watched, COUNT), "2");
	establish(watched, 50001); /* while nobody watched */
	start_watch(watched);
	write_note(watched, SP_NOTE_RESET, SP_TOWARD_CLIENT, 50000, 5001 + 8);
	expect(watched, "SELECT bytes_to_client FROM connections WHERE client_port = 50000", "8");
	assert_string_equal(ask(watched, COUNT), "3");
	watch_figures(watched->watch, &figures);
	assert_int_equal(figures.connections.open, 1);
}

static bool knows(const struct watched *watched, const char *client)
{
	const struct edge *edge = watched->world.edge;
	struct sp_addr addr = world_addr(client);

	return edge_notes_knows_guest(edge, edge_get(edge, "b1"), &addr);
}

/* Neither a SYN that the VM accepts, nor who connects to another build, makes a guest. */
static void test_watch_when_connected_then_a_guest_also_after_a_restart(void **state)
{
	struct watched *watched = *state;

	half_open(watched, 49999);
	watch_stop(watched->watch); /* which reads what there is */
	start_watch(watched);
	assert_false(knows(watched, CLIENT));
	establish(watched, 50000);
	expect(watched, COUNT " WHERE accepted_ns IS NOT NULL", "1");
	assert_true(knows(watched, CLIENT));
	assert_false(knows(watched, "203.0.113.10"));
	cancel(watched);
	watch_stop(watched->watch);
	world_restart(&watched->world);
	assert_false(knows(watched, CLIENT));
	start_watch(watched);
	assert_true(knows(watched, CLIENT));
	assert_false(knows(watched, "203.0.113.10"));
}

/* One FIN before the restart, the other after it. */
static void test_start_when_half_closed_then_closed_as_it_began(void **state)
{
	struct watched *watched = *state;

	establish(watched, 50000);
	write_note(watched, SP_NOTE_CLOSES, SP_TOWARD_VM, 50000, 1001 + 70);
	watch_stop(watched->watch);
	assert_string_equal(ask(watched, COUNT " WHERE closed_wall_ns IS NULL"), "1");
	start_watch(watched);
	write_note(watched, SP_NOTE_CLOSES, SP_TOWARD_CLIENT, 50000, 5001 + 900);
	expect(watched,
	       "SELECT bytes_to_vm || ' ' || bytes_to_client || ' ' || closed_by FROM connections"
	       " WHERE closed_wall_ns IS NOT NULL",
	       "70 900 closed by the client");
	assert_string_equal(ask(watched, COUNT), "1");
}

static void test_start_when_session_ended_meanwhile_then_recorded(void **state)
{
	struct watched *watched = *state;

	establish(watched, 50000);
	watch_stop(watched->watch);
	cancel(watched);
	start_watch(watched);
	assert_string_equal(ask(watched, "SELECT closed_by FROM connections"), "session ended");
}

/* A reboot: the rings begin anew, and may by now be longer than what was read of the old ones. */
static void test_start_when_table_is_fresh_then_all_its_notes_are_read(void **state)
{
	struct watched *watched = *state;

	establish(watched, 50000);
	watch_stop(watched->watch);
	watched->world.table->hash_seed++;
	watched->world.table->notes_heads[0].written = 0;
	establish(watched, 50001);
	establish(watched, 50002);
	start_watch(watched);
	expect(watched, COUNT, "3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_start_when_opened_and_ended_meanwhile_then_closed),
		TEST(test_start_when_a_vm_was_turned_away_meanwhile_then_its_bytes_too),
		TEST(test_start_when_restarted_then_goes_on_and_repeats_nothing),
		TEST(test_watch_when_connected_then_a_guest_also_after_a_restart),
		TEST(test_start_when_half_closed_then_closed_as_it_began),
		TEST(test_start_when_session_ended_meanwhile_then_recorded),
		TEST(test_start_when_table_is_fresh_then_all_its_notes_are_read),
	};

	leave_network();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
