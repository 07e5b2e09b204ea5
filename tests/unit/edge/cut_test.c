/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions are cut whatever the journal says, and stay so. */
#include "edge/edge.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/table_map.h"
#include "journal/cuts.h"
#include "world.h"

static struct edge_figures figures(const struct world *world)
{
	struct edge_figures figures;

	edge_figures(world->edge, &figures);
	return figures;
}

static enum sp_slot_state slot_state(const struct world *world, const char *id)
{
	return world_slot(world, world_ssh(world_get(world, id), 0))->state;
}

/* All that was owed has come to the journal: the rows, the audit of who asked, one event. */
static void check_paid(struct world *world, const char *id, const char *what)
{
	char query[160];

	world_break_journal(world, false);
	world_pass(world, 2 * SECOND);
	assert_int_equal(figures(world).cuts_owed, 0);
	assert_int_equal(world_count_events(world, id, EVENT_BUILD_ENDED), 1);
	snprintf(query, sizeof(query),
		 "SELECT count(*) FROM builds WHERE id = '%s' AND state = 'ended'"
		 " AND ended_wall_ns NOT NULL",
		 id);
	assert_string_equal(world_ask(world, query), "1");
	snprintf(query, sizeof(query),
		 "SELECT count(*) FROM audit WHERE build = '%s' AND what = '%s' AND uid = 1000", id,
		 what);
	assert_string_equal(world_ask(world, query), "1");
}

static void test_cancel_when_journal_fails_then_cut_and_owed(void **state)
{
	struct world *world = *state;
	struct edge_result result;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	world_break_journal(world, true);
	assert_int_equal(world_cancel(world, "a", &result), 0);
	assert_int_equal(result.standing, EDGE_RECORDED);
	assert_false(problem_is_set(&world->problem));
	assert_true(result.removed);
	assert_int_equal(result.build->state, SESSION_ENDED);
	assert_int_equal(slot_state(world, "a"), SP_SLOT_ENDED);
	assert_int_equal(figures(world).cuts_owed, 1);
	assert_int_equal(world_count_events(world, "a", EVENT_BUILD_ENDED), 0);
	assert_int_equal(world_cancel(world, "a", &result), 0);
	assert_int_equal(result.standing, EDGE_RECORDED);
	assert_true(world_put(world, "b", "10.0.0.2") < 0);
	assert_int_equal(world->problem.type, PROBLEM_JOURNAL);
	check_paid(world, "a", "cancel");
	assert_int_equal(world_cancel(world, "a", &result), 0);
	assert_int_equal(result.standing, EDGE_JOURNALED);
}

static void test_finish_when_journal_fails_then_deadline_is_moved(void **state)
{
	struct edge_call call;
	struct world *world = *state;
	struct edge_result result;
	uint64_t deadline_ns;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	world_break_journal(world, true);
	call = world_call(world);
	assert_int_equal(edge_calls_finish(world->edge, &call, "a", BUILD_DEFAULT, &result), 0);
	assert_int_equal(result.standing, EDGE_RECORDED);
	deadline_ns = world->now.boot_ns + 30 * MINUTE;
	assert_int_equal(result.build->deadline_ns, deadline_ns);
	assert_int_equal(world_slot(world, world_ssh(result.build, 0))->deadline_ns, deadline_ns);
	world_restart(world);
	assert_int_equal(world_get(world, "a")->state, SESSION_FINISHED);
	assert_int_equal(world_get(world, "a")->deadline_ns, deadline_ns);
	world->now.boot_ns += 10 * MINUTE;
	world->now.wall_ns += 10 * MINUTE;
	world_reboot(world, 5 * MINUTE);
	assert_int_equal(world_get(world, "a")->deadline_ns, world->now.boot_ns + 15 * MINUTE);
	world_break_journal(world, false);
	world_pass(world, 16 * MINUTE);
	assert_int_equal(world_count_events(world, "a", EVENT_BUILD_FINISHED), 1);
	assert_int_equal(world_count_events(world, "a", EVENT_BUILD_ENDED), 1);
}

static void test_supersede_when_journal_fails_then_the_older_one_has_ended(void **state)
{
	static const char *const addresses[] = {"10.0.0.1"};
	struct world *world = *state;
	struct edge_result result;
	struct build_spec spec;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	world_break_journal(world, true);
	world_spec(&spec, "b", 1, addresses);
	spec.supersede = true;
	assert_true(world_put_spec(world, &spec, &result) < 0);
	model_build_spec_free(&spec);
	assert_int_equal(world->problem.type, PROBLEM_JOURNAL);
	assert_non_null(strstr(world->problem.detail, "1 sessions that were to end have ended"));
	assert_null(edge_get(world->edge, "b"));
	assert_int_equal(world_get(world, "a")->reason, SESSION_SUPERSEDED);
	assert_int_equal(slot_state(world, "a"), SP_SLOT_ENDED);
	check_paid(world, "a", "supersede");
}

