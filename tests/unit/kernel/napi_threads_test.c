// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/napi_threads.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/kernel.h"
#include "rig.h"

static void assert_threads(int public, int builds)
{
	assert_int_equal(kernel_napi_threads_look(RIG_PUBLIC), public);
	assert_int_equal(kernel_napi_threads_look(RIG_BUILDS), builds);
}

static void reload(struct kernel *kernel, const struct rig *rig)
{
	char *reason = NULL;

	if (kernel_reload(kernel, rig->config, &reason))
		fail_msg("kernel_reload: %s", reason ? reason : "-");
}

static void test_napi_threads_when_auto_then_veths_have_them_for_xdp(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	char *reason = NULL;

	assert_threads(1, 1);
	rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	assert_true(flow_passes(rig, RIG_WAIT_MS));
	rig->config->dataplane.engine = SP_ENGINE_DPDK;
	reload(kernel, rig);
	assert_threads(0, 0);
	rig->config->dataplane.engine = SP_ENGINE_XDP;
	reload(kernel, rig);
	assert_threads(1, 1);
	kernel_stop(kernel);
	assert_threads(1, 1);
	assert_int_equal(kernel_detach(rig->config, &reason), 0);
	assert_threads(0, 0);
}

static void test_napi_threads_when_said_then_so_with_either_engine(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel;

	rig->config->dataplane.napi_threads = CONFIG_NAPI_THREADS_OFF;
	kernel = rig_start(rig);
	assert_threads(0, 0);
	rig->config->dataplane.napi_threads = CONFIG_NAPI_THREADS_ON;
	rig->config->dataplane.engine = SP_ENGINE_DPDK;
	reload(kernel, rig);
	assert_threads(1, 1);
	kernel_stop(kernel);
}

static void test_napi_threads_when_no_veth_then_only_at_a_word(void **state)
{
	struct rig *rig = rig_of(state);

	assert_int_equal(kernel_napi_threads_apply(rig->config, "lo"), 0);
	rig->config->dataplane.napi_threads = CONFIG_NAPI_THREADS_ON;
	assert_int_equal(kernel_napi_threads_apply(rig->config, "lo"), -EOPNOTSUPP);
	assert_int_equal(kernel_napi_threads_undo(rig->config, "lo"), 0);
}

static void test_napi_threads_when_engine_is_edited_then_detach_undoes_them(void **state)
{
	struct rig *rig = rig_of(state);
	char *reason = NULL;

	kernel_stop(rig_start(rig));
	assert_threads(1, 1);
	rig->config->dataplane.engine = SP_ENGINE_DPDK;
	assert_int_equal(kernel_detach(rig->config, &reason), 0);
	assert_threads(0, 0);
}

static void test_napi_threads_when_nothing_is_ours_then_detach_leaves_them(void **state)
{
	struct rig *rig = rig_of(state);
	char *reason = NULL;

	assert_int_equal(kernel_napi_threads_apply(rig->config, RIG_PUBLIC), -EOPNOTSUPP);
	rig_run(rig->edge_ns, "ethtool -K %s gro on", RIG_PUBLIC); /* its NAPI, as a program does */
	assert_int_equal(kernel_napi_threads_apply(rig->config, RIG_PUBLIC), 1);
	assert_int_equal(kernel_detach(rig->config, &reason), 0);
	assert_int_equal(kernel_napi_threads_look(RIG_PUBLIC), 1);
}

static bool has_threads(struct kernel *kernel, const void *interface)
{
	return kernel_napi_threads_look(interface) == 1;
}

static void test_napi_threads_when_down_at_the_start_then_set_once_it_is_up(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel_status status;
	struct kernel *kernel;

	rig_run(rig->edge_ns, "ip link set %s down", RIG_BUILDS);
	kernel = rig_start(rig);
	assert_threads(1, 0);
	kernel_status(kernel, &status);
	for (unsigned int i = 0; i < status.nr_warnings; i++)
		assert_null(strstr(status.warnings[i], "napi_threads"));
	rig_run(rig->edge_ns, "ip link set %s up", RIG_BUILDS);
	rig_wait(kernel, has_threads, RIG_BUILDS);
	kernel_stop(kernel);
}

static void test_napi_threads_when_down_at_detach_then_it_says_so(void **state)
{
	struct rig *rig = rig_of(state);
	char *reason = NULL;

	kernel_stop(rig_start(rig));
	rig_run(rig->edge_ns, "ip link set %s down", RIG_BUILDS);
	assert_int_equal(kernel_detach(rig->config, &reason), -ENETDOWN);
	assert_string_equal(reason, "threads of builds.interface cannot be turned off: Network is "
				    "down");
	assert_threads(0, 1);
	assert_int_equal(rig_leftovers(rig), 0);
	free(reason);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_make, rig_remove)
	const struct CMUnitTest tests[] = {
		TEST(test_napi_threads_when_auto_then_veths_have_them_for_xdp),
		TEST(test_napi_threads_when_said_then_so_with_either_engine),
		TEST(test_napi_threads_when_engine_is_edited_then_detach_undoes_them),
		TEST(test_napi_threads_when_nothing_is_ours_then_detach_leaves_them),
		TEST(test_napi_threads_when_no_veth_then_only_at_a_word),
		TEST(test_napi_threads_when_down_at_the_start_then_set_once_it_is_up),
		TEST(test_napi_threads_when_down_at_detach_then_it_says_so),
	};

	return cmocka_run_group_tests_name("napi_threads", tests, NULL, NULL);
}
