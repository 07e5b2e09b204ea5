// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/neighbours/neighbours.h"

#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "host/addr.h"
#include "host/table_map.h"
#include "rig.h"

#define OURS   "proto 83"
#define SILENT "10.0.3.9"  /* nobody has it */
#define FAR    "10.99.0.5" /* behind RIG_GATEWAY, once there is a route */
#define IN_RIG "ip neigh show dev " RIG_BUILDS " "

static struct sp_addr addr_of(const char *text)
{
	struct sp_addr addr;

	assert_int_equal(addr_parse(text, &addr), 0);
	return addr;
}

static void add(struct kernel *kernel, const char *text)
{
	struct sp_addr addr = addr_of(text);

	assert_int_equal(kernel_vm_add(kernel, &addr), 0);
}

static void drop(struct kernel *kernel, const char *text)
{
	struct sp_addr addr = addr_of(text);

	assert_int_equal(kernel_vm_remove(kernel, &addr), 0);
}

static struct kernel_vm vm(const struct kernel *kernel, const char *text)
{
	struct sp_addr addr = addr_of(text);

	return kernel_vm(kernel, &addr);
}

static void test_vm_add_when_it_answers_then_managed_and_resolved(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	static const uint8_t none[6];

	rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	assert_memory_not_equal(vm(kernel, RIG_VM).mac, none, 6);
	assert_false(vm(kernel, RIG_VM).via_gateway);
	rig_run(rig->edge_ns, IN_RIG RIG_VM " | grep managed | grep -q '" OURS "'");
	kernel_stop(kernel);
	rig_run(rig->edge_ns, IN_RIG RIG_VM " | grep -q '" OURS "'");
}

static void test_vm_remove_when_last_then_entry_is_gone(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);

	add(kernel, RIG_VM);
	drop(kernel, RIG_VM);
	rig_run(rig->edge_ns, IN_RIG RIG_VM " | grep -q '" OURS "'");
	drop(kernel, RIG_VM);
	rig_run(rig->edge_ns, "test -z \"$(" IN_RIG RIG_VM ")\"");
	assert_int_equal(vm(kernel, RIG_VM).state, KERNEL_VM_UNKNOWN);
	kernel_stop(kernel);
}

static void test_vm_add_when_it_is_silent_then_unanswered(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);

	add(kernel, SILENT);
	assert_int_equal(vm(kernel, SILENT).state, KERNEL_VM_RESOLVING);
	rig_wait_vm(kernel, SILENT, KERNEL_VM_UNANSWERED);
	rig_run(rig->vm_ns, "ip address add " SILENT "/16 dev vm");
	rig_wait_vm(kernel, SILENT, KERNEL_VM_RESOLVED);
	kernel_stop(kernel);
}

static void test_vm_add_when_behind_a_gateway_then_gateway_is_managed(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	struct sp_addr gateway = addr_of(RIG_GATEWAY);
	struct kernel_vm far;

	rig_run(rig->vm_ns, "ip address add " RIG_GATEWAY "/16 dev vm");
	add(kernel, FAR);
	assert_int_equal(vm(kernel, FAR).state, KERNEL_VM_UNROUTED);
	rig_run(rig->edge_ns, "ip route add 10.99.0.0/24 via " RIG_GATEWAY);
	rig_wait_vm(kernel, FAR, KERNEL_VM_RESOLVED);
	far = vm(kernel, FAR);
	assert_true(far.via_gateway);
	assert_memory_equal(&far.next_hop, &gateway, sizeof(gateway));
	rig_run(rig->edge_ns, "ip route del 10.99.0.0/24");
	rig_wait_vm(kernel, FAR, KERNEL_VM_UNROUTED);
	rig_run(rig->edge_ns, "test -z \"$(" IN_RIG RIG_GATEWAY ")\"");
	kernel_stop(kernel);
}

