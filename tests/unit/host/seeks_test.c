/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/seeks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/addr.h"

#define START_NS  (100 * SEEKS_NS)
#define INTERFACE 3

static struct sp_addr client(uint32_t number)
{
	struct sp_addr addr;

	assert_int_equal(addr_parse("192.0.2.0", &addr), 0);
	((uint8_t *)&addr)[15] = (uint8_t)number;
	return addr;
}

static bool may(struct seeks *seeks, uint32_t number, uint32_t generation, uint64_t now_ns)
{
	struct sp_addr addr = client(number);

	return seeks_may(seeks, &addr, INTERFACE, generation, now_ns);
}

static void test_may_when_a_lease_asks_for_many_then_a_few_and_others_still(void **state)
{
	struct seeks seeks = {0};

	for (uint32_t i = 0; i < 200; i++)
		assert_int_equal(may(&seeks, i, 7, START_NS), i < SEEKS_PER_LEASE);
	assert_true(may(&seeks, 0, 7, START_NS)); /* it is asked for already */
	assert_true(may(&seeks, 201, 8, START_NS));
}

static void test_may_when_all_leases_ask_for_many_then_as_many_as_there_are_places(void **state)
{
	struct seeks seeks = {0};
	unsigned int nr = 0;

	for (uint32_t i = 0; i < 200; i++)
		nr += may(&seeks, i, i / 2, START_NS);
	assert_int_equal(nr, SEEKS_MAX);
	assert_false(may(&seeks, 201, 1000, START_NS + SEEKS_NS - 1));
	assert_true(may(&seeks, 201, 1000, START_NS + SEEKS_NS));
}

static void test_found_when_a_client_answers_then_its_place_is_free(void **state)
{
	struct seeks seeks = {0};
	struct sp_addr addr = client(1);

	for (uint32_t i = 0; i < SEEKS_PER_LEASE; i++)
		assert_true(may(&seeks, i, 7, START_NS));
	seeks_found(&seeks, &addr, INTERFACE + 1);
	assert_false(may(&seeks, 9, 7, START_NS));
	seeks_found(&seeks, &addr, INTERFACE);
	assert_true(may(&seeks, 9, 7, START_NS));
	assert_false(may(&seeks, 10, 7, START_NS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_may_when_a_lease_asks_for_many_then_a_few_and_others_still),
		cmocka_unit_test(
			test_may_when_all_leases_ask_for_many_then_as_many_as_there_are_places),
		cmocka_unit_test(test_found_when_a_client_answers_then_its_place_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
