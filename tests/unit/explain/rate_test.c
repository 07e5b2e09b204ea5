/* SPDX-License-Identifier: BSD-3-Clause */
#include "explain/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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

/* As many as a scan or a flood has, all at their limit: strangers to them are explained to. */
static void test_take_when_many_others_are_at_their_limit_then_hardly_any_is_held_up(void **state)
{
	static struct explain_rate rate;
	unsigned int held_up = 0;
	char name[64];

	explain_rate_init(&rate, PER_SECOND, BURST, 1);
	for (unsigned int i = 0; i < 1024; i++) {
		snprintf(name, sizeof(name), "198.51.%u.%u", i / 256, i % 256);
		take_all(&rate, name, SECOND);
	}
	for (unsigned int i = 0; i < 256; i++) {
		snprintf(name, sizeof(name), "203.0.113.%u", i);
		held_up += take_all(&rate, name, SECOND) < BURST;
	}
	assert_in_range(held_up, 0, 2);
}

static void test_take_when_one_of_ipv6_has_many_addresses_then_one_allowance(void **state)
{
	static struct explain_rate rate;

	explain_rate_init(&rate, PER_SECOND, BURST, 1);
	assert_int_equal(take_all(&rate, "2001:db8::1", SECOND), BURST);
	assert_int_equal(take_all(&rate, "2001:db8::2", SECOND), 0);
	assert_int_equal(take_all(&rate, "2001:db8:0:1::1", SECOND), BURST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take_when_new_then_a_burst_and_no_more),
		cmocka_unit_test(test_take_when_time_passes_then_the_rate_and_at_most_a_burst),
		cmocka_unit_test(test_take_when_another_source_then_its_own_allowance),
		cmocka_unit_test(test_take_when_just_booted_then_a_burst_too),
		cmocka_unit_test(
			test_take_when_many_others_are_at_their_limit_then_hardly_any_is_held_up),
		cmocka_unit_test(test_take_when_one_of_ipv6_has_many_addresses_then_one_allowance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
