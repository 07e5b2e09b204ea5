// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/attach/desired.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define OURS 7

static const struct desired_seen well = {
	.present = true, .up = true, .by_our_link = true, .prog_id = OURS};

static void test_compare_when_seen_then_named(void **state)
{
	static const struct {
		struct desired_seen seen;
		enum desired_problem problem;
	} cases[] = {
		{{.present = true, .up = true, .by_our_link = true, .prog_id = OURS}, DESIRED_WELL},
		{{.present = false}, DESIRED_NO_INTERFACE},
		{{.present = true, .up = true}, DESIRED_NO_PROGRAM},
		{{.present = true, .up = false}, DESIRED_NO_PROGRAM},
		{{.present = true, .up = true, .prog_id = OURS}, DESIRED_FOREIGN},
		{{.present = true, .up = true, .prog_id = 8}, DESIRED_FOREIGN},
		{{.present = true, .up = true, .by_our_link = true, .prog_id = 8},
		 DESIRED_OTHER_ON_OUR_LINK},
		{{.present = true, .by_our_link = true, .prog_id = OURS}, DESIRED_DOWN},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(attach_desired_compare(OURS, &cases[i].seen), cases[i].problem);
}

static void test_look_when_program_is_gone_then_tried_with_growing_pauses(void **state)
{
	const struct desired_seen bare = {.present = true, .up = true};
	struct desired desired = {.wanted_prog_id = OURS};
	uint64_t now_ns = 1000, pause_ns = DESIRED_PAUSE_NS;

	assert_int_equal(attach_desired_look(&desired, &well, now_ns), DESIRED_REST);
	assert_int_equal(attach_desired_look(&desired, &bare, now_ns), DESIRED_ATTACH);
	assert_int_equal(desired.since_ns, 1000);
	for (unsigned int i = 0; i < 20; i++) {
		attach_desired_failed(&desired, now_ns);
		assert_int_equal(attach_desired_look(&desired, &bare, now_ns + pause_ns - 1),
				 DESIRED_REST);
		now_ns += pause_ns;
		assert_int_equal(attach_desired_look(&desired, &bare, now_ns), DESIRED_ATTACH);
		pause_ns =
			pause_ns * 2 > DESIRED_PAUSE_MAX_NS ? DESIRED_PAUSE_MAX_NS : pause_ns * 2;
	}
	assert_int_equal(desired.since_ns, 1000);
	assert_int_equal(attach_desired_look(&desired, &well, now_ns), DESIRED_REST);
	assert_int_equal(desired.problem, DESIRED_WELL);
}

static void test_hurry_when_a_try_is_far_then_soon(void **state)
{
	const struct desired_seen bare = {.present = true, .up = true};
	struct desired desired = {.wanted_prog_id = OURS};

	attach_desired_look(&desired, &bare, 0);
	for (unsigned int i = 0; i < 20; i++)
		attach_desired_failed(&desired, 0);
	attach_desired_hurry(&desired, 5);
	assert_int_equal(desired.next_try_ns, 5 + DESIRED_PAUSE_NS);
	attach_desired_hurry(&desired, 6);
	assert_int_equal(desired.next_try_ns, 5 + DESIRED_PAUSE_NS);
}

/* Somebody else's program is never touched; once it is off, ours goes there at once. */
static void test_look_when_foreign_then_waits_for_it_to_go(void **state)
{
	const struct desired_seen foreign = {.present = true, .up = true, .prog_id = 9};
	const struct desired_seen bare = {.present = true, .up = true};
	struct desired desired = {.wanted_prog_id = OURS};

	for (uint64_t now_ns = 1; now_ns < 100; now_ns++)
		assert_int_equal(attach_desired_look(&desired, &foreign, now_ns), DESIRED_REST);
	assert_int_equal(attach_desired_look(&desired, &bare, 100), DESIRED_ATTACH);
	assert_int_equal(desired.since_ns, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare_when_seen_then_named),
		cmocka_unit_test(test_look_when_program_is_gone_then_tried_with_growing_pauses),
		cmocka_unit_test(test_hurry_when_a_try_is_far_then_soon),
		cmocka_unit_test(test_look_when_foreign_then_waits_for_it_to_go),
	};

	return cmocka_run_group_tests_name("desired", tests, NULL, NULL);
}
