/* SPDX-License-Identifier: BSD-3-Clause */
#include "etcd/members.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "etcd/gateway/header.h"
#include "host/boottime.h"

static const char *const urls[] = {"http://a", "http://b", "http://c"};

static struct etcd_members three(void)
{
	struct etcd_members members;

	etcd_members_init(&members, urls, 3);
	return members;
}

static int pick(struct etcd_members *members, uint64_t now_ns)
{
	uint64_t until_ns;

	return etcd_members_pick(members, now_ns, &until_ns);
}

static void test_pick_when_the_first_answers_then_it_stays(void **state)
{
	struct etcd_members members = three();

	assert_int_equal(pick(&members, 1), 0);
	assert_int_equal(pick(&members, 2), 0);
}

static void test_pick_when_one_failed_then_the_next_and_no_way_back(void **state)
{
	struct etcd_members members = three();

	etcd_members_failed(&members, 0, 1);
	assert_int_equal(pick(&members, 2), 1);
	/* The first has rested, but the second answers. */
	assert_int_equal(pick(&members, 1 + 2 * NS_PER_S), 1);
	etcd_members_failed(&members, 1, 1 + 2 * NS_PER_S);
	etcd_members_failed(&members, 2, 1 + 2 * NS_PER_S);
	assert_int_equal(pick(&members, 2 + 2 * NS_PER_S), 0);
}

static void test_pick_when_all_rest_then_told_until_when(void **state)
{
	struct etcd_members members = three();
	uint64_t until_ns = 0;

	etcd_members_failed(&members, 0, 30);
	etcd_members_failed(&members, 1, 20);
	etcd_members_failed(&members, 2, 40);
	assert_int_equal(etcd_members_pick(&members, 50, &until_ns), -EAGAIN);
	assert_int_equal(until_ns, 20 + NS_PER_S);
	assert_int_equal(pick(&members, until_ns), 1);
}

static void test_failed_when_not_the_current_then_the_current_stays(void **state)
{
	struct etcd_members members = three();

	etcd_members_failed(&members, 2, 1);
	assert_int_equal(pick(&members, 2), 0);
}

static void test_judge_when_of_another_cluster_then_left(void **state)
{
	struct etcd_members members = three();

	assert_int_equal(etcd_members_judge(&members, 0, &(struct etcd_header){7, 1, 5}, 1), 0);
	assert_int_equal(etcd_members_judge(&members, 1, &(struct etcd_header){8, 1, 9}, 1),
			 -EXDEV);
	etcd_members_failed(&members, 0, 1);
	assert_int_equal(pick(&members, 2), 2);
	/* A stranger does not move the highest term. */
	assert_int_equal(etcd_members_judge(&members, 0, &(struct etcd_header){7, 1, 5}, 1), 0);
}

static void test_judge_when_term_goes_back_then_left_until_it_has_caught_up(void **state)
{
	struct etcd_members members = three();

	assert_int_equal(etcd_members_judge(&members, 0, &(struct etcd_header){7, 1, 5}, 1), 0);
	assert_int_equal(etcd_members_judge(&members, 0, &(struct etcd_header){7, 1, 6}, 1), 0);
	assert_int_equal(etcd_members_judge(&members, 0, &(struct etcd_header){7, 9, 5}, 1),
			 -ESTALE);
	assert_int_equal(pick(&members, 2), 1);
	assert_int_equal(etcd_members_judge(&members, 0, &(struct etcd_header){7, 9, 6}, 3), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pick_when_the_first_answers_then_it_stays),
		cmocka_unit_test(test_pick_when_one_failed_then_the_next_and_no_way_back),
		cmocka_unit_test(test_pick_when_all_rest_then_told_until_when),
		cmocka_unit_test(test_failed_when_not_the_current_then_the_current_stays),
		cmocka_unit_test(test_judge_when_of_another_cluster_then_left),
		cmocka_unit_test(test_judge_when_term_goes_back_then_left_until_it_has_caught_up),
	};

	return cmocka_run_group_tests_name("etcd_members", tests, NULL, NULL);
}