/* The kernel tells the object's number alone, and of the route's end nothing at all. */
static void test_vm_add_when_behind_an_object_then_followed_until_it_goes(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel;

	rig_run(rig->vm_ns, "ip address add " RIG_GATEWAY "/16 dev vm");
	rig_run(rig->edge_ns, "echo 0 >/proc/sys/net/ipv4/nexthop_compat_mode");
	rig_run(rig->edge_ns, "ip nexthop add id 1 via " RIG_GATEWAY " dev " RIG_BUILDS);
	rig_run(rig->edge_ns, "ip route add 10.99.0.0/24 nhid 1");
	kernel = rig_start(rig);
	rig_run(rig->edge_ns, IN_RIG RIG_GATEWAY " | grep -q '" OURS "'");
	add(kernel, FAR);
	rig_wait_vm(kernel, FAR, KERNEL_VM_RESOLVED);
	assert_true(vm(kernel, FAR).via_gateway);
	rig_run(rig->edge_ns, "ip nexthop del id 1");
	rig_wait_vm(kernel, FAR, KERNEL_VM_UNROUTED);
	rig_run(rig->edge_ns, "test -z \"$(" IN_RIG RIG_GATEWAY ")\"");
	kernel_stop(kernel);
}

static void test_vm_add_when_it_is_ipv6_then_resolved_by_ndp(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);

	rig_run(rig->edge_ns, "ip address add fd00::1/64 dev " RIG_BUILDS " nodad");
	rig_run(rig->vm_ns, "ip address add fd00::7/64 dev vm nodad");
	add(kernel, "fd00::7");
	rig_wait_vm(kernel, "fd00::7", KERNEL_VM_RESOLVED);
	rig_run(rig->edge_ns, IN_RIG "fd00::7 | grep -q '" OURS "'");
	rig_run(rig->edge_ns, "ip route add fd01::/64 via fd00::7");
	add(kernel, "fd01::5");
	rig_wait_vm(kernel, "fd01::5", KERNEL_VM_RESOLVED);
	assert_true(vm(kernel, "fd01::5").via_gateway);
	kernel_stop(kernel);
	assert_int_equal(kernel_detach(rig->config, NULL), 0);
	rig_run(rig->edge_ns, "test -z \"$(ip -6 neigh show proto 83)\"");
}

static void test_vm_add_when_routed_elsewhere_then_unrouted(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);

	add(kernel, RIG_CLIENT);
	assert_int_equal(vm(kernel, RIG_CLIENT).state, KERNEL_VM_UNROUTED);
	kernel_stop(kernel);
}

static void test_start_when_routes_have_gateways_then_managed(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel;
	struct kernel_status status;

	rig_run(rig->edge_ns, "ip route add default via " RIG_CLIENT);
	kernel = rig_start(rig);
	rig_run(rig->edge_ns,
		"ip neigh show dev " RIG_PUBLIC " " RIG_CLIENT " | grep -q '" OURS "'");
	kernel_status(kernel, &status);
	assert_int_equal(status.neighbours, 2);
	kernel_stop(kernel);
}

static void test_start_when_earlier_vm_is_not_added_then_swept(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);

	add(kernel, SILENT);
	kernel_stop(kernel);
	rig_run(rig->edge_ns, IN_RIG SILENT " | grep -q '" OURS "'");
	kernel = rig_start(rig);
	rig_run(rig->edge_ns, "test -z \"$(" IN_RIG SILENT ")\"");
	rig_run(rig->edge_ns, IN_RIG RIG_VM " | grep -q '" OURS "'");
	kernel_stop(kernel);
}

#define MANY 700

static void add_many(struct kernel *kernel)
{
	for (uint32_t i = 0; i < MANY; i++) {
		struct sp_addr addr = sp_addr_from_v4(SP_BE32(0x0a000800 + i));

		assert_int_equal(kernel_vm_add(kernel, &addr), 0);
	}
}

static bool all_managed(struct kernel *kernel, const void *context)
{
	struct kernel_status status;

	kernel_status(kernel, &status);
	return status.neighbours == MANY + 1;
}

static void test_vm_add_when_many_then_bit_by_bit_and_kept_by_a_restart(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	char *reason = NULL;

	add_many(kernel);
	assert_false(all_managed(kernel, NULL));
	rig_wait(kernel, all_managed, NULL);
	add(kernel, SILENT);
	kernel_stop(kernel);

	kernel = rig_prepare(rig);
	add_many(kernel);
	assert_int_equal(kernel_attach(kernel, &reason), 0);
	rig_run(rig->edge_ns, "test $(ip neigh show proto 83 | wc -l) -eq %d", MANY + 2);
	/* The one that nobody added this time goes when all others are known to be needed. */
	rig_wait(kernel, all_managed, NULL);
	rig_run(rig->edge_ns, "test -z \"$(" IN_RIG SILENT ")\"");
	kernel_stop(kernel);
}

