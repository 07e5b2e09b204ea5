/* SPDX-License-Identifier: BSD-3-Clause */
#include "explain/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#define PER_SECOND 2
#define BURST	   20

static unsigned int take_all(struct explain_rate *rate, const char *source, uint64_t now_ns)
{
	struct sp_addr addr = world_addr(source);
	unsigned int taken = 0;

	while (taken < 1000 && explain_rate_take(rate, &addr, now_ns))
		taken++;
	return taken;
}

static void test_take_when_new_then_a_burst_and_no_more(void **state)
{
	static struct explain_rate rate;

	explain_rate_init(&rate, PER_SECOND, BURST, 1);
	assert_int_equal(take_all(&rate, "203.0.113.1", 100 * SECOND), BURST);
	assert_int_equal(take_all(&rate, "203.0.113.1", 100 * SECOND), 0);
}

static void test_take_when_time_passes_then_the_rate_and_at_most_a_burst(void **state)
{
	static struct explain_rate rate;
	uint64_t now_ns = 100 * SECOND;

	explain_rate_init(&rate, PER_SECOND, BURST, 1);
	take_all(&rate, "203.0.113.1", now_ns);
	assert_int_equal(take_all(&rate, "203.0.113.1", now_ns + SECOND / 2 - 1), 0);
	assert_int_equal(take_all(&rate, "203.0.113.1", now_ns + SECOND / 2), 1);
	assert_int_equal(take_all(&rate, "203.0.113.1", now_ns + 3 * SECOND), 5);
	assert_int_equal(take_all(&rate, "203.0.113.1", now_ns + HOUR), BURST);
}

static void test_take_when_another_source_then_its_own_allowance(void **state)
{
	static struct explain_rate rate;

	explain_rate_init(&rate, PER_SECOND, BURST, 1);
	take_all(&rate, "203.0.113.1", SECOND);
	assert_int_equal(take_all(&rate, "203.0.113.2", SECOND), BURST);
	assert_int_equal(take_all(&rate, "2001:db8::1", SECOND), BURST);
}

static void test_take_when_just_booted_then_a_burst_too(void **state)
{
	static struct explain_rate rate;

	explain_rate_init(&rate, PER_SECOND, BURST, 1);
	assert_int_equal(take_all(&rate, "203.0.113.1", 0), BURST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take_when_new_then_a_burst_and_no_more),
		cmocka_unit_test(test_take_when_time_passes_then_the_rate_and_at_most_a_burst),
		cmocka_unit_test(test_take_when_another_source_then_its_own_allowance),
		cmocka_unit_test(test_take_when_just_booted_then_a_burst_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
