/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal/audit.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "api/records/records.h"
#include "audit_fixture.h"
#include "journal/audit_file.h"
#include "journal/connection.h"
#include "journal/journal.h"
#include "model/connection_record.h"
#include "world.h"

#define FULL_NUMBER "AUDIT_ROWS" /* how many rows retention removes: 50000 */

#define COUNT "SELECT count(*) FROM connections"

/* So many connections of one client each, a second apart, of the build with that serial. */
static void fill(struct journal *database, unsigned int nr, unsigned int serial)
{
	char text[640];

	snprintf(text, sizeof(text),
		 "BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
		 "%u)"
		 " INSERT INTO connections (serial, build, node, forward, client, client_port,"
		 " opened_wall_ns, closed_wall_ns, closed_by, bytes_to_vm, bytes_to_client, slot,"
		 " generation, opened_ns, accepted_ns, seq_to_vm, seq_to_client) SELECT %u, 'b%u', "
		 "0,"
		 " 'ssh', '198.51.100.' || (i %% 250), 1024, i * 1000000000, i * 1000000000 + 5,"
		 " 'closed by the client', 4000, 4000, 1, 1, 1, 1, 1, 1 FROM n; COMMIT",
		 nr, serial, serial);
	run(database, text);
}

static uint64_t file_bytes(const struct place *place, const char *suffix)
{
	char path[128];
	struct stat file;

	snprintf(path, sizeof(path), "%s%s", place->path, suffix);
	return stat(path, &file) < 0 ? 0 : (uint64_t)file.st_size;
}

static void test_drop_when_more_than_the_budget_comes_then_never_exceeded(void **state)
{
	struct place *place = *state;
	struct journal_audit_figures figures;
	unsigned int nr = 0;
	int result;

	assert_int_equal(journal_audit_set_budget(place->audit, JOURNAL_AUDIT_BUDGET_MIN), 0);
	while (nr < 10 * JOURNAL_AUDIT_BUDGET_MIN / 250) { /* 200 bytes each and more, ten times */
		fill(place->audit, 5000, 1 + nr / 50000);
		nr += 5000;
		assert_true(file_bytes(place, "") + file_bytes(place, "-wal") <=
			    JOURNAL_AUDIT_BUDGET_MIN);
		while ((result = journal_audit_drop_excess(place->audit)) > 0)
			;
		assert_int_equal(result, 0);
	}
	assert_int_equal(journal_audit_figures(place->audit, &figures), 0);
	assert_true(figures.dropped > nr / 2);
	assert_int_equal(ask(place->audit, "SELECT max(number) FROM connections"), nr);
	assert_true(ask(place->audit, "SELECT count(*) FROM connections") > 10000);
}

/* The budget is the database's own: what does not fit is refused, and the file stays as it is. */
static void test_add_when_nobody_drops_then_refused_within_the_budget(void **state)
{
	struct place *place = *state;
	struct connection connection = {.number = 0, .client = world_addr("203.0.113.9")};
	struct journal_place of = {.serial = 1, .build_id = "b1", .forward = "ssh"};
	int result = 0;

	assert_int_equal(journal_audit_set_budget(place->audit, 0), 0);
	while (result == 0) {
		assert_int_equal(journal_begin(place->audit), 0);
		for (unsigned int i = 0; i < 5000 && result == 0; i++) {
			connection.number++;
			result = journal_connection_open(place->audit, &of, &connection, 1);
		}
		if (result == 0)
			result = journal_commit(place->audit, NULL);
		assert_true(connection.number < 1000000);
	}
	journal_rollback(place->audit);
	assert_int_equal(result, -ENOSPC);
	assert_true(file_bytes(place, "") <= JOURNAL_AUDIT_BUDGET_MIN);
}

/* Somebody who reads all the time keeps the log from its end: whatever begins finds it full. */
static void test_begin_when_a_reader_holds_the_log_then_no_more_than_the_budget(void **state)
{
	struct place *place = *state;
	struct journal *reader, *journal;
	char *reason;

	assert_int_equal(journal_audit_set_budget(place->audit, 0), 0);
	assert_int_equal(journal_open_audit(place->path, &reader, &reason), 0);
	assert_int_equal(journal_open(":memory:", &journal, &reason), 0);
	fill(journal, 1, 1);
	run(reader, "BEGIN; SELECT count(*) FROM connections");
	while (file_bytes(place, "-wal") < (uint64_t)8 << 20)
		fill(place->audit, 5000, 1);
	assert_int_equal(journal_begin(place->audit), -ENOSPC);
	assert_int_equal(journal_audit_take_over(place->audit, journal), -ENOSPC);
	assert_int_equal(journal_audit_drop_overdue(place->audit, SECOND), -ENOSPC);
	run(reader, "COMMIT");
	assert_int_equal(journal_audit_take_over(place->audit, journal), 1);
	assert_true(file_bytes(place, "-wal") < (uint64_t)8 << 20);
	journal_close(journal);
	journal_close(reader);
}

