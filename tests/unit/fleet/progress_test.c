/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/edges/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define TASKS 2000

static void test_progress_when_nothing_is_left_then_it_is_what_was_seen(void **state)
{
	struct edges_progress progress = {0};

	edges_progress_see(&progress, 7);
	assert_int_equal(progress.done, 7);
	edges_progress_see(&progress, 5);
	assert_int_equal(progress.done, 7);
}

static void test_progress_when_one_is_left_then_it_stays_below_that(void **state)
{
	struct edges_progress progress = {0};
	unsigned int one, two, three;

	one = edges_progress_add(&progress);
	edges_progress_see(&progress, 1);
	two = edges_progress_add(&progress);
	edges_progress_see(&progress, 2);
	edges_progress_finish(&progress, two);
	assert_int_equal(progress.done, 0);
	three = edges_progress_add(&progress);
	edges_progress_see(&progress, 3);
	edges_progress_finish(&progress, one);
	assert_in_range(progress.done, 1, 2);
	edges_progress_finish(&progress, three);
	assert_int_equal(progress.done, 3);
}

/* While all is read, in any order, one task stands for the reading. */
static void test_progress_when_read_in_another_order_then_it_waits_for_all(void **state)
{
	struct edges_progress progress = {0};
	unsigned int reading = edges_progress_add(&progress);
	unsigned int nine = edges_progress_add(&progress);
	unsigned int four = edges_progress_add(&progress);

	edges_progress_finish(&progress, nine);
	edges_progress_see(&progress, 9);
	assert_int_equal(progress.done, 0);
	edges_progress_finish(&progress, reading);
	assert_int_equal(progress.done, 0);
	edges_progress_finish(&progress, four);
	assert_int_equal(progress.done, 9);
}

/* Whatever is drawn: it never passes what is not done, never goes back, and arrives. */
static void test_progress_when_done_in_any_order_then_never_ahead(void **state)
{
	struct edges_progress progress = {0};
	static struct {
		int64_t revision;
		unsigned int batch;
	} left[TASKS];
	unsigned int nr = 0;
	int64_t revision = 0, before = 0;

	srandom(1);
	while (revision < TASKS || nr) {
		if (revision < TASKS && (!nr || random() % 2)) {
			left[nr].batch = edges_progress_add(&progress);
			left[nr++].revision = ++revision;
			edges_progress_see(&progress, revision);
		} else {
			unsigned int i = (unsigned int)random() % nr;

			edges_progress_finish(&progress, left[i].batch);
			left[i] = left[--nr];
		}
		assert_true(progress.done >= before);
		before = progress.done;
		for (unsigned int i = 0; i < nr; i++)
			assert_true(left[i].revision > progress.done);
	}
	assert_int_equal(progress.done, TASKS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_progress_when_nothing_is_left_then_it_is_what_was_seen),
		cmocka_unit_test(test_progress_when_one_is_left_then_it_stays_below_that),
		cmocka_unit_test(test_progress_when_read_in_another_order_then_it_waits_for_all),
		cmocka_unit_test(test_progress_when_done_in_any_order_then_never_ahead),
	};

	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