static void test_vm_add_when_entry_is_permanent_then_left_alone(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);

	rig_run(rig->edge_ns, "ip neigh add " SILENT " lladdr 02:00:00:00:00:09 dev " RIG_BUILDS);
	add(kernel, SILENT);
	assert_int_equal(vm(kernel, SILENT).state, KERNEL_VM_RESOLVED);
	drop(kernel, SILENT);
	rig_run(rig->edge_ns, IN_RIG SILENT " | grep -q PERMANENT");
	kernel_stop(kernel);
	assert_int_equal(kernel_detach(rig->config, NULL), 0);
	rig_run(rig->edge_ns, IN_RIG SILENT " | grep -q PERMANENT");
}

static bool is_managed_again(struct kernel *kernel, const void *context)
{
	return vm(kernel, RIG_VM).state == KERNEL_VM_RESOLVED;
}

static bool is_forgotten(struct kernel *kernel, const void *context)
{
	return vm(kernel, RIG_VM).state != KERNEL_VM_RESOLVED;
}

static void test_link_when_it_flaps_then_managed_again(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);

	rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	rig_run(rig->edge_ns, "ip link set " RIG_BUILDS " down");
	rig_wait(kernel, is_forgotten, NULL);
	rig_run(rig->edge_ns, "ip link set " RIG_BUILDS " up");
	rig_wait(kernel, is_managed_again, NULL);
	rig_run(rig->edge_ns, IN_RIG RIG_VM " | grep -q '" OURS "'");
	kernel_stop(kernel);
}

static void test_dispatch_when_news_of_a_neighbour_is_lost_then_managed_again(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	int few = 1;

	rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	assert_int_equal(
		setsockopt(kernel_netlink_fd(kernel), SOL_SOCKET, SO_RCVBUF, &few, sizeof(few)), 0);
	rig_run(rig->edge_ns, "for i in $(seq 2 60); do"
			      " ip neigh add 10.0.4.$i lladdr 02:00:00:00:00:01 dev " RIG_BUILDS
			      "; done; ip neigh del " RIG_VM " dev " RIG_BUILDS);
	assert_int_equal(kernel_netlink_dispatch(kernel), 0);
	assert_int_not_equal(vm(kernel, RIG_VM).state, KERNEL_VM_RESOLVED);
	rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	rig_run(rig->edge_ns, IN_RIG RIG_VM " | grep -q '" OURS "'");
	kernel_stop(kernel);
}

static bool client_is_known(struct kernel *kernel, const void *context)
{
	return system("ip neigh show dev " RIG_PUBLIC " " RIG_CLIENT " | grep -q lladdr") == 0;
}

static void test_wanted_when_written_then_looked_for(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	struct sp_wanted *row = &kernel_table(kernel)->wanted[0];

	assert_false(client_is_known(kernel, NULL));
	row->hop[row->count % SP_WANTED_HOPS] = (struct sp_wanted_hop){
		.addr = addr_of(RIG_CLIENT), .ifindex = if_nametoindex(RIG_PUBLIC)};
	row->count++;
	rig_wait(kernel, client_is_known, NULL);
	kernel_stop(kernel);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_make, rig_remove)
	const struct CMUnitTest tests[] = {
		TEST(test_vm_add_when_it_answers_then_managed_and_resolved),
		TEST(test_vm_remove_when_last_then_entry_is_gone),
		TEST(test_vm_add_when_it_is_silent_then_unanswered),
		TEST(test_vm_add_when_behind_a_gateway_then_gateway_is_managed),
		TEST(test_vm_add_when_behind_an_object_then_followed_until_it_goes),
		TEST(test_vm_add_when_it_is_ipv6_then_resolved_by_ndp),
		TEST(test_vm_add_when_routed_elsewhere_then_unrouted),
		TEST(test_start_when_routes_have_gateways_then_managed),
		TEST(test_start_when_earlier_vm_is_not_added_then_swept),
		TEST(test_vm_add_when_many_then_bit_by_bit_and_kept_by_a_restart),
		TEST(test_vm_add_when_entry_is_permanent_then_left_alone),
		TEST(test_link_when_it_flaps_then_managed_again),
		TEST(test_dispatch_when_news_of_a_neighbour_is_lost_then_managed_again),
		TEST(test_wanted_when_written_then_looked_for),
	};

	return cmocka_run_group_tests_name("neighbours", tests, NULL, NULL);
}