static void test_sync_when_journal_fails_then_what_is_not_in_it_has_ended(void **state)
{
	struct edge_sync sync = {.allow_empty = true, .generation = BUILD_DEFAULT};
	struct world *world = *state;
	struct edge_call call = world_call(world);
	struct edge_sync_result result;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	world_break_journal(world, true);
	assert_true(edge_sync(world->edge, &call, &sync, NULL, NULL, &result) < 0);
	assert_int_equal(world->problem.type, PROBLEM_JOURNAL);
	assert_true(world->problem.retry_after_s > 0);
	assert_non_null(strstr(world->problem.detail, "1 sessions that were to end have ended"));
	assert_int_equal(slot_state(world, "a"), SP_SLOT_ENDED);
	check_paid(world, "a", "sync");
}

static void test_expire_when_journal_fails_then_ends_pass_what_cannot_be_forgotten(void **state)
{
	struct world *world = *state;
	struct edge_result result;
	bool removed;

	world->settings.connect_within_ns = HOUR;
	edge_reload(world->edge, &world->settings, &world->problem);
	assert_int_equal(world_put(world, "gone", "10.0.0.1"), 0);
	assert_int_equal(world_cancel(world, "gone", &result), 0);
	assert_int_equal(world_put(world, "unused", "10.0.0.2"), 0);
	world_break_journal(world, true);
	world->now.boot_ns += HOUR;
	world->now.wall_ns += HOUR;
	edge_expire(world->edge, &world->now, &removed); /* finds out that the journal fails */
	world->now.boot_ns += SECOND;
	edge_expire(world->edge, &world->now, &removed);
	assert_int_equal(world_get(world, "unused")->reason, SESSION_UNUSED);
	assert_int_equal(slot_state(world, "unused"), SP_SLOT_ENDED);
	assert_true(edge_expire(world->edge, &world->now, &removed) > world->now.boot_ns);
	world_break_journal(world, false);
	world_pass(world, 2 * SECOND);
	assert_null(edge_get(world->edge, "gone"));
	assert_int_equal(world_count_events(world, "unused", EVENT_BUILD_ENDED), 1);
}

static void test_restart_when_journal_fails_still_then_none_is_live_again(void **state)
{
	struct world *world = *state;
	struct edge_result result;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(world_put(world, "kept", "10.0.0.2"), 0);
	world_break_journal(world, true);
	assert_int_equal(world_cancel(world, "a", &result), 0);
	world_restart(world);
	assert_int_equal(world_get(world, "a")->state, SESSION_ENDED);
	assert_int_equal(slot_state(world, "a"), SP_SLOT_ENDED);
	world_reboot(world, MINUTE);
	assert_int_equal(world_get(world, "a")->reason, SESSION_CANCELLED);
	assert_int_equal(slot_state(world, "a"), SP_SLOT_ENDED);
	assert_int_equal(slot_state(world, "kept"), SP_SLOT_LIVE);
	check_paid(world, "a", "cancel");
}

/* Times of the boot before are never taken for this one's. */
static void test_reboot_when_journal_fails_then_times_are_right_ever_after(void **state)
{
	struct world *world = *state;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(world_finish(world, "a", BUILD_DEFAULT), 0);
	world_break_journal(world, true);
	world_reboot(world, 5 * MINUTE);
	assert_int_equal(world_get(world, "a")->deadline_ns, world->now.boot_ns + 25 * MINUTE);
	world->now.boot_ns += 5 * MINUTE;
	world->now.wall_ns += 5 * MINUTE;
	world_break_journal(world, false);
	assert_int_equal(world_put(world, "b", "10.0.0.2"), 0);
	world_restart(world);
	assert_int_equal(world_get(world, "a")->deadline_ns, world->now.boot_ns + 20 * MINUTE);
}

static void test_cut_ahead_when_a_sync_is_under_way_then_nothing_opens_it_again(void **state)
{
	static const char *const addresses[] = {"10.0.0.1", "10.0.0.2"};
	struct edge_sync sync = {.nr_specs = 1, .generation = BUILD_DEFAULT};
	struct world *world = *state;
	struct edge_call call = world_call(world);
	struct edge_sync_result sync_result;
	struct edge_sync_work *work;
	struct edge_result result;
	struct build_spec spec;
	int error = -EAGAIN;

	assert_int_equal(world_put(world, "a", ""), 0);
	world_spec(&spec, "a", 2, addresses);
	sync.specs = &spec;
	assert_int_equal(edge_sync_begin(world->edge, &call, &sync, NULL, NULL, &work), 0);
	for (unsigned int i = 0; i < 5 && error == -EAGAIN; i++)
		error = edge_sync_step(work, &sync_result);
	assert_int_equal(error, -EAGAIN);
	edge_calls_cut_ahead(world->edge, "a");
	assert_int_equal(slot_state(world, "a"), SP_SLOT_ENDED);
	while (error == -EAGAIN)
		error = edge_sync_step(work, &sync_result);
	assert_int_equal(error, 0);
	edge_sync_free(work);
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(world_slot(world, world_ssh(world_get(world, "a"), i))->state,
				 SP_SLOT_ENDED);
	assert_int_equal(world_put_spec(world, &spec, &result), -EEXIST);
	model_build_spec_free(&spec);
	assert_int_equal(world_cancel(world, "a", &result), 0);
	world_pass(world, HOUR);
	assert_int_equal(world_put(world, "b", "10.0.0.1"), 0);
	assert_non_null(world_endpoint(world, "10.0.0.1", 22));
	assert_null(world_endpoint(world, "10.0.0.2", 22));
}

