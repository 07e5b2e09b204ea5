/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "host/addr.h"
#include "runner/vms.h"

#define SECOND_NS 1000000000ULL

static struct sp_addr address(uint32_t number)
{
	return sp_addr_from_v4(htonl(0x0a000000 + number));
}

static void test_find_when_full_then_refuses_until_idle_ones_are_forgotten(void **state)
{
	struct vms *vms = runner_vms_new();
	struct sp_addr addr = address(RUNNER_VMS_MAX);

	for (uint32_t i = 0; i < RUNNER_VMS_MAX; i++) {
		struct sp_addr one = address(i);
		struct vm *vm = runner_vms_find(vms, &one);

		assert_non_null(vm);
		if (i == 7)
			strcpy(vm->id, "kept");
		if (i == 8)
			vm->requests.used_until_ns = 2 * SECOND_NS;
	}
	assert_null(runner_vms_find(vms, &addr));
	runner_vms_forget_idle(vms, SECOND_NS);
	assert_non_null(runner_vms_find(vms, &addr));
	addr = address(7);
	assert_string_equal(runner_vms_find(vms, &addr)->id, "kept");
	addr = address(8);
	assert_int_equal(runner_vms_find(vms, &addr)->requests.used_until_ns, 2 * SECOND_NS);
	assert_int_equal(runner_vms_count_sessions(vms), 1);
	runner_vms_free(vms);
}

static void test_take_when_used_up_then_grows_back_one_by_one(void **state)
{
	const struct allowance allowance = {.burst = 3, .each_ns = SECOND_NS};
	uint64_t now_ns = 100 * SECOND_NS;
	struct bucket bucket = {0};

	for (unsigned int i = 0; i < 3; i++)
		assert_true(runner_vms_take(&bucket, &allowance, now_ns));
	assert_false(runner_vms_take(&bucket, &allowance, now_ns));
	assert_false(runner_vms_take(&bucket, &allowance, now_ns + SECOND_NS - 1));
	assert_true(runner_vms_take(&bucket, &allowance, now_ns + SECOND_NS));
	assert_false(runner_vms_take(&bucket, &allowance, now_ns + SECOND_NS));
	now_ns += 1000 * SECOND_NS;
	for (unsigned int i = 0; i < 3; i++)
		assert_true(runner_vms_take(&bucket, &allowance, now_ns));
	assert_false(runner_vms_take(&bucket, &allowance, now_ns));
	runner_vms_give_back(&bucket, &allowance);
	assert_true(runner_vms_take(&bucket, &allowance, now_ns));
	assert_false(runner_vms_take(&bucket, &allowance, now_ns));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find_when_full_then_refuses_until_idle_ones_are_forgotten),
		cmocka_unit_test(test_take_when_used_up_then_grows_back_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
