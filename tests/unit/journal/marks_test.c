/* SPDX-License-Identifier: BSD-3-Clause */
/* Which connections the audit counts as failed, and an audit of before that counted others. */
#include "journal/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "journal/journal.h"

struct place {
	char dir[64];
	char path[96];
	struct journal *audit;
};

static int set_up(void **state)
{
	static struct place place;
	char *reason;

	snprintf(place.dir, sizeof(place.dir), "/tmp/sallyport-audit-XXXXXX");
	assert_non_null(mkdtemp(place.dir));
	snprintf(place.path, sizeof(place.path), "%s/audit.db", place.dir);
	assert_int_equal(journal_open_audit(place.path, &place.audit, &reason), 0);
	*state = &place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	char command[128];

	journal_close(place->audit);
	snprintf(command, sizeof(command), "rm -r %s", place->dir);
	return system(command);
}

static void run(struct journal *database, const char *text)
{
	char *error = NULL;

	if (sqlite3_exec(journal_handle(database), text, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", text, error);
}

static int64_t ask(struct journal *database, const char *query)
{
	sqlite3_stmt *statement;
	int64_t value;

	assert_int_equal(sqlite3_prepare_v2(journal_handle(database), query, -1, &statement, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return value;
}

/* How it was counted before the marks of a login were lowered (schema.h). */
static void make_old(struct journal *audit)
{
	run(audit, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql ="
		   " replace(replace(sql, '< 3400', '< 3650'), '< 3250', '< 3400')"
		   " WHERE type = 'trigger'; PRAGMA writable_schema = RESET");
}

static void add_closed(struct journal *audit, unsigned int bytes_to_vm,
		       unsigned int bytes_to_client)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "INSERT INTO connections (serial, build, node, forward, client, client_port,"
		 " opened_wall_ns, slot, generation, opened_ns, seq_to_vm) VALUES (1, 'b1', 0,"
		 " 'ssh', '2001:db8::1', 1, 1, 1, 1, 1, 1);"
		 " UPDATE connections SET closed_wall_ns = 2, bytes_to_vm = %u,"
		 " bytes_to_client = %u WHERE number = last_insert_rowid()",
		 bytes_to_vm, bytes_to_client);
	run(audit, text);
}

/* A cut login, one of "true" and a refused key; then the same with the new triggers. */
static void test_open_when_marks_are_old_then_logins_are_counted_anew(void **state)
{
	struct place *place = *state;
	char *reason;

	make_old(place->audit);
	assert_int_equal(ask(place->audit, AUDIT_OLD_MARKS), 2);
	add_closed(place->audit, 3601, 3481);
	add_closed(place->audit, 3681, 3561);
	add_closed(place->audit, 3777, 3045);
	assert_int_equal(ask(place->audit, "SELECT failed FROM sources"), 2);
	for (unsigned int i = 0; i < 2; i++) {
		journal_close(place->audit);
		assert_int_equal(journal_open_audit(place->path, &place->audit, &reason), 0);
		assert_int_equal(ask(place->audit, AUDIT_OLD_MARKS), 0);
		assert_int_equal(ask(place->audit, "SELECT failed FROM sources"), 1);
		assert_int_equal(ask(place->audit, "SELECT connections FROM sources"), 3);
	}
	add_closed(place->audit, 3601, 3481);
	add_closed(place->audit, 3777, 3045);
	assert_int_equal(ask(place->audit, "SELECT failed FROM sources"), 2);
	assert_int_equal(ask(place->audit, "SELECT connections FROM sources"), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_open_when_marks_are_old_then_logins_are_counted_anew, set_up,
			tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
