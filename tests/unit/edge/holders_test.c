/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "edge/state/holders.h"

#define NR	 5000u
#define NR_STEPS 200000u

static struct endpoint endpoint(unsigned int i)
{
	const struct endpoint endpoint = {
		.addr = {.word_be = {0, 0, 0xffff, i / 3}},
		.port_be = (__be16)(22 + i % 3),
		.protocol = 1,
	};

	return endpoint;
}

static void check_all(const struct holders *holders, const uint64_t *expected)
{
	for (unsigned int i = 0; i < NR; i++) {
		const struct endpoint key = endpoint(i);

		assert_int_equal(state_holders_get(holders, &key), expected[i]);
	}
}

/* Beside an array that says what it has to say. */
static void test_holders_when_they_come_and_go_then_each_is_found(void **state)
{
	static uint64_t expected[NR];
	struct holders *holders;

	srandom(7);
	assert_int_equal(state_holders_new(&holders), 0);
	for (unsigned int step = 0; step < NR_STEPS; step++) {
		unsigned int i = (unsigned int)random() % NR;
		const struct endpoint key = endpoint(i);

		assert_int_equal(state_holders_get(holders, &key), expected[i]);
		expected[i] = random() % 5 < 2 ? 0 : step + 1;
		assert_int_equal(state_holders_set(holders, &key, expected[i]), 0);
		if (step % (NR_STEPS / 20) == 0)
			check_all(holders, expected);
	}
	check_all(holders, expected);
	state_holders_free(holders);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holders_when_they_come_and_go_then_each_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
