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

#include "audit_fixture.h"
#include "journal/journal.h"

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
