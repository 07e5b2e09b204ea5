/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "runner/refused.h"

static void note(struct refused *refused, uint32_t number, enum said said, const char *label)
{
	const struct reply reply = {.said = said, .detail = "why"};
	struct sp_addr vm = sp_addr_from_v4(htonl(0x0a000000 + number));

	runner_refused_note(refused, &vm, label, "its-build", &reply);
}

static void test_note_of_one_vm_then_one_row_a_reason_with_the_latest_job(void **state)
{
	struct refused refused = {0};

	note(&refused, 1, SAID_OFTEN, "first");
	note(&refused, 1, SAID_OFTEN, "second\n");
	note(&refused, 1, SAID_TAKEN, NULL);
	assert_int_equal(refused.nr_rows, 2);
	assert_int_equal(refused.row[0].nr, 2);
	assert_string_equal(refused.row[0].label, "second ");
	assert_string_equal(refused.row[0].build, "its-build");
	assert_string_equal(refused.row[0].detail, "why");
	assert_string_equal(refused.row[1].label, "");
}

static void test_note_of_too_many_vms_then_others_are_counted_until_told(void **state)
{
	struct refused refused = {0};

	for (uint32_t i = 0; i < RUNNER_REFUSED_ROWS + 5; i++)
		note(&refused, i, SAID_OFTEN, "job");
	note(&refused, 0, SAID_OFTEN, "job");
	assert_int_equal(refused.nr_rows, RUNNER_REFUSED_ROWS);
	assert_int_equal(refused.row[0].nr, 2);
	assert_int_equal(refused.nr_others, 5);
	runner_refused_tell(&refused);
	assert_int_equal(refused.nr_rows, 0);
	assert_int_equal(refused.nr_others, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_note_of_one_vm_then_one_row_a_reason_with_the_latest_job),
		cmocka_unit_test(test_note_of_too_many_vms_then_others_are_counted_until_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
