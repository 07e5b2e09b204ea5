/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "watch_fixture.h"

static void change(struct journal *database, const char *statement)
{
	assert_int_equal(sqlite3_exec(journal_handle(database), statement, NULL, NULL, NULL),
			 SQLITE_OK);
}

/* From here on, until room is made, the audit takes none of the watch's transactions. */
static void fill_disk(struct watched *watched)
{
	change(watched->audit, "CREATE TEMP TRIGGER full BEFORE INSERT ON numbers BEGIN"
			       " SELECT raise(ABORT, 'full'); END");
}

static void make_room(struct watched *watched)
{
	change(watched->audit, "DROP TRIGGER full");
}

static struct watch_figures figures_of(struct watched *watched)
{
	struct watch_figures figures;

	watch_figures(watched->watch, &figures);
	return figures;
}

static void run_until_waiting(struct watched *watched, unsigned int nr)
{
	struct instant begun;

	model_clock_read(&begun);
	while (figures_of(watched).records.waiting < nr && turn(watched, &begun))
		;
	assert_int_equal(figures_of(watched).records.waiting, nr);
}

/* What the watch reads at once, without its timer. */
static void follow(struct watched *watched)
{
	struct event event = {.type = EVENT_ENGINE_SWITCHED, .node_index = EVENT_NO_NODE};
	struct instant now;

	model_clock_read(&now);
	assert_int_equal(edge_notes_event(watched->world.edge, &now, &event), 0);
	watch_follow(watched->watch);
}

#define ENDS                                                                                       \
	"SELECT group_concat(client_port || ' ' || closed_by, ', ') FROM (SELECT * FROM"           \
	" connections ORDER BY client_port)"

/* Open before, ended meanwhile; opened and ended meanwhile; and cut meanwhile. */
static void test_watch_when_audit_failed_then_all_is_recorded_later(void **state)
{
	struct watched *watched = *state;

	establish(watched, 50000);
	expect(watched, COUNT " WHERE accepted_ns IS NOT NULL", "1");
	fill_disk(watched);
	write_note(watched, SP_NOTE_RESET, SP_TOWARD_VM, 50000, 1001 + 8);
	establish(watched, 50001);
	write_note(watched, SP_NOTE_RESET, SP_TOWARD_CLIENT, 50001, 5001);
	establish(watched, 50002);
	run_until_waiting(watched, 4);
	cancel(watched);
	watch_follow(watched->watch);
	run_until_waiting(watched, 5);
	assert_string_equal(ask(watched, COUNT), "1");
	assert_string_equal(ask(watched, COUNT " WHERE closed_wall_ns IS NOT NULL"), "0");
	make_room(watched);
	expect(watched, ENDS,
	       "50000 reset by the client, 50001 reset by the VM, 50002 session ended");
	assert_string_equal(ask(watched, COUNT " WHERE accepted_ns IS NULL"), "0");
	assert_int_equal(figures_of(watched).records.waiting, 0);
}

/* Numbers are given out before they are written: those of the records that follow stay right. */
static void test_watch_when_audit_failed_then_no_record_is_mistaken(void **state)
{
	struct watched *watched = *state;

	establish(watched, 50000);
	expect(watched, COUNT, "1");
	fill_disk(watched);
	establish(watched, 50001);
	run_until_waiting(watched, 1);
	make_room(watched);
	establish(watched, 50002);
	expect(watched, COUNT, "3");
	write_note(watched, SP_NOTE_RESET, SP_TOWARD_VM, 50001, 1001);
	expect(watched, "SELECT client_port FROM connections WHERE closed_wall_ns IS NOT NULL",
	       "50001");
	watch_stop(watched->watch);
	start_watch(watched);
	establish(watched, 50003);
	expect(watched, "SELECT number FROM connections WHERE client_port = 50003", "4");
}

static void test_watch_when_journal_failed_then_first_connection_is_told_later(void **state)
{
	struct watched *watched = *state;

	change(watched->world.journal, "CREATE TEMP TRIGGER full BEFORE INSERT ON events BEGIN"
				       " SELECT raise(ABORT, 'full'); END");
	establish(watched, 50000);
	expect(watched, COUNT " WHERE accepted_ns IS NOT NULL", "1");
	change(watched->world.journal, "DROP TRIGGER full");
	expect(watched, "SELECT detail FROM events WHERE type = 'build.connected'",
	       CLIENT " port 50000");
}

/* A connection each, opened and reset: two notes and two records. */
static void dial_often(struct watched *watched, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		write_ack(watched, SP_NOTE_ESTABLISHED, 50000, 1001 + i, 5001 + i);
		write_note(watched, SP_NOTE_RESET, SP_TOWARD_CLIENT, 50000, 0);
	}
}

/* The life of connections goes on; beyond what may wait, they have no record. */
static void test_watch_when_too_much_waits_then_the_rest_is_followed_without_record(void **state)
{
	const unsigned int kept = RECORDER_WAITING_MAX / 2, more = SP_NOTES / 2 + 3;
	struct watched *watched = *state;
	struct watch_figures figures;
	char expected[16];

	watch_record_all(watched->watch);
	fill_disk(watched);
	for (unsigned int i = 0; i < RECORDER_WAITING_MAX / SP_NOTES; i++) {
		dial_often(watched, SP_NOTES / 2);
		follow(watched);
	}
	assert_int_equal(figures_of(watched).records.waiting, RECORDER_WAITING_MAX);
	dial_often(watched, more - 3);
	follow(watched);
	dial_often(watched, 3);
	write_ack(watched, SP_NOTE_ESTABLISHED, 50001, 1001, 5001);
	follow(watched);
	figures = figures_of(watched);
	assert_int_equal(figures.records.waiting, RECORDER_WAITING_MAX);
	assert_int_equal(figures.records.lost, more + 1);
	assert_int_equal(figures.notes_lost, 0);
	assert_int_equal(figures.connections.opened, kept + more + 1);
	assert_int_equal(figures.connections.open, 1);
	make_room(watched);
	snprintf(expected, sizeof(expected), "%u", kept);
	expect(watched, COUNT " WHERE closed_wall_ns IS NOT NULL", expected);
}

static void test_watch_when_audit_failed_then_first_connection_is_told_all_the_same(void **state)
{
	struct watched *watched = *state;

	fill_disk(watched);
	establish(watched, 50000);
	expect(watched, "SELECT detail FROM events WHERE type = 'build.connected'",
	       CLIENT " port 50000");
	assert_string_equal(ask(watched, COUNT), "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_watch_when_audit_failed_then_all_is_recorded_later),
		TEST(test_watch_when_audit_failed_then_no_record_is_mistaken),
		TEST(test_watch_when_journal_failed_then_first_connection_is_told_later),
		TEST(test_watch_when_too_much_waits_then_the_rest_is_followed_without_record),
		TEST(test_watch_when_audit_failed_then_first_connection_is_told_all_the_same),
	};

	leave_network();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
