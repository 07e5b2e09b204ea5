/* SPDX-License-Identifier: BSD-3-Clause */
#include "audit_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "journal/journal.h"

int set_up(void **state)
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

int tear_down(void **state)
{
	struct place *place = *state;
	char command[128];

	journal_close(place->audit);
	snprintf(command, sizeof(command), "rm -r %s", place->dir);
	return system(command);
}

void run(struct journal *database, const char *text)
{
	char *error = NULL;

	if (sqlite3_exec(journal_handle(database), text, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", text, error);
}

int64_t ask(struct journal *database, const char *query)
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
