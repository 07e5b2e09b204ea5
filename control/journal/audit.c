/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal/audit.h"

#include <stdbool.h>
#include <stdio.h>

#include "host/boottime.h"
#include "journal/connection.h"
#include "journal/journal.h"
#include "journal/sql.h"
#include "journal/wal.h"

#define CHUNK	   1000 /* records at once: some milliseconds */
#define DROPPED	   250	/* of the overdue, which may be a million */
#define PAGE_BYTES 4096
/* Where dropping begins; the rest is for what comes meanwhile. */
#define FULL_PERCENT 90

/* In a transaction of its own. Result: how many records it changed, or -errno. */
static int run(struct journal_use *use)
{
	struct journal *audit = use->journal;
	int result, changed;

	if (use->error == 0)
		use->error = journal_begin(audit);
	result = journal_sql_run(use);
	changed = sqlite3_changes(audit->database);
	if (result == 0)
		result = journal_commit(audit, NULL);
	if (result < 0)
		journal_rollback(audit);
	return result < 0 ? result : changed;
}

static int drop(struct journal *audit, enum journal_statement statement, uint64_t before_wall_ns,
		uint64_t most)
{
	struct journal_use use = journal_sql_use(audit, statement);

	if (statement != JOURNAL_DROP_OLDEST)
		journal_sql_give(&use, before_wall_ns);
	journal_sql_give(&use, most);
	return run(&use);
}

int journal_audit_set_budget(struct journal *audit, uint64_t bytes)
{
	char text[64];

	if (audit->in_memory && bytes > JOURNAL_AUDIT_MEMORY_MAX)
		bytes = JOURNAL_AUDIT_MEMORY_MAX;
	if (bytes < JOURNAL_AUDIT_BUDGET_MIN)
		bytes = JOURNAL_AUDIT_BUDGET_MIN;
	audit->pages_kept = (uint32_t)((bytes - JOURNAL_WAL_BYTES) / PAGE_BYTES);
	snprintf(text, sizeof(text), "PRAGMA max_page_count = %u", audit->pages_kept);
	return journal_sql_errno(sqlite3_exec(audit->database, text, NULL, NULL, NULL));
}

/* Pages of the file, and how many of them are free. */
struct pages {
	uint64_t all;
	uint64_t free;
};

static int count_pages(struct journal *audit, struct pages *ret_pages)
{
	struct journal_use use = journal_sql_use(audit, JOURNAL_PAGES);

	if (journal_sql_row(&use)) {
		ret_pages->all = journal_sql_take(&use);
		ret_pages->free = journal_sql_take(&use);
	}
	return journal_sql_end(&use);
}

int journal_audit_figures(struct journal *audit, struct journal_audit_figures *ret_figures)
{
	struct pages pages = {0};
	int result = count_pages(audit, &pages);

	if (result < 0)
		return result;
	*ret_figures = (struct journal_audit_figures){
		.bytes = pages.all * PAGE_BYTES,
		.used = (pages.all - pages.free) * PAGE_BYTES,
		.budget = (uint64_t)audit->pages_kept * PAGE_BYTES,
		.dropped = audit->dropped,
		.renewed = audit->renewed,
		.in_memory = audit->in_memory,
	};
	return 0;
}

int journal_audit_drop_overdue(struct journal *audit, uint64_t before_wall_ns)
{
	static const enum journal_statement drops[] = {JOURNAL_DROP_OVERDUE, JOURNAL_DROP_SOURCES,
						       JOURNAL_DROP_PLACES};

	for (unsigned int i = 0; i < 3; i++) {
		int result = drop(audit, drops[i], before_wall_ns, DROPPED);

		if (result != 0)
			return result;
	}
	return 0;
}

int journal_audit_drop_excess(struct journal *audit)
{
	struct pages pages = {0};
	int result = count_pages(audit, &pages);

	if (result < 0 || !audit->pages_kept ||
	    (pages.all - pages.free) * 100 < (uint64_t)audit->pages_kept * FULL_PERCENT)
		return result;
	result = drop(audit, JOURNAL_DROP_OLDEST, 0, CHUNK);
	if (result == 0) /* nothing else is left */
		result = drop(audit, JOURNAL_DROP_SOURCES, INT64_MAX, CHUNK);
	if (result == 0)
		result = drop(audit, JOURNAL_DROP_PLACES, INT64_MAX, CHUNK);
	if (result > 0)
		audit->dropped += (uint64_t)result;
	return result;
}

