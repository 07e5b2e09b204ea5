/* SPDX-License-Identifier: BSD-3-Clause */
/* A disk that takes its time: under the journal lie files whose syncs the test holds back. */
#include "journal/disk.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "edge/state/state.h"
#include "journal/audit.h"
#include "journal/cuts.h"
#include "journal_fixture.h"

/* Longer than a loaded machine takes for a sync, and short enough for a test. */
#define PATIENCE_NS (300 * 1000000ULL)

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool held;
	unsigned int nr_waiting;
	int (*sync)(sqlite3_file *file, int flags); /* the system's own, the same for all files */
	sqlite3_io_methods methods[2];		    /* of a database, and of its log */
	sqlite3_vfs *system;
	sqlite3_vfs vfs;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static int sync_at_the_gate(sqlite3_file *file, int flags)
{
	pthread_mutex_lock(&gate.lock);
	gate.nr_waiting++;
	while (gate.held)
		pthread_cond_wait(&gate.changed, &gate.lock);
	gate.nr_waiting--;
	pthread_mutex_unlock(&gate.lock);
	return gate.sync(file, flags);
}

static int open_at_the_gate(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
			    int *ret_flags)
{
	sqlite3_io_methods *methods = &gate.methods[(flags & SQLITE_OPEN_WAL) != 0];
	int code = gate.system->xOpen(gate.system, path, file, flags, ret_flags);

	if (!file->pMethods || !(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)))
		return code;
	gate.sync = file->pMethods->xSync;
	*methods = *file->pMethods;
	methods->xSync = sync_at_the_gate;
	file->pMethods = methods;
	return code;
}

static int build_gate(void)
{
	gate.system = sqlite3_vfs_find(NULL);
	gate.vfs = *gate.system;
	gate.vfs.zName = "gate";
	gate.vfs.pNext = NULL;
	gate.vfs.xOpen = open_at_the_gate;
	return sqlite3_vfs_register(&gate.vfs, 1);
}

static void hold(bool held)
{
	pthread_mutex_lock(&gate.lock);
	gate.held = held;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

static void wait_until_it_is_over(void)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	for (unsigned int i = 0; journal_disk_hangs() && i < 60000; i++)
		nanosleep(&pause, NULL);
	assert_false(journal_disk_hangs());
}

struct slow {
	struct world world;
	struct place *place;
};

static int start(void **state)
{
	static struct slow slow;

	if (set_up(state) < 0)
		return -1;
	slow.place = *state;
	world_init(&slow.world, 16);
	slow.world.settings.quarantine_ns = 1000 * HOUR;
	world_start(&slow.world, slow.place->path);
	journal_disk_set_patience(PATIENCE_NS);
	*state = &slow;
	return 0;
}

static int stop(void **state)
{
	struct slow *slow = *state;
	void *place = slow->place;

	hold(false);
	journal_disk_set_patience(0);
	world_stop(&slow->world);
	return tear_down(&place);
}

/* Whatever is asked returns, though the sync does not. */
static void test_change_when_the_disk_hangs_then_refused_and_cut_all_the_same(void **state)
{
	struct slow *slow = *state;
	struct world *world = &slow->world;
	struct edge_result result;

	assert_int_equal(world_put(world, "kept", "10.0.0.1"), 0);
	assert_int_equal(world_put(world, "cut", "10.0.0.2"), 0);
	hold(true);
	assert_int_equal(world_put(world, "refused", "10.0.0.3"), -EIO);
	assert_int_equal(world->problem.type, PROBLEM_JOURNAL);
	assert_true(journal_disk_hangs());
	assert_int_equal(world_put(world, "refused", "10.0.0.3"), -ETIMEDOUT);
	assert_int_equal(world_cancel(world, "cut", &result), 0);
	assert_int_equal(result.standing, EDGE_LOOSE);
	assert_int_equal(world_get(world, "cut")->state, SESSION_ENDED);
	world_pass(world, 24 * HOUR);
	assert_int_equal(world_get(world, "kept")->state, SESSION_ENDED);
	assert_true(journal_disk_hangs());

	hold(false);
	wait_until_it_is_over();
	world_pass(world, 2 * SECOND);
	assert_int_equal(world->edge->debts.nr, 0);
	assert_int_equal(world_put(world, "later", "10.0.0.3"), 0);
	world_restart(world);
	assert_int_equal(world_get(world, "cut")->reason, SESSION_CANCELLED);
	assert_int_equal(world_get(world, "kept")->reason, SESSION_LIFETIME);
	assert_null(edge_get(world->edge, "refused"));
	assert_non_null(edge_get(world->edge, "later"));
}

