/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "journal/copy.h"
#include "journal/schema.h"
#include "journal_fixture.h"

static struct journal *open_journal(const char *path)
{
	struct journal *journal;
	char *reason;

	if (journal_open(path, &journal, &reason) < 0)
		fail_msg("%s", reason);
	return journal;
}

/* Refused with that word in the reason, and the file left byte for byte. */
static void check_refused(const char *path, int error, const char *word)
{
	struct journal *journal;
	struct stat before, after;
	char *reason;

	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(journal_open(path, &journal, &reason), error);
	assert_non_null(reason);
	if (!strstr(reason, word))
		fail_msg("no '%s' in: %s", word, reason);
	free(reason);
	assert_int_equal(journal_open_try(path, &reason), error);
	if (!strstr(reason, word))
		fail_msg("no '%s' in: %s", word, reason);
	free(reason);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

static void write_at(const char *path, off_t offset, const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, size, offset), size);
	close(fd);
}

static off_t size_of(const char *path)
{
	struct stat file;

	assert_int_equal(stat(path, &file), 0);
	return file.st_size;
}

static void test_open_when_file_is_none_then_refused_and_kept(void **state)
{
	const struct place *place = *state;
	char noise[8192];

	memset(noise, 'x', sizeof(noise));
	write_at(place->path, 0, noise, sizeof(noise));
	check_refused(place->path, -EBADMSG, "damaged");
}

static void test_open_when_file_is_empty_then_refused_and_kept(void **state)
{
	const struct place *place = *state;

	write_at(place->path, 0, "", 0);
	check_refused(place->path, -EBADMSG, "empty");
}

static void test_open_when_file_is_cut_then_refused_and_kept(void **state)
{
	const struct place *place = *state;

	journal_close(open_journal(place->path));
	assert_int_equal(truncate(place->path, size_of(place->path) - 5000), 0);
	check_refused(place->path, -EBADMSG, "damaged");
}

static void test_open_when_a_page_is_damaged_then_refused_and_kept(void **state)
{
	const struct place *place = *state;
	char noise[4096];

	journal_close(open_journal(place->path));
	memset(noise, 0xa5, sizeof(noise));
	write_at(place->path, size_of(place->path) - 4096, noise, sizeof(noise));
	check_refused(place->path, -EBADMSG, "damaged");
}

static void run_sql(const char *path, const char *text)
{
	sqlite3 *database;

	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
}

static void test_open_when_version_is_another_then_it_is_named(void **state)
{
	const struct place *place = *state;

	journal_close(open_journal(place->path));
	run_sql(place->path, "PRAGMA user_version = 99");
	check_refused(place->path, -EPROTO, "version 99");
}

static void test_open_when_version_is_older_then_it_is_made_new(void **state)
{
	const struct place *place = *state;
	struct world world;

	world_init(&world, 16);
	world_start(&world, place->path);
	put_full(&world);
	world_stop(&world);
	run_sql(place->path, "DROP TABLE receipts; PRAGMA user_version = 1");
	world_init(&world, 16);
	world_start(&world, place->path);
	assert_non_null(world_get(&world, "full"));
	assert_int_equal(ask(&world, "SELECT count(*) FROM receipts"), 0);
	assert_int_equal(ask(&world, "PRAGMA user_version"), JOURNAL_VERSION);
	world_stop(&world);
}

/* What an older sallyportd can go on with is beside it, and comes back by one call. */
static void test_take_back_when_version_was_raised_then_the_one_before(void **state)
{
	const struct place *place = *state;
	char *reason = NULL, copy[PATH_MAX + 16];
	int version = -1;
	struct world world;
	struct stat file;

	assert_int_equal(journal_copy_version(place->path, &version, &reason), 0);
	assert_int_equal(version, 0);
	world_init(&world, 16);
	world_start(&world, place->path);
	put_full(&world);
	world_stop(&world);
	run_sql(place->path, "DROP TABLE receipts; PRAGMA user_version = 1");
	world_init(&world, 16);
	world_start(&world, place->path);
	assert_int_equal(world_put(&world, "later", ""), 0);
	world_stop(&world);
	snprintf(copy, sizeof(copy), "%s.version-1", place->path);
	assert_int_equal(stat(copy, &file), 0);
	assert_int_equal(file.st_mode & S_IRWXO, 0);
	assert_int_equal(journal_copy_version(place->path, &version, &reason), 0);
	assert_int_equal(version, JOURNAL_VERSION);
	assert_int_equal(journal_copy_take_back(place->path, 1, &reason), 0);
	assert_int_equal(journal_copy_version(place->path, &version, &reason), 0);
	assert_int_equal(version, 1);
	assert_int_equal(journal_copy_take_back(place->path, JOURNAL_VERSION, &reason), 0);
	world_init(&world, 16);
	world_start(&world, place->path);
	assert_non_null(world_get(&world, "full"));
	assert_non_null(world_get(&world, "later"));
	world_stop(&world);
	assert_int_equal(journal_copy_take_back(place->path, 77, &reason), -ENOENT);
	assert_non_null(strstr(reason, "no copy"));
	free(reason);
}

