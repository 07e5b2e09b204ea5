/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/state/guests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct sp_addr client(uint32_t number)
{
	return (struct sp_addr){.word_be = {0, 0, 0, number}};
}

static int set_up(void **state)
{
	*state = state_guests_new(7);
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	state_guests_free(*state);
	return 0;
}

static void test_has_when_added_then_for_that_build_and_client_alone(void **state)
{
	struct sp_addr one = client(1), other = client(2), nobody = {{0}};

	assert_false(state_guests_has(*state, 1, &nobody));
	state_guests_add(*state, 1, &one);
	assert_true(state_guests_has(*state, 1, &one));
	assert_false(state_guests_has(*state, 1, &other));
	assert_false(state_guests_has(*state, 2, &one));
}

static void test_add_when_a_set_is_full_then_the_oldest_goes(void **state)
{
	struct sp_addr first = client(0), second = client(1);

	for (uint32_t i = 0; i < GUESTS_A_SET; i++) {
		struct sp_addr one = client(i);

		state_guests_add(*state, 1, &one);
	}
	state_guests_add(*state, 1, &first); /* again: the latest now, and no place more */
	assert_true(state_guests_has(*state, 1, &second));
	for (uint32_t i = 0; i < GUESTS_A_SET - 1; i++) {
		struct sp_addr one = client(100 + i);

		state_guests_add(*state, 1, &one);
	}
	assert_true(state_guests_has(*state, 1, &first));
	assert_false(state_guests_has(*state, 1, &second));
}

/* A crowd at one build takes the memory of few others. */
static void test_add_when_one_build_has_a_crowd_then_most_others_keep_theirs(void **state)
{
	struct sp_addr one = client(1);
	unsigned int nr_known = 0;

	for (uint64_t serial = 1; serial <= 1000; serial++)
		state_guests_add(*state, serial, &one);
	for (uint32_t i = 0; i < 100000; i++) {
		struct sp_addr stranger = client(1000 + i);

		state_guests_add(*state, 5000, &stranger);
	}
	for (uint64_t serial = 1; serial <= 1000; serial++)
		nr_known += state_guests_has(*state, serial, &one);
	assert_in_range(nr_known, 990, 1000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_has_when_added_then_for_that_build_and_client_alone),
		TEST(test_add_when_a_set_is_full_then_the_oldest_goes),
		TEST(test_add_when_one_build_has_a_crowd_then_most_others_keep_theirs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
