/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "edge/put/build.h"
#include "edge/state/events.h"
#include "host/table_map.h"
#include "journal/copy.h"
#include "journal/schema.h"
#include "world.h"

struct place {
	char directory[64];
	char path[96];
	char wal[104];
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->directory, "/tmp/sallyport-journal-XXXXXX");
	if (!mkdtemp(place->directory))
		return -1;
	snprintf(place->path, sizeof(place->path), "%s/journal.sqlite", place->directory);
	snprintf(place->wal, sizeof(place->wal), "%s-wal", place->path);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", place->directory);
	if (system(command) != 0)
		return -1;
	free(place);
	return 0;
}

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

/* A build with everything that can be said of one. */
static void put_full(struct world *world)
{
	static const char *const addresses[] = {"10.0.0.1", ""};
	struct edge_call call = world_call(world);
	struct forward_spec *forward;
	struct edge_result result;
	struct build_spec spec;

	world_spec(&spec, "full", 2, addresses);
	spec.title = strdup("acme/api#1");
	spec.user = strdup("ubuntu");
	spec.organisation = strdup("acme");
	spec.keys_as_of_wall_ns = 17 * SECOND;
	spec.connect_within_ns = HOUR;
	model_build_strings_add(&spec.actors, "alice");
	model_build_strings_add(&spec.actors, "bob");
	model_build_strings_add(&spec.key_fingerprints, "SHA256:abc");
	model_build_strings_add(&spec.nodes[0].host_keys, "ssh-ed25519 AAAA");
	spec.allow[spec.nr_allow++] = world_prefix("203.0.113.0/24");
	spec.allow[spec.nr_allow++] = world_prefix("2001:db8::/32");
	forward = model_build_spec_node_spec_add_forward(&spec.nodes[0]);
	strcpy(forward->name, "mosh");
	forward->port = 60001;
	forward->protocol_mask = SP_PROTOCOL_UDP;
	assert_int_equal(put_build(world->edge, &call, &spec, &result), 0);
	model_build_spec_free(&spec);
}

static void check_same_node(const struct node *a, const struct node *b)
{
	assert_int_equal(a->index, b->index);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->has_address, b->has_address);
	assert_memory_equal(&a->address, &b->address, sizeof(a->address));
	assert_true(model_build_strings_equal(&a->host_keys, &b->host_keys));
	assert_int_equal(a->nr_forwards, b->nr_forwards);
	for (unsigned int i = 0; i < a->nr_forwards; i++) {
		assert_string_equal(a->forwards[i].name, b->forwards[i].name);
		assert_int_equal(a->forwards[i].port, b->forwards[i].port);
		assert_int_equal(a->forwards[i].protocol_mask, b->forwards[i].protocol_mask);
		assert_int_equal(a->forwards[i].slot_index, b->forwards[i].slot_index);
	}
}

static void check_same(const struct build *a, const struct build *b)
{
	assert_string_equal(a->id, b->id);
	assert_int_equal(a->serial, b->serial);
	assert_int_equal(a->revision, b->revision);
	assert_int_equal(a->state, b->state);
	assert_string_equal(a->title, b->title);
	assert_string_equal(a->user, b->user);
	assert_string_equal(a->organisation, b->organisation);
	assert_true(model_build_strings_equal(&a->actors, &b->actors));
	assert_true(model_build_strings_equal(&a->key_fingerprints, &b->key_fingerprints));
	assert_int_equal(a->nr_allow, b->nr_allow);
	assert_memory_equal(a->allow, b->allow, sizeof(a->allow));
	assert_memory_equal(&a->keys_as_of_wall_ns, &b->keys_as_of_wall_ns, sizeof(uint64_t));
	assert_int_equal(a->created_wall_ns, b->created_wall_ns);
	assert_int_equal(a->deadline_ns, b->deadline_ns);
	assert_int_equal(a->base_ns, b->base_ns);
	assert_int_equal(a->cap_ns, b->cap_ns);
	assert_int_equal(a->hard_end_ns, b->hard_end_ns);
	assert_int_equal(a->connect_by_ns, b->connect_by_ns);
	assert_int_equal(a->linger_ns, b->linger_ns);
	assert_int_equal(a->max_lifetime_ns, b->max_lifetime_ns);
	assert_int_equal(a->max_extension_ns, b->max_extension_ns);
	assert_int_equal(a->connect_within_ns, b->connect_within_ns);
	assert_int_equal(a->nr_nodes, b->nr_nodes);
	for (unsigned int i = 0; i < a->nr_nodes; i++)
		check_same_node(&a->nodes[i], &b->nodes[i]);
}

