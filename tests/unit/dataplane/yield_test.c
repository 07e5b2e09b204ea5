/* SPDX-License-Identifier: BSD-3-Clause */
/* When a worker goes to sleep for want of packets, and when it is woken. */
#include "yield.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define BELOW 1000u

static void test_never_yield_when_not_asked_to(void **state)
{
	struct yield yield = {.below = 0};

	yield_begin(&yield, 0, 0);
	assert_false(yield_is_due(&yield, 0, 100 * YIELD_PERIOD_NS));
}

static void test_yield_when_less_than_half_for_a_second(void **state)
{
	struct yield yield = {.below = BELOW};

	yield_begin(&yield, 7, 5);
	assert_false(yield_is_due(&yield, 7, 5 + YIELD_PERIOD_NS - 1));
	assert_true(yield_is_due(&yield, 7 + BELOW / 2 - 1, 5 + YIELD_PERIOD_NS));
}

static void test_stay_awake_when_half_or_more(void **state)
{
	struct yield yield = {.below = BELOW};

	yield_begin(&yield, 0, 0);
	assert_false(yield_is_due(&yield, BELOW / 2, YIELD_PERIOD_NS));
	/* A period of its own: the one before is forgotten. */
	assert_true(yield_is_due(&yield, BELOW / 2, 2 * YIELD_PERIOD_NS));
}

static void test_yield_below_one_packet_when_there_is_none(void **state)
{
	struct yield yield = {.below = 1};

	yield_begin(&yield, 0, 0);
	assert_false(yield_is_due(&yield, 1, YIELD_PERIOD_NS));
	assert_true(yield_is_due(&yield, 1, 2 * YIELD_PERIOD_NS));
}

/* A second that took three: it is what came a second that counts. */
static void test_count_by_time_when_a_period_was_longer(void **state)
{
	struct yield yield = {.below = BELOW};

	yield_begin(&yield, 0, 0);
	assert_true(yield_is_due(&yield, BELOW, 3 * YIELD_PERIOD_NS));
	assert_false(yield_is_over(&yield, BELOW + BELOW / 40 * 3,
				   3 * YIELD_PERIOD_NS + 4 * YIELD_NAP_NS));
}

static void test_wake_when_so_many_came_in_a_nap(void **state)
{
	const uint64_t many = BELOW * YIELD_NAP_NS / YIELD_PERIOD_NS;
	struct yield yield = {.below = BELOW};

	yield_begin(&yield, 100, 0);
	assert_false(yield_is_over(&yield, 100 + 10 * many, YIELD_NAP_NS - 1));
	assert_false(yield_is_over(&yield, 100 + many - 1, YIELD_NAP_NS));
	assert_true(yield_is_over(&yield, 100 + 2 * many - 1, 2 * YIELD_NAP_NS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_yield_when_not_asked_to),
		cmocka_unit_test(test_yield_when_less_than_half_for_a_second),
		cmocka_unit_test(test_stay_awake_when_half_or_more),
		cmocka_unit_test(test_yield_below_one_packet_when_there_is_none),
		cmocka_unit_test(test_count_by_time_when_a_period_was_longer),
		cmocka_unit_test(test_wake_when_so_many_came_in_a_nap),
	};

	return cmocka_run_group_tests_name("yield", tests, NULL, NULL);
}
