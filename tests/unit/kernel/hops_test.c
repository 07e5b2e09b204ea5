// SPDX-License-Identifier: BSD-3-Clause
/* Whether the XDP program may remember next hops, and that it is told of what changes. */
#include "kernel/mirror.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/table_map.h"
#include "rig.h"

#define OLD 1 /* a tick long ago */

static struct sp_settings *settings_of(struct kernel *kernel)
{
	return kernel_table(kernel)->settings;
}

static bool keeps(struct kernel *kernel, const void *context)
{
	return settings_of(kernel)->hops_kept == 1;
}

static bool keeps_none(struct kernel *kernel, const void *context)
{
	return !keeps(kernel, context);
}

static bool is_told(struct kernel *kernel, const void *context)
{
	return settings_of(kernel)->hops_changed != OLD;
}

/* Runs a command that changes something about next hops, and waits until the program was told. */
static void change(const struct rig *rig, struct kernel *kernel, const char *command)
{
	settings_of(kernel)->hops_changed = OLD;
	rig_run(rig->edge_ns, "%s", command);
	rig_wait(kernel, is_told, NULL);
}

static void test_hops_when_nothing_depends_on_senders_then_kept(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	struct table_map *table;
	char *reason = NULL;

	assert_true(keeps(kernel, NULL));
	assert_true(is_told(kernel, NULL));
	rig_run(rig->edge_ns, "ip rule add to 198.51.100.0/24 lookup 100 priority 99");
	change(rig, kernel, "ip rule add to 198.51.100.0/25 lookup 100 priority 98");
	assert_true(keeps(kernel, NULL));
	kernel_stop(kernel);
	/* Nobody hears of changes now. */
	assert_int_equal(table_map_open(rig->bpf_dir, TABLE_LOOK, &table, &reason), 0);
	assert_int_equal(table->settings->hops_kept, 0);
	table_map_free(table);
}

static void test_hops_when_a_rule_is_for_some_then_not_kept(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);

	rig_run(rig->edge_ns, "ip rule add from 198.51.100.0/24 lookup 100");
	rig_wait(kernel, keeps_none, NULL);
	rig_run(rig->edge_ns, "ip rule del from 198.51.100.0/24 lookup 100");
	rig_wait(kernel, keeps, NULL);
	rig_run(rig->edge_ns, "ip -6 rule add iif public lookup 100");
	rig_wait(kernel, keeps_none, NULL);
	kernel_stop(kernel);
}

static void test_hops_when_a_route_or_link_changes_then_told(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);

	change(rig, kernel, "ip route add 198.51.100.0/24 via 10.0.3.254");
	change(rig, kernel, "ip link set builds mtu 1400");
	change(rig, kernel, "ip link set public address 02:00:00:00:00:77");
	kernel_stop(kernel);
}

static void test_hops_when_a_neighbour_moves_then_told_else_not(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);

	rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	change(rig, kernel,
	       "ip neigh replace " RIG_VM " lladdr 02:00:00:00:00:78 dev builds nud reachable");
	settings_of(kernel)->hops_changed = OLD;
	rig_run(rig->edge_ns,
		"ip neigh replace " RIG_VM " lladdr 02:00:00:00:00:78 dev builds nud stale");
	assert_int_equal(kernel_netlink_dispatch(kernel), 0);
	assert_false(is_told(kernel, NULL));
	change(rig, kernel, "ip neigh del " RIG_VM " dev builds");
	kernel_stop(kernel);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_make, rig_remove)
	const struct CMUnitTest tests[] = {
		TEST(test_hops_when_nothing_depends_on_senders_then_kept),
		TEST(test_hops_when_a_rule_is_for_some_then_not_kept),
		TEST(test_hops_when_a_route_or_link_changes_then_told),
		TEST(test_hops_when_a_neighbour_moves_then_told_else_not),
	};

	return cmocka_run_group_tests_name("hops", tests, NULL, NULL);
}