static void test_drop_when_overdue_then_however_many_and_no_more(void **state)
{
	struct place *place = *state;
	unsigned int nr = getenv(FULL_NUMBER) ? (unsigned int)atoi(getenv(FULL_NUMBER)) : 50000;
	unsigned int bits = 0;
	int result;

	fill(place->audit, nr, 1);
	while ((result = journal_audit_drop_overdue(place->audit, (nr - 9) * SECOND)) > 0) {
		assert_true(result <= 250);
		bits++;
	}
	assert_int_equal(result, 0);
	assert_in_range(bits, nr / 250, nr / 250 + 3);
	assert_int_equal(ask(place->audit, "SELECT count(*) FROM connections"), 10);
	assert_int_equal(ask(place->audit, "SELECT connections FROM places"), nr);
	while (journal_audit_drop_overdue(place->audit, (nr + 1) * SECOND) > 0)
		;
	assert_int_equal(ask(place->audit, "SELECT count(*) FROM connections"), 0);
	assert_int_equal(ask(place->audit, "SELECT count(*) FROM sources"), 0);
	assert_int_equal(ask(place->audit, "SELECT count(*) FROM places"), 0);
	while (journal_audit_shrink(place->audit) > 0)
		;
	assert_true(ask(place->audit, "SELECT page_count FROM pragma_page_count") < 50);
}

static void test_last_when_many_then_of_the_place_and_of_each_source(void **state)
{
	struct place *place = *state;
	struct records_last_connection last = {0};

	fill(place->audit, 1000, 1);
	fill(place->audit, 500, 2);
	run(place->audit, "UPDATE connections SET bytes_to_vm = 10 WHERE serial = 1 AND"
			  " client = '198.51.100.7'");
	assert_int_equal(records_last(place->audit, 1, 0, NULL, &last), 0);
	assert_int_equal(last.nr, 1000);
	assert_int_equal(last.opened_wall_ns, 1000 * SECOND);
	last = (struct records_last_connection){0};
	assert_int_equal(records_last(place->audit, 1, 0, "198.51.100.7", &last), 0);
	assert_int_equal(last.nr, 4);
	assert_int_equal(last.bytes_to_vm, 10);
	assert_string_equal(last.client, "198.51.100.7");
	assert_int_equal(ask(place->audit, "SELECT failed FROM sources WHERE serial = 1 AND"
					   " client = '198.51.100.7'"),
			 4);
	last = (struct records_last_connection){0};
	assert_int_equal(records_last(place->audit, 1, 0, "198.51.101.7", &last), 0);
	assert_int_equal(last.nr, 0);
	assert_int_equal(records_last(place->audit, 3, 0, NULL, &last), 0);
	assert_int_equal(last.nr, 0);
}

/* Of sources a place keeps but so many. */
static void test_add_when_from_everywhere_then_sources_are_bounded(void **state)
{
	struct place *place = *state;

	run(place->audit,
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
	    " INSERT INTO connections (serial, build, node, forward, client, client_port,"
	    " opened_wall_ns, slot, generation, opened_ns, seq_to_vm) SELECT 1, 'b1', 0, 'ssh',"
	    " '2001:db8::' || i, 1, i, 1, 1, 1, 1 FROM n");
	assert_int_equal(ask(place->audit, "SELECT count(*) FROM sources"), 512);
	assert_int_equal(ask(place->audit, "SELECT sources FROM places"), 512);
	assert_int_equal(ask(place->audit, "SELECT connections FROM places"), 5000);
}

/* From a journal of before: what nobody accepted was none, numbers go on, nothing comes twice. */
static void test_take_when_the_journal_has_some_then_they_go_over(void **state)
{
	struct place *place = *state;
	struct journal *journal;
	uint64_t last;
	char *reason;

	assert_int_equal(journal_open(":memory:", &journal, &reason), 0);
	fill(journal, 2500, 1);
	run(journal, "UPDATE connections SET accepted_ns = NULL WHERE number % 2 = 0;"
		     " UPDATE connections SET closed_wall_ns = NULL WHERE number = 2499");
	assert_int_equal(journal_audit_last(place->audit, journal, &last), 0);
	assert_int_equal(last, 2500);
	assert_int_equal(journal_audit_take_open(place->audit, journal), 1);
	assert_int_equal(journal_audit_take_open(place->audit, journal), 0);
	assert_int_equal(ask(place->audit, "SELECT number FROM connections"), 2499);
	fill(journal, 1, 1); /* as if a crash had come between the two */
	run(journal, "UPDATE connections SET number = 2499 WHERE number = 2501");
	while (journal_audit_take_over(place->audit, journal) > 0)
		;
	assert_int_equal(ask(journal, "SELECT count(*) FROM connections"), 0);
	assert_int_equal(ask(place->audit, "SELECT count(*) FROM connections"), 1250);
	assert_int_equal(ask(place->audit, "SELECT sum(connections) FROM sources"), 1250);
	journal_close(journal);
}