/* What a crash now would leave. */
static void copy_file(const char *from, const char *to)
{
	char buffer[65536];
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	size_t nr;

	assert_non_null(in);
	assert_non_null(out);
	while ((nr = fread(buffer, 1, sizeof(buffer), in)) > 0)
		assert_int_equal(fwrite(buffer, 1, nr, out), nr);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

/* Result: how many builds a start after a crash now would find. */
static int builds_after_crash(const struct slow *slow)
{
	char path[sizeof(slow->place->path) + 8], wal[sizeof(path) + 8], *reason = NULL;
	struct world crashed = {0};
	int nr;

	snprintf(path, sizeof(path), "%s.crash", slow->place->path);
	snprintf(wal, sizeof(wal), "%s-wal", path);
	copy_file(slow->place->path, path);
	copy_file(slow->place->wal, wal);
	assert_int_equal(journal_open(path, &crashed.journal, &reason), 0);
	nr = ask(&crashed, "SELECT count(*) FROM builds");
	journal_close(crashed.journal);
	return nr;
}

static void test_crash_when_a_change_was_refused_then_it_stays_refused(void **state)
{
	struct slow *slow = *state;

	assert_int_equal(world_put(&slow->world, "kept", "10.0.0.1"), 0);
	hold(true);
	assert_int_equal(world_put(&slow->world, "refused", "10.0.0.2"), -EIO);
	hold(false);
	wait_until_it_is_over();
	assert_int_equal(builds_after_crash(slow), 2);
	world_pass(&slow->world, 2 * SECOND);
	assert_int_equal(builds_after_crash(slow), 1);
}

/* Some 25 bytes each. */
static int set_numbers(struct journal *journal, unsigned int nr)
{
	int result = journal_begin(journal);
	char name[32];

	for (unsigned int i = 0; i < nr && result == 0; i++) {
		snprintf(name, sizeof(name), "a number of %u", i);
		result = journal_set_number(journal, name, i);
	}
	if (result == 0)
		result = journal_commit(journal, &(struct instant){SECOND, SECOND});
	if (result < 0)
		journal_rollback(journal);
	return result;
}

static void fail_to_set_numbers(struct slow *slow, unsigned int nr)
{
	hold(true);
	assert_int_equal(set_numbers(slow->world.journal, nr), -EIO);
	hold(false);
	wait_until_it_is_over();
	assert_true(journal_left_behind(slow->world.journal));
}

/* Behind what is written over lies the rest of the second, behind it that of the longer first. */
static void test_crash_when_failed_commits_lie_in_each_other_then_no_damage(void **state)
{
	struct slow *slow = *state;

	fail_to_set_numbers(slow, 4000);
	fail_to_set_numbers(slow, 1000);
	assert_int_equal(journal_write_over(slow->world.journal, &slow->world.now), 0);
	assert_false(journal_left_behind(slow->world.journal));
	assert_int_equal(builds_after_crash(slow), 0);
}

/* Where nothing else is to be done, as at a start, it is waited for. */
static void *let_go_soon(void *context)
{
	bool waits = false;

	while (!waits) {
		pthread_mutex_lock(&gate.lock);
		waits = gate.nr_waiting > 0;
		pthread_mutex_unlock(&gate.lock);
	}
	hold(false);
	return NULL;
}

static void test_change_when_patience_is_endless_then_waits(void **state)
{
	struct slow *slow = *state;
	pthread_t other;

	journal_disk_set_patience(0);
	hold(true);
	assert_int_equal(pthread_create(&other, NULL, let_go_soon, NULL), 0);
	assert_int_equal(world_put(&slow->world, "waited", "10.0.0.1"), 0);
	pthread_join(other, NULL);
}

static void test_cut_when_a_sync_is_late_then_not_recorded_until_over(void **state)
{
	struct slow *slow = *state;
	struct journal *journal = slow->world.journal;
	struct journal_cut cut = {.serial = 1, .what = "cancel"};
	uint32_t index;

	assert_true(journal_cuts_room(journal) > 0);
	index = journal_cuts_take(journal);
	hold(true);
	assert_int_equal(world_put(&slow->world, "refused", "10.0.0.1"), -EIO);
	assert_int_equal(journal_cuts_write(journal, index, &cut), -ETIMEDOUT);
	assert_int_equal(journal_cuts_sync(journal), -ETIMEDOUT);
	hold(false);
	wait_until_it_is_over();
	assert_int_equal(journal_cuts_write(journal, index, &cut), 0);
	assert_int_equal(journal_cuts_sync(journal), 0);
	journal_cuts_clear(journal, index);
}

static int change_audit(struct journal *audit, const char *name)
{
	int result = journal_begin(audit);

	if (result == 0)
		result = journal_set_number(audit, name, 1);
	if (result == 0)
		result = journal_commit(audit, NULL);
	journal_rollback(audit);
	return result;
}

/* On the same disk, and most of what is written to it waits for no sync. */
static void test_audit_when_a_sync_is_late_then_nothing_is_written_until_over(void **state)
{
	struct slow *slow = *state;
	char path[sizeof(slow->place->directory) + sizeof("/audit.sqlite")], *reason;
	struct journal *audit;

	snprintf(path, sizeof(path), "%s/audit.sqlite", slow->place->directory);
	assert_int_equal(journal_open_audit(path, &audit, &reason), 0);
	hold(true);
	assert_int_equal(world_put(&slow->world, "refused", "10.0.0.1"), -EIO);
	assert_int_equal(change_audit(audit, "early"), -ETIMEDOUT);
	assert_int_equal(journal_audit_drop_overdue(audit, SECOND), -ETIMEDOUT);
	assert_int_equal(journal_audit_shrink(audit), -ETIMEDOUT);
	hold(false);
	wait_until_it_is_over();
	assert_int_equal(change_audit(audit, "late"), 0);
	assert_int_equal(journal_audit_drop_overdue(audit, SECOND), 0);
	assert_int_equal(journal_audit_shrink(audit), 0);
	journal_close(audit);
}

#define WRITTEN_BYTES (8u << 20) /* patience is half a second more for them */

/* A loaded machine only makes it longer. */
static void test_hang_when_patience_is_longer_then_so_is_the_rest(void **state)
{
	struct slow *slow = *state;
	struct instant begun, over;

	hold(true);
	journal_disk_wrote(WRITTEN_BYTES);
	model_clock_read(&begun);
	assert_int_equal(world_put(&slow->world, "refused", "10.0.0.1"), -EIO);
	hold(false);
	wait_until_it_is_over();
	model_clock_read(&over);
	assert_true(over.boot_ns - begun.boot_ns > 2 * (PATIENCE_NS + SECOND / 2));
}

#define SLOW_CASE(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SLOW_CASE(test_change_when_the_disk_hangs_then_refused_and_cut_all_the_same),
		SLOW_CASE(test_crash_when_a_change_was_refused_then_it_stays_refused),
		SLOW_CASE(test_crash_when_failed_commits_lie_in_each_other_then_no_damage),
		SLOW_CASE(test_change_when_patience_is_endless_then_waits),
		SLOW_CASE(test_cut_when_a_sync_is_late_then_not_recorded_until_over),
		SLOW_CASE(test_audit_when_a_sync_is_late_then_nothing_is_written_until_over),
		SLOW_CASE(test_hang_when_patience_is_longer_then_so_is_the_rest),
	};

	if (build_gate() != SQLITE_OK)
		return 1;
	return cmocka_run_group_tests_name("disk", tests, NULL, NULL);
}
