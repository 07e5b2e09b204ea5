/* SPDX-License-Identifier: BSD-3-Clause */
/* What befalls the file of the audit under a watch: damage, want of room, readers, odd rows. */
#include "watch/audit/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "host/table_map.h"
#include "journal/audit.h"
#include "journal/audit_file.h"
#include "watch/notes/ring.h"
#include "watch/recorder.h"
#include "watch_fixture.h"

#define PAGE_BYTES 4096
#define LOG_BYTES  ((off_t)16 << 20)

static char directory[64], path[96];

static int set_up_file(void **state)
{
	snprintf(directory, sizeof(directory), "/tmp/sallyport-audit-XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/sub/audit.db", directory);
	audit_path = path;
	return set_up(state);
}

static void make_directory(void)
{
	char name[80];

	snprintf(name, sizeof(name), "%s/sub", directory);
	assert_int_equal(mkdir(name, 0700), 0);
}

static int set_up_sound(void **state)
{
	snprintf(directory, sizeof(directory), "/tmp/sallyport-audit-XXXXXX");
	assert_non_null(mkdtemp(directory));
	make_directory();
	snprintf(path, sizeof(path), "%s/sub/audit.db", directory);
	audit_path = path;
	return set_up(state);
}

static int set_up_small(void **state)
{
	audit_budget_bytes = JOURNAL_AUDIT_BUDGET_MIN;
	return set_up_file(state);
}

static int tear_down_file(void **state)
{
	int result = tear_down(state);
	char command[96];

	audit_budget_bytes = 0;
	snprintf(command, sizeof(command), "rm -r %s", directory);
	return system(command) == 0 ? result : -1;
}

static struct watch_figures figures_of(struct watched *watched)
{
	struct watch_figures figures;

	watch_figures(watched->watch, &figures);
	return figures;
}

static void run(struct journal *database, const char *statement)
{
	assert_int_equal(sqlite3_exec(journal_handle(database), statement, NULL, NULL, NULL),
			 SQLITE_OK);
}

static bool is_there(const char *tail)
{
	char name[112];
	struct stat file;

	snprintf(name, sizeof(name), "%s%s", path, tail);
	return stat(name, &file) == 0;
}

/* All but the first page, and nothing of it is in SQLite's memory any more. */
static void damage(struct watched *watched)
{
	uint8_t garbage[PAGE_BYTES];
	struct stat file;
	int fd;

	run(watched->audit, "PRAGMA wal_checkpoint(TRUNCATE)");
	memset(garbage, 0xa5, sizeof(garbage));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(fstat(fd, &file), 0);
	for (off_t at = PAGE_BYTES; at < file.st_size; at += PAGE_BYTES)
		assert_int_equal(pwrite(fd, garbage, sizeof(garbage), at), sizeof(garbage));
	close(fd);
	sqlite3_db_release_memory(journal_handle(watched->audit));
}

static void test_keeper_when_pages_are_damaged_then_put_aside_and_begun_anew(void **state)
{
	struct watched *watched = *state;

	establish(watched, 50000);
	expect(watched, COUNT, "1");
	damage(watched);
	assert_false(is_there(".damaged"));
	establish(watched, 50001);
	expect(watched, "SELECT group_concat(client_port) FROM connections", "50001");
	assert_true(is_there(".damaged"));
	assert_int_equal(figures_of(watched).audit.renewed, 1);
	assert_false(figures_of(watched).audit.in_memory);
	assert_int_equal(figures_of(watched).records.lost, 0);
}

static void run_until_in_file(struct watched *watched)
{
	struct instant begun;

	model_clock_read(&begun);
	while (figures_of(watched).audit.in_memory && turn(watched, &begun))
		;
	assert_false(figures_of(watched).audit.in_memory);
}

/* There can be no file at first: what is recorded meanwhile is in it afterwards, open or not. */
static void test_keeper_when_the_disk_is_back_then_from_memory_into_the_file(void **state)
{
	struct watched *watched = *state;

	establish(watched, 50000);
	establish(watched, 50001);
	write_note(watched, SP_NOTE_RESET, SP_TOWARD_CLIENT, 50001, 5001);
	expect(watched, COUNT " WHERE closed_wall_ns IS NOT NULL", "1");
	assert_true(figures_of(watched).audit.in_memory);
	make_directory();
	run_until_in_file(watched);
	assert_true(is_there(""));
	expect(watched, COUNT, "2");
	assert_string_equal(ask(watched, COUNT " WHERE closed_wall_ns IS NOT NULL"), "1");
	write_note(watched, SP_NOTE_RESET, SP_TOWARD_CLIENT, 50000, 5001);
	establish(watched, 50002);
	expect(watched, COUNT " WHERE closed_wall_ns IS NOT NULL", "2");
	expect(watched, COUNT, "3");
	assert_string_equal(ask(watched, "SELECT sum(connections) FROM places"), "3");
}

