/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal/journal.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "edge/state/events.h"
#include "host/table_map.h"
#include "journal_fixture.h"

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
	if (a->nr_allow)
		assert_memory_equal(a->allow, b->allow, a->nr_allow * sizeof(a->allow[0]));
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
	const struct CMUnitTest tests[] = {
		CASE(test_replay_when_reopened_then_every_field_is_back),
		CASE(test_change_when_disk_is_full_then_refused_and_nothing_changed),
		cmocka_unit_test(test_events_when_compacted_then_old_readers_are_told),
		cmocka_unit_test(test_events_when_names_are_parsed_then_the_same),
		cmocka_unit_test(test_audit_when_changed_then_who_and_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