/* However many rows: each question looks at an index alone. */
static void test_queries_when_explained_then_none_scans(void **state)
{
	static const char *const queries[] = {
		"SELECT * FROM connections WHERE number > 1 ORDER BY number LIMIT 2",
		"SELECT * FROM connections WHERE number > 1 AND build = 'b1' ORDER BY number LIMIT "
		"2",
		"SELECT * FROM connections WHERE number > 1 AND closed_wall_ns IS NULL"
		" ORDER BY number LIMIT 2",
		"SELECT * FROM connections WHERE number > 1 AND build = 'b1' AND closed_wall_ns IS"
		" NULL ORDER BY number LIMIT 2",
		"SELECT * FROM sources WHERE serial = 1",
		"SELECT * FROM places WHERE serial = 1",
	};
	struct place *place = *state;

	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		sqlite3_stmt *statement;
		char text[256];

		snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s", queries[i]);
		assert_int_equal(sqlite3_prepare_v2(journal_handle(place->audit), text, -1,
						    &statement, NULL),
				 SQLITE_OK);
		while (sqlite3_step(statement) == SQLITE_ROW) {
			const char *detail = (const char *)sqlite3_column_text(statement, 3);

			if (strncmp(detail, "SCAN", 4) == 0 || strstr(detail, "TEMP B-TREE"))
				fail_msg("%s: %s", queries[i], detail);
		}
		sqlite3_finalize(statement);
	}
}

static void write_noise(const char *path, long offset, size_t bytes)
{
	FILE *file = fopen(path, "r+");

	assert_non_null(file);
	assert_int_equal(fseek(file, offset, SEEK_SET), 0);
	for (size_t i = 0; i < bytes; i++)
		fputc(0xa5, file);
	assert_int_equal(fclose(file), 0);
}

static void open_again(struct place *place, int expected, const char *why)
{
	char *reason = NULL;

	assert_int_equal(journal_audit_file_open(place->path, &place->audit, &reason), expected);
	assert_non_null(strstr(reason, why));
	free(reason);
}

static bool is_in_memory(struct place *place)
{
	struct journal_audit_figures figures;

	assert_int_equal(journal_audit_figures(place->audit, &figures), 0);
	return figures.in_memory;
}

static void test_open_when_of_another_version_then_in_memory_and_kept(void **state)
{
	struct place *place = *state;
	struct journal_audit_figures figures;

	fill(place->audit, 10, 1);
	run(place->audit, "PRAGMA user_version = 99");
	journal_close(place->audit);
	open_again(place, JOURNAL_AUDIT_IN_MEMORY, "version 99");
	assert_true(is_in_memory(place));
	fill(place->audit, 10, 1);
	assert_int_equal(journal_audit_set_budget(place->audit, (uint64_t)1 << 40), 0);
	assert_int_equal(journal_audit_figures(place->audit, &figures), 0);
	assert_true(figures.budget < JOURNAL_AUDIT_MEMORY_MAX);
	assert_int_equal(access(place->path, F_OK), 0);
}

static void test_open_when_there_can_be_no_file_then_in_memory(void **state)
{
	struct place *place = *state;

	journal_close(place->audit);
	assert_int_equal(unlink(place->path), 0);
	assert_int_equal(mkdir(place->path, 0700), 0);
	open_again(place, JOURNAL_AUDIT_IN_MEMORY, "cannot be opened");
	fill(place->audit, 10, 1);
}

/* A log alone must not be played into a new file. */
static void test_open_when_its_file_was_removed_then_the_log_is_put_aside(void **state)
{
	struct place *place = *state;
	char command[512];

	fill(place->audit, 10, 1);
	snprintf(command, sizeof(command), "cp %s-wal %s/kept", place->path, place->dir);
	assert_int_equal(system(command), 0);
	journal_close(place->audit);
	snprintf(command, sizeof(command), "rm %s && mv %s/kept %s-wal", place->path, place->dir,
		 place->path);
	assert_int_equal(system(command), 0);
	open_again(place, JOURNAL_AUDIT_ANEW, "without its journal");
	assert_int_equal(ask(place->audit, COUNT), 0);
	snprintf(command, sizeof(command), "%s.damaged-wal", place->path);
	assert_int_equal(access(command, F_OK), 0);
}