static void test_replay_when_reopened_then_every_field_is_back(void **state)
{
	const struct place *place = *state;
	struct world world;
	struct build *before;

	world_init(&world, 16);
	world_start(&world, place->path);
	put_full(&world);
	before = model_build_clone(world_get(&world, "full"));
	edge_free(world.edge);
	journal_close(world.journal);
	world_start(&world, place->path);
	check_same(before, world_get(&world, "full"));
	model_build_free(before);
	world_stop(&world);
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

static int count_rows(void *context, int columns, char **values, char **names)
{
	*(int *)context = atoi(values[0]);
	return 0;
}

static int ask(struct world *world, const char *text)
{
	int number = -1;

	assert_int_equal(
		sqlite3_exec(journal_handle(world->journal), text, count_rows, &number, NULL),
		SQLITE_OK);
	return number;
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
	char *reason = NULL;
	int version = -1;
	struct world world;

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

static void limit_pages(struct world *world, const char *text)
{
	assert_int_equal(sqlite3_exec(journal_handle(world->journal), text, NULL, NULL, NULL),
			 SQLITE_OK);
}

/* Puts builds until one finds no more room in the file. Result: that one's number. */
static unsigned int put_until_full(struct world *world, struct sp_slot *slots, size_t bytes,
				   uint64_t *seq)
{
	char id[16], address[32];

	for (unsigned int i = 0; i < 200; i++) {
		memcpy(slots, world->table->leases, bytes);
		*seq = edge_events(world->edge)->newest_seq;
		snprintf(id, sizeof(id), "b%u", i);
		snprintf(address, sizeof(address), "10.0.1.%u", i + 1);
		if (world_put(world, id, address) < 0)
			return i;
	}
	fail_msg("the disk was not full");
	return 0;
}

static void test_change_when_disk_is_full_then_refused_and_nothing_changed(void **state)
{
	const struct place *place = *state;
	char id[16], address[32];
	struct sp_slot *slots;
	struct world world;
	unsigned int number;
	uint64_t seq;
	size_t bytes;

	world_init(&world, 256);
	world_start(&world, place->path);
	bytes = world.table->nr_slots * sizeof(*slots);
	slots = malloc(bytes);
	limit_pages(&world, "PRAGMA max_page_count = 1");
	number = put_until_full(&world, slots, bytes, &seq);
	assert_int_equal(world.problem.type, PROBLEM_JOURNAL);
	assert_int_equal(json_problem_status(world.problem.type), 503);
	assert_true(world.problem.retry_after_s > 0);
	assert_memory_equal(slots, world.table->leases, bytes);
	assert_int_equal(edge_events(world.edge)->newest_seq, seq);
	snprintf(id, sizeof(id), "b%u", number);
	snprintf(address, sizeof(address), "10.0.1.%u", number + 1);
	assert_null(edge_get(world.edge, id));
	limit_pages(&world, "PRAGMA max_page_count = 100000");
	assert_int_equal(world_put(&world, id, address), 0);
	free(slots);
	world_stop(&world);
}

struct seen {
	uint64_t first, last;
	unsigned int nr;
};

static int see(const struct event *event, void *context)
{
	struct seen *seen = context;

	if (seen->nr++ == 0)
		seen->first = event->seq;
	seen->last = event->seq;
	return 0;
}

static void add_events(struct world *world, unsigned int number)
{
	for (unsigned int i = 0; i < number; i++) {
		struct event event = {.type = EVENT_ENGINE_SWITCHED, .node_index = EVENT_NO_NODE};

		strcpy(event.detail, "dpdk");
		assert_int_equal(edge_notes_event(world->edge, &world->now, &event), 0);
		assert_int_equal(event.seq, edge_events(world->edge)->newest_seq);
	}
}

static void test_events_when_compacted_then_old_readers_are_told(void **state)
{
	struct seen seen = {0};
	struct world world;

	world_init(&world, 16);
	world.settings.events_kept = 10;
	world_start(&world, ":memory:");
	add_events(&world, 25);
	assert_int_equal(state_events_read(edge_events(world.edge), 20, 3, see, &seen), 0);
	assert_int_equal(seen.first, 21);
	assert_int_equal(seen.last, 23);
	world_pass(&world, 2 * MINUTE);
	assert_int_equal(edge_events(world.edge)->oldest_seq, 16);
	assert_int_equal(state_events_read(edge_events(world.edge), 14, 100, see, &seen), -ESTALE);
	seen = (struct seen){0};
	assert_int_equal(state_events_read(edge_events(world.edge), 15, 100, see, &seen), 0);
	assert_int_equal(seen.nr, 10);
	world_restart(&world);
	assert_int_equal(edge_events(world.edge)->oldest_seq, 16);
	assert_int_equal(edge_events(world.edge)->newest_seq, 25);
	assert_int_equal(state_events_read(edge_events(world.edge), 25, 100, see, &seen), 0);
	world_stop(&world);
}

static void test_events_when_names_are_parsed_then_the_same(void **state)
{
	enum event_type type;

	for (unsigned int i = 0; i < EVENT_TYPES_NR; i++) {
		assert_int_equal(model_event_type_parse(model_event_type_name(i), &type), 0);
		assert_int_equal(type, i);
	}
	assert_int_equal(model_event_type_parse("build.lost", &type), -EINVAL);
}

static void test_audit_when_changed_then_who_and_what(void **state)
{
	struct edge_result result;
	struct edge_call call;
	struct world world;

	world_init(&world, 16);
	world.settings.audit_kept_ns = 24 * HOUR;
	world_start(&world, ":memory:");
	assert_int_equal(world_put(&world, "a", "10.0.0.1"), 0);
	assert_int_equal(world_put(&world, "a", "10.0.0.1"), 0);
	call = world_call(&world);
	assert_int_equal(edge_calls_cancel(world.edge, &call, "a", &result), 0);
	assert_int_equal(ask(&world, "SELECT count(*) FROM audit WHERE uid = 1000 AND pid = 4242"
				     " AND build = 'a'"),
			 2);
	assert_int_equal(ask(&world, "SELECT count(*) FROM audit WHERE what = 'cancel'"), 1);
	world_pass(&world, HOUR);
	assert_int_equal(ask(&world, "SELECT count(*) FROM builds WHERE gone = 1"), 1);
	world_pass(&world, 25 * HOUR);
	assert_int_equal(ask(&world, "SELECT count(*) FROM audit"), 0);
	assert_int_equal(ask(&world, "SELECT count(*) FROM builds"), 0);
	assert_int_equal(ask(&world, "SELECT count(*) FROM forwards"), 0);
	assert_int_equal(world_put(&world, "b", "10.0.0.1"), 0);
	assert_int_equal(world_get(&world, "b")->serial, 2);
	world_stop(&world);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_replay_when_reopened_then_every_field_is_back),
		CASE(test_open_when_file_is_none_then_refused_and_kept),
		CASE(test_open_when_file_is_empty_then_refused_and_kept),
		CASE(test_open_when_file_is_cut_then_refused_and_kept),
		CASE(test_open_when_a_page_is_damaged_then_refused_and_kept),
		CASE(test_open_when_version_is_another_then_it_is_named),
		CASE(test_open_when_version_is_older_then_it_is_made_new),
		CASE(test_take_back_when_version_was_raised_then_the_one_before),
		CASE(test_open_when_database_is_foreign_then_refused),
		CASE(test_open_when_killed_then_last_commit_is_there),
		CASE(test_open_when_log_is_torn_at_its_end_then_the_commit_before),
		CASE(test_open_when_log_is_damaged_inside_then_refused_and_kept),
		CASE(test_change_when_disk_is_full_then_refused_and_nothing_changed),
		cmocka_unit_test(test_events_when_compacted_then_old_readers_are_told),
		cmocka_unit_test(test_events_when_names_are_parsed_then_the_same),
		cmocka_unit_test(test_audit_when_changed_then_who_and_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