static void test_try_when_a_start_would_take_it_then_nothing_is_made(void **state)
{
	const struct place *place = *state;
	char *reason, name[PATH_MAX];
	struct stat file;

	assert_int_equal(journal_open_try(place->path, &reason), 0);
	assert_int_equal(stat(place->path, &file), -1);
	journal_close(open_journal(place->path));
	assert_int_equal(journal_open_try(place->path, &reason), 0);
	snprintf(name, sizeof(name), "%s-shm", place->path);
	assert_int_equal(stat(name, &file), -1);
	snprintf(name, sizeof(name), "%s-wal", place->path);
	assert_int_equal(stat(name, &file), -1);
}

static void test_open_when_database_is_foreign_then_refused(void **state)
{
	const struct place *place = *state;

	run_sql(place->path, "CREATE TABLE t (a)");
	check_refused(place->path, -EBADMSG, "not a journal of sallyport");
}

static void write_moments(struct journal *journal, unsigned int number)
{
	for (unsigned int i = 1; i <= number; i++) {
		const struct instant now = {i * SECOND, i * SECOND};

		assert_int_equal(journal_begin(journal), 0);
		assert_int_equal(journal_commit(journal, &now), 0);
	}
}

/* A child that dies with its log unfinished, as kill -9 leaves it. */
static void die_after_moments(const char *path, unsigned int number)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		write_moments(open_journal(path), number);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static uint64_t last_moment_s(const char *path)
{
	struct journal *journal = open_journal(path);
	char boot_id[CLOCK_BOOT_ID_SIZE];
	struct instant moment;

	assert_int_equal(journal_moment(journal, boot_id, &moment), 0);
	journal_close(journal);
	return moment.boot_ns / SECOND;
}

static void test_open_when_killed_then_last_commit_is_there(void **state)
{
	const struct place *place = *state;

	die_after_moments(place->path, 20);
	assert_true(size_of(place->wal) > 0);
	assert_int_equal(last_moment_s(place->path), 20);
}

static void test_open_when_log_is_torn_at_its_end_then_the_commit_before(void **state)
{
	const struct place *place = *state;

	die_after_moments(place->path, 20);
	assert_int_equal(truncate(place->wal, size_of(place->wal) - 100), 0);
	assert_int_equal(last_moment_s(place->path), 19);
}

static void test_open_when_log_is_damaged_inside_then_refused_and_kept(void **state)
{
	const struct place *place = *state;

	die_after_moments(place->path, 20);
	write_at(place->wal, 32 + 3 * (24 + 4096) + 500, "damage", 6);
	check_refused(place->path, -EBADMSG, "damaged");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_open_when_file_is_none_then_refused_and_kept),
		CASE(test_open_when_file_is_empty_then_refused_and_kept),
		CASE(test_open_when_file_is_cut_then_refused_and_kept),
		CASE(test_open_when_a_page_is_damaged_then_refused_and_kept),
		CASE(test_open_when_version_is_another_then_it_is_named),
		CASE(test_open_when_version_is_older_then_it_is_made_new),
		CASE(test_take_back_when_version_was_raised_then_the_one_before),
		CASE(test_try_when_a_start_would_take_it_then_nothing_is_made),
		CASE(test_open_when_database_is_foreign_then_refused),
		CASE(test_open_when_killed_then_last_commit_is_there),
		CASE(test_open_when_log_is_torn_at_its_end_then_the_commit_before),
		CASE(test_open_when_log_is_damaged_inside_then_refused_and_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
