/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "journal/disk.h"
#include "journal/rows/rows.h"
#include "journal/sql.h"
#include "journal/wal.h"

void journal_close(struct journal *journal)
{
	if (!journal)
		return;
	journal_thread_close(journal);
	journal_cuts_close(journal);
	for (unsigned int i = 0; i < JOURNAL_STATEMENTS_NR; i++) {
		rows_free(journal->rows[i]);
		sqlite3_finalize(journal->statement[i]);
	}
	sqlite3_close(journal->reader);
	sqlite3_close(journal->database);
	free(journal->path);
	free(journal->wanted);
	free(journal);
}

struct sqlite3 *journal_handle(struct journal *journal)
{
	return journal->database;
}

#define ROOM_BYTES 65536u /* more than a change writes, but for the largest */

bool journal_has_room(const struct journal *journal)
{
	struct statvfs disk;

	return journal->in_memory || statvfs(journal->path, &disk) < 0 ||
	       (uint64_t)disk.f_bavail * disk.f_frsize >= ROOM_BYTES;
}

int journal_begin(struct journal *journal)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_BEGIN);

	if (!journal->in_memory && journal_disk_hangs())
		return -ETIMEDOUT;
	if (journal->pages_kept)
		use.error = journal_wal_make_room(journal);
	return journal_sql_run(&use);
}

int journal_commit(struct journal *journal, const struct instant *now)
{
	struct journal_use moment = journal_sql_use(journal, JOURNAL_SET_MOMENT);
	struct journal_use use = journal_sql_use(journal, JOURNAL_COMMIT);
	int result;

	/* Nothing hangs on the moment of the audit. */
	if (!journal->keep_moment && moment.statement) {
		journal_sql_give_text(&moment, journal->boot_id);
		journal_sql_give(&moment, now->boot_ns);
		journal_sql_give(&moment, now->wall_ns);
		result = journal_sql_run(&moment);
		if (result < 0)
			return result;
	}
	result = journal_sql_run(&use);
	/* A full disk has not taken it whole. */
	journal->left_behind = result < 0 && result != -ENOSPC;
	return result;
}

bool journal_left_behind(const struct journal *journal)
{
	return journal->left_behind;
}

void journal_keep_moment(struct journal *journal, bool keep)
{
	journal->keep_moment = keep;
}

/* After some errors SQLite has rolled back by itself. */
void journal_rollback(struct journal *journal)
{
	struct journal_use use;

	journal_sql_drop_rows(journal);
	use = journal_sql_use(journal, JOURNAL_ROLLBACK);
	if (!sqlite3_get_autocommit(journal->database))
		journal_sql_run(&use);
}

void journal_set_boot_id(struct journal *journal, const char *boot_id)
{
	snprintf(journal->boot_id, sizeof(journal->boot_id), "%s", boot_id);
}

const char *journal_boot_id(const struct journal *journal)
{
	return journal->boot_id;
}

int journal_moment(struct journal *journal, char ret_boot_id[CLOCK_BOOT_ID_SIZE],
		   struct instant *ret_moment)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_GET_MOMENT);
	bool found = journal_sql_row(&use);
	const char *boot_id;
	int result;

	if (found) {
		boot_id = journal_sql_take_text(&use);
		snprintf(ret_boot_id, CLOCK_BOOT_ID_SIZE, "%s", boot_id ? boot_id : "");
		ret_moment->boot_ns = journal_sql_take(&use);
		ret_moment->wall_ns = journal_sql_take(&use);
	}
	result = journal_sql_end(&use);
	if (result < 0)
		return result;
	return found ? 0 : -ENOENT;
}

int journal_number(struct journal *journal, const char *name, uint64_t *ret_value)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_GET_NUMBER);
	bool found;
	int result;

	journal_sql_give_text(&use, name);
	found = journal_sql_row(&use);
	if (found)
		*ret_value = journal_sql_take(&use);
	result = journal_sql_end(&use);
	if (result < 0)
		return result;
	return found ? 0 : -ENOENT;
}

int journal_set_number(struct journal *journal, const char *name, uint64_t value)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_SET_NUMBER);

	journal_sql_give_text(&use, name);
	journal_sql_give(&use, value);
	return journal_sql_run(&use);
}

#define WRITTEN_OVER "written_over"

/* A number, since SQLite writes nothing where nothing changes. */
int journal_write_over(struct journal *journal, const struct instant *now)
{
	uint64_t times = 0;
	int result = journal_begin(journal);

	if (result == 0)
		result = journal_number(journal, WRITTEN_OVER, &times);
	if (result == 0 || result == -ENOENT)
		result = journal_set_number(journal, WRITTEN_OVER, times + 1);
	if (result == 0)
		result = journal_commit(journal, now);
	if (result < 0)
		journal_rollback(journal);
	return result;
}
