/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/watch.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <systemd/sd-event.h>

#include "host/table_map.h"
#include "world.h"

#include <sallyport/compiler.h>
#include <sallyport/wire.h>

#define CLIENT	 "203.0.113.9"
#define LIMIT_NS (20 * SECOND)

/* A world with one build that is watched, its clock the real one. */
struct watched {
	struct world world;
	sd_event *event;
	struct watch *watch;
};

static void start_watch(struct watched *watched)
{
	assert_int_equal(watch_start(watched->event, watched->world.edge, watched->world.table,
				     &watched->watch),
			 0);
}

static int set_up(void **state)
{
	static struct watched watched;

	memset(&watched, 0, sizeof(watched));
	world_init(&watched.world, 100);
	model_clock_read(&watched.world.now);
	world_start(&watched.world, ":memory:");
	assert_int_equal(world_put(&watched.world, "b1", "10.0.3.7"), 0);
	assert_true(sd_event_new(&watched.event) >= 0);
	start_watch(&watched);
	*state = &watched;
	return 0;
}

static int tear_down(void **state)
{
	struct watched *watched = *state;

	watch_stop(watched->watch);
	sd_event_unref(watched->event);
	world_stop(&watched->world);
	return 0;
}

/* As the XDP program notes it, now, on a CPU alone. */
static void write_note(struct watched *watched, enum sp_note_kind kind, enum sp_direction direction,
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

/* The VM's first segment after the end of the lease. */
static void write_late(struct watched *watched, uint16_t client_port, uint32_t seq, uint32_t ack)
{
	struct table_map *table = watched->world.table;
	struct sp_note *note;

	write_note(watched, SP_NOTE_LATE, SP_TOWARD_CLIENT, client_port, seq);
	note = &table->notes[sp_ring_at(table->notes_heads[0].written, SP_NOTES)];
	note->ack = ack;
	note->tcp_flags = SP_TCP_ACK;
}

/* A segment that acknowledges. */
static void write_ack(struct watched *watched, enum sp_note_kind kind, uint16_t client_port,
		      uint32_t seq, uint32_t ack)
{
	struct table_map *table = watched->world.table;
	struct sp_note *note;

	write_note(watched, kind, kind == SP_NOTE_ACCEPTED ? SP_TOWARD_CLIENT : SP_TOWARD_VM,
		   client_port, seq);
	note = &table->notes[sp_ring_at(table->notes_heads[0].written, SP_NOTES)];
	note->ack = ack;
	note->tcp_flags = SP_TCP_ACK;
}

/* As anybody can: a SYN, and what the VM makes of it. */
static void half_open(struct watched *watched, uint16_t client_port)
{
	write_note(watched, SP_NOTE_OPENS, SP_TOWARD_VM, client_port, 1000);
	write_ack(watched, SP_NOTE_ACCEPTED, client_port, 5000, 1001);
}

static void establish(struct watched *watched, uint16_t client_port)
{
	half_open(watched, client_port);
	write_ack(watched, SP_NOTE_ESTABLISHED, client_port, 1001, 5001);
}

/* Result: the one value a query gives, as text; "" for none. */
static const char *ask(struct watched *watched, const char *query)
{
	static char text[256];
	sqlite3_stmt *statement;

	assert_int_equal(sqlite3_prepare_v2(journal_handle(watched->world.journal), query, -1,
					    &statement, NULL),
			 SQLITE_OK);
	text[0] = '\0';
	if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0))
		snprintf(text, sizeof(text), "%s", sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	return text;
}

static void change(struct watched *watched, const char *statement)
{
	assert_int_equal(
		sqlite3_exec(journal_handle(watched->world.journal), statement, NULL, NULL, NULL),
		SQLITE_OK);
}

/* One turn of the event loop. Result: whether there may be another. */
static bool turn(struct watched *watched, const struct instant *begun)
{
	struct instant now;

	assert_true(sd_event_run(watched->event, 100000) >= 0);
	model_clock_read(&now);
	return now.boot_ns - begun->boot_ns < LIMIT_NS;
}