struct place {
	char dir[32];
	char path[64];
	char cuts[80];
};

static int make_place(void **state)
{
	struct place *place = malloc(sizeof(*place));

	strcpy(place->dir, "/tmp/cut_test.XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	snprintf(place->path, sizeof(place->path), "%s/journal.db", place->dir);
	snprintf(place->cuts, sizeof(place->cuts), "%s-cuts", place->path);
	*state = place;
	return 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", place->dir);
	assert_int_equal(system(command), 0);
	free(place);
	return 0;
}

/* Two builds, "cut" ended while the journal fails; then the daemon is gone. */
static enum edge_standing cut_and_die(const struct place *place, struct world *world)
{
	struct edge_result result;

	world_init(world, 16);
	world_start(world, place->path);
	assert_int_equal(world_put(world, "cut", "10.0.0.1"), 0);
	assert_int_equal(world_put(world, "kept", "10.0.0.2"), 0);
	world_break_journal(world, true);
	assert_int_equal(world_cancel(world, "cut", &result), 0);
	world_stop(world);
	return result.standing;
}

static void test_file_when_host_comes_back_then_cuts_are_known(void **state)
{
	const struct place *place = *state;
	struct world world;
	struct stat file;

	assert_int_equal(cut_and_die(place, &world), EDGE_RECORDED);
	assert_int_equal(stat(place->cuts, &file), 0);
	assert_int_equal(file.st_size, 2 * 16 * 128);
	assert_true(file.st_blocks * 512 >= file.st_size);
	world.nr_boots++;
	world_start(&world, place->path);
	assert_int_equal(world_get(&world, "cut")->state, SESSION_ENDED);
	assert_int_equal(slot_state(&world, "kept"), SP_SLOT_LIVE);
	assert_int_equal(world_count_events(&world, "cut", EVENT_BUILD_ENDED), 1);
	assert_int_equal(figures(&world).cuts_owed, 0);
	world_stop(&world);
}

static void test_file_when_record_is_damaged_then_it_is_none(void **state)
{
	const struct place *place = *state;
	struct world world;
	int fd;

	assert_int_equal(cut_and_die(place, &world), EDGE_RECORDED);
	fd = open(place->cuts, O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, 40), 1);
	close(fd);
	world_start(&world, place->path);
	assert_int_equal(world_get(&world, "cut")->state, SESSION_RUNNING);
	world_stop(&world);
}

/* The serials of a new journal are those of the old one again. */
static void test_file_when_journal_is_another_then_its_builds_are_left_alone(void **state)
{
	const struct place *place = *state;
	struct world world;

	assert_int_equal(cut_and_die(place, &world), EDGE_RECORDED);
	assert_int_equal(unlink(place->path), 0);
	world.now.wall_ns += HOUR;
	world_start(&world, place->path);
	assert_int_equal(world_put(&world, "other", "10.0.0.1"), 0);
	edge_free(world.edge);
	journal_close(world.journal);
	world_start(&world, place->path);
	assert_int_equal(world_get(&world, "other")->state, SESSION_RUNNING);
	world_stop(&world);
}

static void test_file_when_there_is_none_then_cut_all_the_same_and_said(void **state)
{
	const struct place *place = *state;
	struct world world;

	assert_int_equal(mkdir(place->cuts, 0755), 0);
	assert_int_equal(cut_and_die(place, &world), EDGE_LOOSE);
}

int main(void)
{
#define PLACE(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)
	const struct CMUnitTest tests[] = {
		WORLD_CASE(test_cancel_when_journal_fails_then_cut_and_owed),
		WORLD_CASE(test_finish_when_journal_fails_then_deadline_is_moved),
		WORLD_CASE(test_supersede_when_journal_fails_then_the_older_one_has_ended),
		WORLD_CASE(test_sync_when_journal_fails_then_what_is_not_in_it_has_ended),
		WORLD_CASE(test_expire_when_journal_fails_then_ends_pass_what_cannot_be_forgotten),
		WORLD_CASE(test_restart_when_journal_fails_still_then_none_is_live_again),
		WORLD_CASE(test_reboot_when_journal_fails_then_times_are_right_ever_after),
		WORLD_CASE(test_cut_ahead_when_a_sync_is_under_way_then_nothing_opens_it_again),
		PLACE(test_file_when_host_comes_back_then_cuts_are_known),
		PLACE(test_file_when_record_is_damaged_then_it_is_none),
		PLACE(test_file_when_journal_is_another_then_its_builds_are_left_alone),
		PLACE(test_file_when_there_is_none_then_cut_all_the_same_and_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