static int visit(const struct connection *connection, void *context)
{
	return 0;
}

static void renew(struct place *place, int expected)
{
	char *reason = NULL;

	assert_int_equal(journal_audit_file_renew(place->audit, &reason), expected);
	assert_non_null(reason);
	free(reason);
	assert_false(journal_audit_file_is_lost(place->audit));
	assert_int_equal(ask(place->audit, COUNT), 0);
	fill(place->audit, 10, 1);
}

static void test_renew_when_damage_is_met_then_another_file(void **state)
{
	struct place *place = *state;
	char path[128];

	fill(place->audit, 5000, 1);
	run(place->audit, "UPDATE connections SET closed_wall_ns = NULL");
	journal_close(place->audit);
	write_noise(place->path, 200000, 400000);
	assert_int_equal(journal_open_audit(place->path, &place->audit, &(char *){NULL}), 0);
	assert_false(journal_audit_file_is_lost(place->audit));
	assert_int_equal(journal_connection_load(place->audit, visit, NULL), -EBADMSG);
	assert_true(journal_audit_file_is_lost(place->audit));
	renew(place, JOURNAL_AUDIT_ANEW);
	assert_false(is_in_memory(place));
	snprintf(path, sizeof(path), "%s.damaged", place->path);
	assert_int_equal(access(path, F_OK), 0);
	journal_close(place->audit);
	assert_int_equal(journal_open_audit(place->path, &place->audit, &(char *){NULL}), 0);
	assert_int_equal(ask(place->audit, COUNT), 10);
}

static void test_renew_when_the_file_was_removed_then_another(void **state)
{
	struct place *place = *state;

	fill(place->audit, 10, 1);
	assert_int_equal(unlink(place->path), 0);
	assert_true(journal_audit_file_is_lost(place->audit));
	renew(place, JOURNAL_AUDIT_ANEW);
	journal_close(place->audit);
	assert_int_equal(journal_open_audit(place->path, &place->audit, &(char *){NULL}), 0);
	assert_int_equal(ask(place->audit, COUNT), 10);
}

static void test_renew_when_it_fails_otherwise_then_in_memory(void **state)
{
	struct place *place = *state;

	fill(place->audit, 10, 1);
	renew(place, JOURNAL_AUDIT_IN_MEMORY);
	assert_true(is_in_memory(place));
}

/* An older sallyportd, put back for a while, numbers its records as if there were no others. */
static void test_take_over_when_a_number_is_taken_then_another(void **state)
{
	struct place *place = *state;
	struct journal *journal;
	char *reason;

	assert_int_equal(journal_open(":memory:", &journal, &reason), 0);
	fill(place->audit, 3, 1);
	fill(journal, 5, 2);
	assert_int_equal(journal_audit_take_over(place->audit, journal), 5);
	assert_int_equal(journal_audit_take_over(place->audit, journal), 0);
	assert_int_equal(ask(place->audit, COUNT), 8);
	assert_int_equal(ask(place->audit, COUNT " WHERE serial = 2"), 5);
	fill(journal, 5, 2); /* as after a crash between the copy and its end: the same again */
	assert_int_equal(journal_audit_take_over(place->audit, journal), 5);
	assert_int_equal(ask(place->audit, COUNT), 8);
	assert_int_equal(ask(journal, COUNT), 0);
	journal_close(journal);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_drop_when_more_than_the_budget_comes_then_never_exceeded),
		CASE(test_add_when_nobody_drops_then_refused_within_the_budget),
		CASE(test_begin_when_a_reader_holds_the_log_then_no_more_than_the_budget),
		CASE(test_drop_when_overdue_then_however_many_and_no_more),
		CASE(test_last_when_many_then_of_the_place_and_of_each_source),
		CASE(test_add_when_from_everywhere_then_sources_are_bounded),
		CASE(test_take_when_the_journal_has_some_then_they_go_over),
		CASE(test_take_over_when_a_number_is_taken_then_another),
		CASE(test_queries_when_explained_then_none_scans),
		CASE(test_open_when_of_another_version_then_in_memory_and_kept),
		CASE(test_open_when_there_can_be_no_file_then_in_memory),
		CASE(test_open_when_its_file_was_removed_then_the_log_is_put_aside),
		CASE(test_renew_when_damage_is_met_then_another_file),
		CASE(test_renew_when_the_file_was_removed_then_another),
		CASE(test_renew_when_it_fails_otherwise_then_in_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