/* Runs the event loop until the query gives that. */
static void expect(struct watched *watched, const char *query, const char *expected)
{
	struct instant begun;

	model_clock_read(&begun);
	while (strcmp(ask(watched, query), expected) != 0)
		if (!turn(watched, &begun))
			fail_msg("%s: expected %s, got %s", query, expected, ask(watched, query));
}

#define COUNT "SELECT count(*) FROM connections"

static void cancel(struct watched *watched)
{
	struct edge_result result;

	model_clock_read(&watched->world.now);
	assert_int_equal(world_cancel(&watched->world, "b1", &result), 0);
}

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

/* From here on, until room is made, the journal takes none of the watch's transactions. */
static void fill_disk(struct watched *watched)
{
	change(watched, "CREATE TEMP TRIGGER full BEFORE INSERT ON numbers BEGIN"
			" SELECT raise(ABORT, 'full'); END");
}

static void make_room(struct watched *watched)
{
	change(watched, "DROP TRIGGER full");
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
static void test_watch_when_journal_failed_then_all_is_recorded_later(void **state)
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
static void test_watch_when_journal_failed_then_no_record_is_mistaken(void **state)
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

	change(watched, "CREATE TEMP TRIGGER full BEFORE INSERT ON events BEGIN"
			" SELECT raise(ABORT, 'full'); END");
	establish(watched, 50000);
	expect(watched, COUNT " WHERE accepted_ns IS NOT NULL", "1");
	make_room(watched);
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

static void test_watch_when_too_much_waits_then_the_rest_stays_in_the_rings(void **state)
{
	struct watched *watched = *state;
	char expected[16];

	fill_disk(watched);
	for (unsigned int i = 0; i < RECORDER_WAITING_MAX / SP_NOTES; i++) {
		dial_often(watched, SP_NOTES / 2);
		follow(watched);
	}
	assert_int_equal(figures_of(watched).records.waiting, RECORDER_WAITING_MAX);
	dial_often(watched, SP_NOTES / 2 + 3);
	follow(watched);
	assert_int_equal(figures_of(watched).records.waiting, RECORDER_WAITING_MAX);
	make_room(watched);
	snprintf(expected, sizeof(expected), "%u", (RECORDER_WAITING_MAX + SP_NOTES) / 2);
	expect(watched, COUNT " WHERE closed_wall_ns IS NOT NULL", expected);
	assert_int_equal(figures_of(watched).notes_lost, 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_watch_when_connection_lives_then_recorded_and_told),
		TEST(test_watch_when_nobody_confirms_then_nothing_is_recorded_or_told),
		TEST(test_watch_when_second_connection_then_connected_once),
		TEST(test_watch_when_refused_often_then_one_event_a_second),
		TEST(test_watch_when_over_a_limit_then_event_says_which),
		TEST(test_follow_when_session_ends_then_its_connections_do),
		TEST(test_follow_when_a_cut_vm_answers_then_its_bytes_are_recorded),
		TEST(test_start_when_opened_and_ended_meanwhile_then_closed),
		TEST(test_start_when_a_vm_was_turned_away_meanwhile_then_its_bytes_too),
		TEST(test_start_when_restarted_then_goes_on_and_repeats_nothing),
		TEST(test_watch_when_connected_then_a_guest_also_after_a_restart),
		TEST(test_start_when_half_closed_then_closed_as_it_began),
		TEST(test_start_when_session_ended_meanwhile_then_recorded),
		TEST(test_start_when_table_is_fresh_then_all_its_notes_are_read),
		TEST(test_watch_when_journal_failed_then_all_is_recorded_later),
		TEST(test_watch_when_journal_failed_then_no_record_is_mistaken),
		TEST(test_watch_when_journal_failed_then_first_connection_is_told_later),
		TEST(test_watch_when_too_much_waits_then_the_rest_stays_in_the_rings),
	};

	/* What the ends of connections are sent goes nowhere. Without the right to, nothing is. */
	(void)unshare(CLONE_NEWNET);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
