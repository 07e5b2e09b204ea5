/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/state/events.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_CASE(test_follow_when_there_are_many_then_each_once),
		WORLD_CASE(test_follow_when_the_first_are_gone_then_from_the_oldest),
		WORLD_CASE(test_follow_when_the_visitor_ends_it_then_that_is_the_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