/* Of a life before, when the file could be had. */
static void leave_one_open(void)
{
	struct connection connection = {
		.number = 1, .client = world_addr(CLIENT), .client_port = 7};
	struct journal_place place = {.serial = 1, .build_id = "b1", .forward = "ssh"};
	struct journal *audit;
	struct instant now;
	char *reason;

	model_clock_read(&now);
	assert_int_equal(journal_open_audit(path, &audit, &reason), 0);
	assert_int_equal(journal_begin(audit), 0);
	assert_int_equal(journal_connection_open(audit, &place, &connection, now.wall_ns), 0);
	assert_int_equal(journal_commit(audit, NULL), 0);
	journal_close(audit);
}

static void test_keeper_when_the_file_has_open_ones_of_before_then_they_end(void **state)
{
	struct watched *watched = *state;

	establish(watched, 50000);
	expect(watched, COUNT, "1");
	make_directory();
	leave_one_open();
	run_until_in_file(watched);
	establish(watched, 50001);
	expect(watched, COUNT, "3");
	expect(watched, "SELECT client_port FROM connections WHERE closed_wall_ns IS NOT NULL",
	       "7");
}

/* Records of now, of builds with a serial of its own, until so much of the budget is used. */
static unsigned int fill(struct journal *audit, unsigned int serial, unsigned int percent)
{
	struct journal_audit_figures figures;
	struct instant now;
	unsigned int nr = 0;
	char text[640];

	model_clock_read(&now);
	snprintf(text, sizeof(text),
		 "BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
		 "2000)"
		 " INSERT INTO connections (serial, build, node, forward, client, client_port,"
		 " opened_wall_ns, closed_wall_ns, closed_by, bytes_to_vm, bytes_to_client, slot,"
		 " generation, opened_ns, accepted_ns, seq_to_vm, seq_to_client) SELECT %u, 'b%u', "
		 "0, 'ssh', '198.51.100.' || (i %% 250), i, %" PRIu64 " + (SELECT"
		 " count(*) FROM connections) + i, 5, 'closed by the client', 4000, 4000, 1, 1, 1, "
		 "1,"
		 " 1, 1 FROM n; COMMIT",
		 serial, serial, now.wall_ns);
	do {
		run(audit, text);
		nr += 2000;
		assert_int_equal(journal_audit_figures(audit, &figures), 0);
	} while (figures.used * 100 < figures.budget * percent);
	return nr;
}

/* The file that comes back, and what is to be taken over, are more together than the budget. */
static void test_keeper_when_the_file_is_full_then_the_oldest_make_room(void **state)
{
	struct watched *watched = *state;
	char *reason = NULL, all[16];
	struct journal *file;

	snprintf(all, sizeof(all), "%u", fill(watched->audit, 3, 30));
	run(watched->audit, "UPDATE connections SET number = number + 1000000");
	make_directory();
	assert_int_equal(journal_audit_file_open(path, &file, &reason), 0);
	assert_int_equal(journal_audit_set_budget(file, 0), 0);
	fill(file, 2, 85);
	journal_close(file);
	run_until_in_file(watched);
	expect(watched, COUNT " WHERE serial = 3", all);
	assert_true(figures_of(watched).audit.dropped > 0);
}

/* A row that a table does not take, whatever it is that makes it so. */
static void test_recorder_when_a_row_is_never_taken_then_dropped_and_counted(void **state)
{
	struct watched *watched = *state;

	run(watched->audit, "CREATE TEMP TABLE odd (port INTEGER CHECK (port != 50001));"
			    "CREATE TEMP TRIGGER odd AFTER INSERT ON connections BEGIN"
			    " INSERT INTO odd VALUES (new.client_port); END");
	establish(watched, 50000);
	establish(watched, 50001);
	establish(watched, 50002);
	expect(watched, "SELECT group_concat(client_port) FROM connections", "50000,50002");
	run(watched->audit, "UPDATE connections SET number = number + 1 WHERE number = 3");
	establish(watched, 50003);
	establish(watched, 50004);
	expect(watched, "SELECT group_concat(client_port) FROM connections", "50000,50002,50004");
	assert_int_equal(figures_of(watched).records.waiting, 0);
	assert_int_equal(figures_of(watched).records.lost, 2);
}

/* A recorder without a watch: its records are of nobody's connections. */
struct bench {
	struct recorder *recorder;
	struct connections *connections;
	struct ring notes;
	struct instant now;
};

static void start_bench(struct watched *watched, struct bench *bench)
{
	bench->notes = (struct ring){
		.table = watched->world.table,
		.read = calloc(watched->world.table->nr_cpus, sizeof(*bench->notes.read))};
	bench->connections = watch_connections_new();
	model_clock_read(&bench->now);
	assert_int_equal(watch_recorder_new(watched->audit, watched->world.journal, &bench->notes,
					    &bench->recorder),
			 0);
	watch_recorder_take_all(bench->recorder);
}

static void end_bench(struct bench *bench)
{
	watch_recorder_free(bench->recorder);
	watch_connections_free(bench->connections);
	free(bench->notes.read);
}

