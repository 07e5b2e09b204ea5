/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/state/events.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "journal/journal.h"
#include "world.h"

#define MANY 700 /* more than a follower reads at a time */

struct seen {
	uint64_t first, last;
	unsigned int nr;
};

/* Refuses the event after the tenth. */
static int look(const struct event *event, void *context)
{
	struct seen *seen = context;

	if (seen->nr == 10)
		return -ECANCELED;
	seen->nr++;
	return 0;
}

static int count(const struct event *event, void *context)
{
	struct seen *seen = context;

	if (seen->nr++ == 0)
		seen->first = event->seq;
	assert_int_equal(event->seq, seen->first + seen->nr - 1);
	seen->last = event->seq;
	return 0;
}

static struct events *many_events(struct world *world)
{
	struct events *events = edge_events(world->edge);

	assert_int_equal(journal_begin(world->journal), 0);
	for (unsigned int i = 0; i < MANY; i++) {
		struct event event = {.type = EVENT_POOL_LOW, .node_index = EVENT_NO_NODE};

		assert_int_equal(state_events_append(events, &event), 0);
	}
	assert_int_equal(journal_commit(world->journal, &world->now), 0);
	state_events_committed(events);
	return events;
}

static int follow_all(struct events *events, uint64_t *seq, event_visitor *visit, void *context)
{
	int more;

	do
		more = state_events_follow(events, seq, visit, context);
	while (more > 0);
	return more;
}

static void test_follow_when_there_are_many_then_each_once(void **state)
{
	struct events *events = many_events(*state);
	struct seen seen = {0};
	uint64_t seq = 0;

	assert_int_equal(follow_all(events, &seq, count, &seen), 0);
	assert_int_equal(seen.nr, events->newest_seq);
	assert_int_equal(seq, events->newest_seq);
	assert_int_equal(follow_all(events, &seq, count, &seen), 0);
	assert_int_equal(seen.nr, events->newest_seq);
}

static void test_follow_when_the_first_are_gone_then_from_the_oldest(void **state)
{
	struct events *events = many_events(*state);
	struct seen seen = {0};
	uint64_t seq = 3;

	assert_int_equal(state_events_compact(events, 300), 0);
	assert_int_equal(follow_all(events, &seq, count, &seen), 0);
	assert_int_equal(seen.first, events->oldest_seq);
	assert_int_equal(seen.nr, 300);
	assert_int_equal(seen.last, events->newest_seq);
}

static void test_follow_when_the_visitor_ends_it_then_that_is_the_result(void **state)
{
	struct events *events = many_events(*state);
	struct seen seen = {0};
	uint64_t seq = 0;

	assert_int_equal(state_events_follow(events, &seq, look, &seen), -ECANCELED);
	assert_int_equal(seen.nr, 10);
}

static int keep_last(const struct event *event, void *context)
{
	*(struct event *)context = *event;
	return 0;
}

/* Result: 0 and the newest event, or what became of it. */
static int give_up(struct world *world, uint64_t seq, const char *reason, struct event *ret_event)
{
	struct edge_dead_letter letter = {.seq = seq, .nr_tries = 4, .hook = "10-notify"};
	struct edge_call call = world_call(world);
	struct events *events = edge_events(world->edge);
	int result;

	snprintf(letter.reason, sizeof(letter.reason), "%s", reason);
	result = edge_notes_dead_letter(world->edge, &call, &letter);
	if (result == 0)
		assert_int_equal(
			state_events_read(events, events->newest_seq - 1, 1, keep_last, ret_event),
			0);
	return result;
}

static void test_dead_letter_when_told_then_an_event_of_the_same_build(void **state)
{
	struct world *world = *state;
	struct event event;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(give_up(world, 1, "status 7", &event), 0);
	assert_int_equal(event.seq, 2);
	assert_int_equal(event.type, EVENT_DELIVERY_FAILED);
	assert_int_equal(event.value, 1);
	assert_string_equal(event.build_id, "a");
	assert_string_equal(event.detail, "10-notify: build.enabled: 4 tries: status 7");
}

static void test_dead_letter_when_of_such_an_event_then_no_further_one(void **state)
{
	struct world *world = *state;
	struct event event;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(give_up(world, 1, "status 7", &event), 0);
	assert_int_equal(give_up(world, 2, "status 7", &event), 0);
	assert_int_equal(edge_events(world->edge)->newest_seq, 2);
}

static void test_dead_letter_when_event_is_forgotten_then_told_without_its_type(void **state)
{
	struct world *world = *state;
	struct events *events = many_events(world);
	struct event event;

	assert_int_equal(state_events_compact(events, 10), 0);
	assert_int_equal(give_up(world, 1, "status 7", &event), 0);
	assert_int_equal(event.type, EVENT_DELIVERY_FAILED);
	assert_string_equal(event.detail, "10-notify: 4 tries: status 7");
}