int journal_audit_shrink(struct journal *audit)
{
	struct journal_use use = journal_sql_use(audit, JOURNAL_VACUUM);
	struct pages pages = {0};
	int result = count_pages(audit, &pages);

	if (result < 0 || (pages.free * 4 < pages.all && pages.all <= audit->pages_kept))
		return result;
	result = run(&use);
	return result < 0 ? result : pages.free > 0;
}

#define COLUMNS	    18
#define ACCEPTED_NS 15 /* number of that column */

/* What nobody accepted was no connection. */
static int adopt(struct journal *audit, sqlite3_stmt *row)
{
	struct journal_use use = journal_sql_use(audit, JOURNAL_ADOPT_CONNECTION);

	if (sqlite3_column_type(row, ACCEPTED_NS) == SQLITE_NULL)
		return 0;
	for (int i = 0; i < COLUMNS; i++)
		sqlite3_bind_value(use.statement, i + 1, sqlite3_column_value(row, i));
	return journal_sql_run(&use);
}

/* Copies some, and says up to which. Result: how many, or -errno. */
static int copy_some(struct journal *audit, struct journal_use *rows, uint64_t ret_numbers[CHUNK])
{
	int nr = 0, result = journal_begin(audit);

	while (result == 0 && nr < CHUNK && journal_sql_row(rows)) {
		ret_numbers[nr++] = (uint64_t)sqlite3_column_int64(rows->statement, 0);
		result = adopt(audit, rows->statement);
	}
	if (result == 0)
		result = journal_commit(audit, NULL);
	if (result < 0)
		journal_rollback(audit);
	return result < 0 ? result : nr;
}

static int drop_old(struct journal *journal, const uint64_t numbers[CHUNK], int nr)
{
	int result = 0;

	for (int i = 0; i < nr && result == 0; i++) {
		struct journal_use use = journal_sql_use(journal, JOURNAL_OLD_DROP);

		journal_sql_give(&use, numbers[i]);
		result = journal_sql_run(&use);
	}
	return result;
}

/* Without the moment: rows that go over say nothing of the time. */
static int commit(struct journal *journal)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_COMMIT);

	return journal_sql_run(&use);
}

/* First there, then gone here: a crash between the two repeats the copy, which changes nothing. */
static int take(struct journal *audit, struct journal *journal, enum journal_statement which)
{
	struct journal_use rows = journal_sql_use(journal, which);
	uint64_t numbers[CHUNK];
	int nr, ended, result;

	journal_sql_give(&rows, CHUNK);
	nr = copy_some(audit, &rows, numbers);
	ended = journal_sql_end(&rows);
	if (nr <= 0 || ended < 0)
		return nr < 0 ? nr : ended;
	result = journal_begin(journal);
	if (result == 0)
		result = drop_old(journal, numbers, nr);
	if (result == 0)
		result = commit(journal);
	if (result < 0)
		journal_rollback(journal);
	return result < 0 ? result : nr;
}

int journal_audit_copy_open(struct journal *audit, struct journal *memory)
{
	struct journal_use rows = journal_sql_use(memory, JOURNAL_OLD_OPEN);
	int result = journal_begin(audit), ended;

	journal_sql_give(&rows, INT64_MAX);
	while (result == 0 && journal_sql_row(&rows))
		result = adopt(audit, rows.statement);
	ended = journal_sql_end(&rows);
	if (result == 0)
		result = ended < 0 ? ended : journal_commit(audit, NULL);
	if (result < 0)
		journal_rollback(audit);
	return result;
}

int journal_audit_take_open(struct journal *audit, struct journal *journal)
{
	return take(audit, journal, JOURNAL_OLD_OPEN);
}

int journal_audit_take_over(struct journal *audit, struct journal *journal)
{
	return take(audit, journal, JOURNAL_OLD_ANY);
}

int journal_audit_last(struct journal *audit, struct journal *journal, uint64_t *ret_number)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_OLD_LAST);
	uint64_t old = journal_sql_row(&use) ? journal_sql_take(&use) : 0, number = 0;
	int result = journal_sql_end(&use);

	if (result == 0)
		result = journal_connection_last(audit, &number);
	/* Beyond all numbers of the file that may come back: nobody opens a million a second. */
	if (result == 0 && audit->wanted)
		number = boottime_wall_ns() / NS_PER_US;
	if (result == 0)
		*ret_number = number > old ? number : old;
	return result;
}