static struct connection add_connection(struct bench *bench, uint16_t client_port)
{
	struct connection connection = {.client = world_addr(CLIENT), .client_port = client_port};
	struct record record = {.change = CONNECTION_ESTABLISHED,
				.wall_ns = bench->now.wall_ns,
				.place = {.serial = 1, .build_id = "b1", .forward = "ssh"}};

	watch_recorder_add(bench->recorder, &connection, &record);
	return connection;
}

static int write_all(struct bench *bench)
{
	int result = 1;

	while (result > 0)
		result = watch_recorder_write_on(bench->recorder, bench->connections, &bench->now);
	return result;
}

/* What only who looks for open connections reads cannot be read. */
static int refuse_slot(void *context, int action, const char *table, const char *column,
		       const char *database, const char *trigger)
{
	return action == SQLITE_READ && strcmp(column, "slot") == 0 ? SQLITE_DENY : SQLITE_OK;
}

static void test_recorder_when_ends_are_lost_then_closed_without_a_restart(void **state)
{
	struct watched *watched = *state;
	struct record end = {.change = CONNECTION_ENDED}, closing = {.change = CONNECTION_CLOSING};
	struct connection lost;
	struct bench bench;

	start_bench(watched, &bench);
	lost = add_connection(&bench, 1);
	assert_int_equal(write_all(&bench), 0);
	for (unsigned int i = 0; i < 2 * RECORDER_WAITING_MAX; i++) {
		struct connection other = {.number = 1000000};

		watch_recorder_add(bench.recorder, &other, &closing);
	}
	lost.end = CONNECTION_CLOSED_BY_CLIENT;
	watch_recorder_add(bench.recorder, &lost, &end);
	assert_string_equal(ask(watched, COUNT " WHERE closed_wall_ns IS NULL"), "1");
	sqlite3_set_authorizer(journal_handle(watched->audit), refuse_slot, NULL);
	assert_int_equal(write_all(&bench), -EIO);
	sqlite3_set_authorizer(journal_handle(watched->audit), NULL, NULL);
	assert_string_equal(ask(watched, COUNT " WHERE closed_wall_ns IS NULL"), "1");
	assert_int_equal(write_all(&bench), 0);
	assert_string_equal(ask(watched, COUNT " WHERE closed_wall_ns IS NULL"), "0");
	assert_string_equal(ask(watched, COUNT " WHERE bytes_to_vm IS NULL"), "1");
	end_bench(&bench);
}

static off_t log_bytes(void)
{
	char name[112];
	struct stat file;

	snprintf(name, sizeof(name), "%s-wal", path);
	return stat(name, &file) < 0 ? 0 : file.st_size;
}

static void add_many(struct bench *bench, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		add_connection(bench, (uint16_t)i);
}

/* Somebody looks at the file by sqlite3 and goes for lunch. */
static void test_recorder_when_a_reader_stays_then_the_log_is_bounded(void **state)
{
	struct watched *watched = *state;
	struct bench bench;
	sqlite3 *reader;
	int result = 0;

	start_bench(watched, &bench);
	add_many(&bench, 10);
	assert_int_equal(write_all(&bench), 0);
	assert_int_equal(sqlite3_open(path, &reader), SQLITE_OK);
	assert_int_equal(sqlite3_exec(reader, "BEGIN; " COUNT, NULL, NULL, NULL), SQLITE_OK);
	for (unsigned int i = 0; i < 400 && result == 0; i++) {
		add_many(&bench, RECORDER_AT_ONCE);
		result = write_all(&bench);
		assert_true(log_bytes() <= LOG_BYTES);
	}
	assert_int_equal(result, -ENOSPC);
	assert_int_equal(journal_audit_drop_overdue(watched->audit, bench.now.wall_ns + 1),
			 -ENOSPC);
	assert_int_equal(sqlite3_close(reader), SQLITE_OK);
	assert_int_equal(write_all(&bench), 0);
	assert_true(log_bytes() <= LOG_BYTES / 2);
	end_bench(&bench);
}

#define CASE(name, set_up) cmocka_unit_test_setup_teardown(name, set_up, tear_down_file)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_keeper_when_pages_are_damaged_then_put_aside_and_begun_anew,
		     set_up_sound),
		CASE(test_keeper_when_the_disk_is_back_then_from_memory_into_the_file, set_up_file),
		CASE(test_keeper_when_the_file_has_open_ones_of_before_then_they_end, set_up_file),
		CASE(test_keeper_when_the_file_is_full_then_the_oldest_make_room, set_up_small),
		CASE(test_recorder_when_a_row_is_never_taken_then_dropped_and_counted,
		     set_up_sound),
		CASE(test_recorder_when_ends_are_lost_then_closed_without_a_restart, set_up_sound),
		CASE(test_recorder_when_a_reader_stays_then_the_log_is_bounded, set_up_sound),
	};

	leave_network();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