static void test_dead_letter_when_reason_is_long_then_it_is_cut(void **state)
{
	struct world *world = *state;
	char reason[EVENT_DETAIL_BYTES];
	struct event event;

	memset(reason, 'x', sizeof(reason));
	reason[sizeof(reason) - 1] = '\0';
	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(give_up(world, 1, reason, &event), 0);
	assert_int_equal(strlen(event.detail), EVENT_DETAIL_BYTES - 1);
}

static void test_dead_letter_when_there_is_no_such_event_then_refused(void **state)
{
	struct world *world = *state;
	struct event event;

	assert_int_equal(world_put(world, "a", "10.0.0.1"), 0);
	assert_int_equal(give_up(world, 2, "status 7", &event), -EINVAL);
	assert_int_equal(world->problem.type, PROBLEM_INVALID);
	assert_string_equal(world->problem.errors[0].pointer, "/seq");
	assert_int_equal(edge_events(world->edge)->newest_seq, 1);
}

/* A page of them, as it was read. */
struct page {
	struct event event[100];
	unsigned int nr;
};

static int keep_one(const struct event *event, void *context)
{
	struct page *page = context;

	page->event[page->nr++] = *event;
	return 0;
}

static void append_kept(struct world *world, struct events *events, unsigned int nr)
{
	struct event *list = calloc(nr, sizeof(*list));

	assert_non_null(list);
	assert_int_equal(journal_begin(world->journal), 0);
	for (unsigned int i = 0; i < nr; i++) {
		struct event copy;

		list[i] = (struct event){.type = EVENT_BUILD_WARNING, .node_index = (int32_t)i};
		list[i].value = i;
		snprintf(list[i].build_id, sizeof(list[i].build_id), "b%u", i);
		copy = list[i];
		copy.wall_ns = world->now.wall_ns;
		assert_int_equal(state_events_append(events, &copy), 0);
	}
	assert_int_equal(journal_commit(world->journal, &world->now), 0);
	state_events_committed(events);
	state_events_keep(events, list, nr, world->now.wall_ns);
	free(list);
}

static void compare_page(struct events *events, uint64_t since, unsigned int nr)
{
	static struct page memory, journal;
	uint64_t last = events->recent_last;

	memory.nr = journal.nr = 0;
	assert_int_equal(state_events_read(events, since, 100, keep_one, &memory), 0);
	events->recent_last = 0;
	assert_int_equal(state_events_read(events, since, 100, keep_one, &journal), 0);
	events->recent_last = last;
	assert_int_equal(memory.nr, nr);
	assert_int_equal(journal.nr, nr);
	for (unsigned int i = 0; i < nr; i++) {
		const struct event *a = &memory.event[i], *b = &journal.event[i];

		assert_int_equal(a->seq, b->seq);
		assert_int_equal(a->wall_ns, b->wall_ns);
		assert_int_equal(a->type, b->type);
		assert_string_equal(a->build_id, b->build_id);
		assert_int_equal(a->node_index, b->node_index);
		assert_int_equal(a->reason, b->reason);
		assert_int_equal(a->value, b->value);
		assert_string_equal(a->detail, b->detail);
	}
}

static void test_recent_when_read_from_memory_then_as_from_the_journal(void **state)
{
	struct world *world = *state;
	struct events *events = edge_events(world->edge);
	uint64_t first = events->newest_seq;

	append_kept(world, events, 3);
	compare_page(events, first, 3);
	append_kept(world, events, EVENTS_RECENT + 50);
	compare_page(events, events->newest_seq - 20, 20);
	compare_page(events, events->newest_seq - EVENTS_RECENT, 100);
	compare_page(events, events->newest_seq - EVENTS_RECENT - 10, 100);
	compare_page(events, first, 100);
	append_kept(world, events, 1);
	compare_page(events, events->newest_seq - 2, 2);
	many_events(world); /* not kept: then they are read back */
	compare_page(events, events->newest_seq - 5, 5);
	append_kept(world, events, 2);
	compare_page(events, events->newest_seq - 2, 2);
	compare_page(events, events->newest_seq - 4, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_CASE(test_follow_when_there_are_many_then_each_once),
		WORLD_CASE(test_follow_when_the_first_are_gone_then_from_the_oldest),
		WORLD_CASE(test_follow_when_the_visitor_ends_it_then_that_is_the_result),
		WORLD_CASE(test_dead_letter_when_told_then_an_event_of_the_same_build),
		WORLD_CASE(test_dead_letter_when_of_such_an_event_then_no_further_one),
		WORLD_CASE(test_dead_letter_when_event_is_forgotten_then_told_without_its_type),
		WORLD_CASE(test_dead_letter_when_reason_is_long_then_it_is_cut),
		WORLD_CASE(test_dead_letter_when_there_is_no_such_event_then_refused),
		WORLD_CASE(test_recent_when_read_from_memory_then_as_from_the_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
