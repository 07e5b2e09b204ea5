/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/attempts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#include <sallyport/compiler.h>

#define SLOT 40000

static struct connection connection_of(const char *client, uint64_t opened_ns)
{
	return (struct connection){.slot_index = SLOT,
				   .generation = 7,
				   .client = world_addr(client),
				   .client_port = 50000,
				   .opened_ns = opened_ns};
}

static void test_note_when_it_comes_to_nothing_then_what_and_how_often(void **state)
{
	struct attempts *attempts = watch_attempts_new();
	struct connection connection = connection_of("203.0.113.9", 5);
	struct attempt found;

	assert_non_null(attempts);
	assert_false(watch_attempts_find(attempts, SLOT, 7, NULL, &found));
	watch_attempts_note(attempts, &connection, CONNECTION_OPENED);
	connection.opened_ns = 6;
	watch_attempts_note(attempts, &connection, CONNECTION_OPENED);
	connection.accepted_ns = 7;
	watch_attempts_note(attempts, &connection, CONNECTION_ACCEPTED);
	connection.end = CONNECTION_UNCONFIRMED;
	watch_attempts_note(attempts, &connection, CONNECTION_ENDED);
	assert_true(watch_attempts_find(attempts, SLOT, 7, &connection.client, &found));
	assert_int_equal(found.nr, 2);
	assert_int_equal(found.opened_ns, 6);
	assert_true(found.accepted);
	assert_false(found.established);
	assert_int_equal(found.end, CONNECTION_UNCONFIRMED);
	assert_true(watch_attempts_find(attempts, SLOT, 7, NULL, &found));
	assert_int_equal(found.nr, 2);
	assert_false(watch_attempts_find(attempts, SLOT, 8, NULL, &found));
	assert_false(watch_attempts_find(attempts, SLOT, 8, &connection.client, &found));
	watch_attempts_free(attempts);
}

/* What ended before the latest came does not end that. */
static void test_note_when_another_came_later_then_it_stays(void **state)
{
	struct attempts *attempts = watch_attempts_new();
	struct connection old = connection_of("203.0.113.9", 5);
	struct connection later = connection_of("203.0.113.9", 6);
	struct attempt found;

	watch_attempts_note(attempts, &old, CONNECTION_OPENED);
	watch_attempts_note(attempts, &later, CONNECTION_OPENED);
	old.end = CONNECTION_RESET_BY_VM;
	watch_attempts_note(attempts, &old, CONNECTION_ENDED);
	assert_true(watch_attempts_find(attempts, SLOT, 7, &later.client, &found));
	assert_int_equal(found.end, CONNECTION_OPEN);
	watch_attempts_free(attempts);
}

/* A flood may make one client forgotten, never how many came. */
static void test_note_when_flooded_then_the_lease_is_counted(void **state)
{
	struct attempts *attempts = watch_attempts_new();
	struct connection connection = connection_of("203.0.113.9", 5);
	struct attempt found;

	for (uint32_t i = 0; i < 100000; i++) {
		connection.client.word_be[3] = SP_BE32(0x0a000000 + i);
		watch_attempts_note(attempts, &connection, CONNECTION_OPENED);
	}
	assert_true(watch_attempts_find(attempts, SLOT, 7, NULL, &found));
	assert_int_equal(found.nr, 100000);
	watch_attempts_free(attempts);
}

/* Two at once, of one client: whichever order they come up in, neither has come to nothing. */
static void test_note_when_several_are_established_then_none_is_counted(void **state)
{
	static const char *const clients[][2] = {
		{"203.0.113.9", "203.0.113.9"},
		{"203.0.113.9", "203.0.113.10"},
	};

	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		struct attempts *attempts = watch_attempts_new();
		struct connection one = connection_of(clients[i][0], 5);
		struct connection other = connection_of(clients[i][1], 6);
		struct attempt found;

		watch_attempts_note(attempts, &one, CONNECTION_OPENED);
		watch_attempts_note(attempts, &other, CONNECTION_OPENED);
		one.accepted_ns = one.established_ns = 7;
		watch_attempts_note(attempts, &one, CONNECTION_ESTABLISHED);
		assert_true(watch_attempts_find(attempts, SLOT, 7, NULL, &found));
		assert_int_equal(found.nr, 1);
		assert_false(found.established);
		other.accepted_ns = other.established_ns = 8;
		watch_attempts_note(attempts, &other, CONNECTION_ESTABLISHED);
		assert_true(watch_attempts_find(attempts, SLOT, 7, NULL, &found));
		assert_int_equal(found.nr, 0);
		assert_true(found.established);
		assert_true(watch_attempts_find(attempts, SLOT, 7, &one.client, &found));
		assert_int_equal(found.nr, 0);
		watch_attempts_free(attempts);
	}
}

/* Counted in a place that others took since: not of those that are counted there now. */
static void test_note_when_the_place_began_anew_then_only_what_is_counted_there(void **state)
{
	struct attempts *attempts = watch_attempts_new();
	struct connection old = connection_of("203.0.113.9", 5);
	struct connection later = connection_of("203.0.113.9", 7);
	struct attempt found;

	watch_attempts_note(attempts, &later, CONNECTION_OPENED);
	old.established_ns = 8;
	watch_attempts_note(attempts, &old, CONNECTION_ESTABLISHED);
	assert_true(watch_attempts_find(attempts, SLOT, 7, &old.client, &found));
	assert_int_equal(found.nr, 1);
	watch_attempts_free(attempts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_note_when_it_comes_to_nothing_then_what_and_how_often),
		cmocka_unit_test(test_note_when_another_came_later_then_it_stays),
		cmocka_unit_test(test_note_when_flooded_then_the_lease_is_counted),
		cmocka_unit_test(test_note_when_several_are_established_then_none_is_counted),
		cmocka_unit_test(
			test_note_when_the_place_began_anew_then_only_what_is_counted_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
