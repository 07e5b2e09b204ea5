// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/watchful.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/table_map.h"
#include "rig.h"

/* Waits until the kernel has that to tell, and forgets what came before. */
static bool tells(struct kernel *kernel, const void *context)
{
	const enum kernel_change_type *awaited = context;
	const struct kernel_change *change;
	bool found = false;

	while (!found && (change = kernel_next_change(kernel))) {
		print_message("# %d: %s\n", change->type, change->what);
		found = change->type == *awaited;
		kernel_change_done(kernel);
	}
	return found;
}

static void wait_change(struct kernel *kernel, enum kernel_change_type type)
{
	rig_wait(kernel, tells, &type);
}

static uint32_t detached(struct kernel *kernel)
{
	return kernel_table(kernel)->settings->detached;
}

static int open_link(const struct rig *rig, const char *name)
{
	char path[PINS_PATH_SIZE];
	int fd = bpf_obj_get(pins_path(rig->bpf_dir, name, path));

	assert_true(fd >= 0);
	return fd;
}

static void detach_link(const struct rig *rig, const char *name)
{
	int fd = open_link(rig, name);

	assert_int_equal(bpf_link_detach(fd), 0);
	close(fd);
}

static int load_other(void)
{
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_XDP);
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "somebody", "GPL", pass, 2, &options);

	assert_true(fd >= 0);
	return fd;
}

static struct kernel *start(const struct rig *rig)
{
	struct kernel *kernel = rig_start(rig);

	rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	assert_int_equal(detached(kernel), 0);
	return kernel;
}

static void assert_carries(const struct rig *rig, struct kernel *kernel)
{
	struct kernel_status status;

	rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	kernel_status(kernel, &status);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_not_equal(status.interfaces[i].attachment, KERNEL_DETACHED);
		assert_string_equal(status.interfaces[i].problem, "");
	}
	assert_int_equal(detached(kernel), 0);
	assert_true(flow_passes(rig, 5000));
}

static void test_expire_when_link_is_detached_then_put_back(void **state)
{
	static const char *const links[] = {PINS_LINK_PUBLIC, PINS_LINK_BUILDS};
	struct rig *rig = rig_of(state);
	struct kernel *kernel = start(rig);

	for (unsigned int i = 0; i < 2; i++) {
		detach_link(rig, links[i]);
		/* Towards the VM the other program redirects alone. */
		assert_true(i == 1 || !flow_passes(rig, 1));
		wait_change(kernel, KERNEL_CHANGE_LOST);
		wait_change(kernel, KERNEL_CHANGE_RESTORED);
		assert_carries(rig, kernel);
	}
	assert_int_equal(kernel_figures(kernel).lost, 2);
	assert_int_equal(kernel_figures(kernel).restored, 2);
	kernel_stop(kernel);
	/* The links that were made are the pinned ones: a restart adopts them. */
	kernel = start(rig);
	assert_carries(rig, kernel);
	kernel_stop(kernel);
}

static uint32_t sockets_id(const struct rig *rig)
{
	struct bpf_map_info info = {0};
	__u32 bytes = sizeof(info);
	int fd = open_link(rig, PINS_XSKS_PUBLIC);

	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &bytes), 0);
	close(fd);
	return info.id;
}

/* The sockets of sallyport-dp are in the map: the program that is put back looks there too. */
static void test_expire_when_link_is_detached_then_sockets_stay(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = start(rig);
	uint32_t before = sockets_id(rig);

	detach_link(rig, PINS_LINK_PUBLIC);
	wait_change(kernel, KERNEL_CHANGE_RESTORED);
	assert_int_equal(sockets_id(rig), before);
	kernel_stop(kernel);
}

static void test_expire_when_program_on_our_link_is_replaced_then_put_back(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = start(rig);
	int fd = open_link(rig, PINS_LINK_BUILDS), other_fd = load_other();

	assert_int_equal(bpf_link_update(fd, other_fd, NULL), 0);
	close(fd);
	close(other_fd);
	wait_change(kernel, KERNEL_CHANGE_LOST);
	wait_change(kernel, KERNEL_CHANGE_RESTORED);
	assert_carries(rig, kernel);
	kernel_stop(kernel);
}

static void test_expire_when_foreign_program_then_told_and_left(void **state)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, none);
	struct rig *rig = rig_of(state);
	struct kernel *kernel = start(rig);
	int other_fd = load_other(), ifindex = (int)if_nametoindex(RIG_PUBLIC);
	struct kernel_status status;
	uint32_t foreign_id;

	detach_link(rig, PINS_LINK_PUBLIC);
	assert_int_equal(bpf_xdp_attach(ifindex, other_fd, XDP_FLAGS_DRV_MODE, &none), 0);
	foreign_id = rig_prog_id(RIG_PUBLIC);
	wait_change(kernel, KERNEL_CHANGE_LOST);
	kernel_status(kernel, &status);
	assert_int_equal(status.interfaces[0].attachment, KERNEL_DETACHED);
	assert_true(status.interfaces[0].foreign);
	assert_non_null(strstr(status.interfaces[0].problem, "somebody else's"));
	assert_int_equal(detached(kernel), 1);
	assert_int_equal(rig_prog_id(RIG_PUBLIC), foreign_id);
	assert_int_equal(bpf_xdp_detach(ifindex, XDP_FLAGS_DRV_MODE, &none), 0);
	wait_change(kernel, KERNEL_CHANGE_RESTORED);
	assert_carries(rig, kernel);
	close(other_fd);
	kernel_stop(kernel);
}

static void make_builds_again(const struct rig *rig, unsigned int peer_queues)
{
	rig_run(rig->edge_ns, "ip link del builds");
	rig_run(rig->edge_ns,
		"ip link add builds type veth peer name vm numtxqueues %u numrxqueues 1",
		peer_queues);
	rig_run(rig->edge_ns, "ip link set vm netns /proc/%d/fd/%d", getpid(), rig->vm_ns);
	rig_run(rig->edge_ns, "ip address add 10.0.0.1/16 dev builds && ip link set builds up");
	rig_run(rig->vm_ns, "ip address add " RIG_VM "/16 dev vm && ip link set vm up");
	rig_run(rig->vm_ns, "ip route add default via 10.0.0.1");
	rig_run(rig->vm_ns, "ethtool -K vm tx off gro on >/dev/null");
	if (peer_queues > 1)
		rig_run(rig->vm_ns, "ethtool -L vm tx %u", peer_queues);
}

static void test_expire_when_interface_is_made_anew_then_program_goes_there(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = start(rig);

	make_builds_again(rig, 1);
	wait_change(kernel, KERNEL_CHANGE_RESTORED);
	assert_carries(rig, kernel);
	kernel_stop(kernel);
}

/* A veth takes no program with fewer queues than its peer sends by: what failed is said, and tried
 * again. */
static void test_expire_when_first_attempt_fails_then_tried_until_it_does(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = start(rig);
	struct kernel_status status;

	make_builds_again(rig, 4);
	wait_change(kernel, KERNEL_CHANGE_FAILED);
	kernel_status(kernel, &status);
	assert_int_equal(status.interfaces[1].attachment, KERNEL_DETACHED);
	assert_non_null(strstr(status.interfaces[1].problem, "takes no XDP program"));
	assert_int_equal(detached(kernel), 2);
	rig_run(rig->vm_ns, "ethtool -L vm tx 1");
	wait_change(kernel, KERNEL_CHANGE_RESTORED);
	assert_carries(rig, kernel);
	kernel_stop(kernel);
}

static void test_expire_when_down_or_moved_then_told(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = start(rig);

	rig_run(rig->edge_ns, "ip link set builds down");
	wait_change(kernel, KERNEL_CHANGE_LOST);
	rig_run(rig->edge_ns, "ip link set builds up");
	wait_change(kernel, KERNEL_CHANGE_RESTORED);
	rig_run(rig->edge_ns, "ip link set public name other");
	wait_change(kernel, KERNEL_CHANGE_RENAMED);
	assert_int_equal(detached(kernel), 0);
	rig_run(rig->edge_ns, "ip link set other name public");
	rig_run(rig->edge_ns, "ip link set public netns /proc/%d/fd/%d", getpid(), rig->client_ns);
	wait_change(kernel, KERNEL_CHANGE_LOST);
	assert_int_equal(detached(kernel), 1);
	kernel_stop(kernel);
}

static bool corrected(struct kernel *kernel, const void *context)
{
	return kernel_figures(kernel).corrected >= *(const uint64_t *)context;
}

static void test_expire_when_switch_is_turned_off_then_put_right(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = start(rig);

	rig_run(rig->edge_ns,
		"sysctl -qw net.ipv4.ip_forward=1 && sysctl -qw net.ipv4.ip_forward=0");
	wait_change(kernel, KERNEL_CHANGE_CORRECTED);
	rig_run(rig->edge_ns, "test $(cat /proc/sys/net/ipv4/conf/lo/forwarding) = 1");
	assert_carries(rig, kernel);
	kernel_stop(kernel);
}

static void test_expire_when_neighbours_are_changed_by_hand_then_managed_again(void **state)
{
	static const char *const hands[] = {
		"ip neigh flush dev builds",
		"ip neigh replace " RIG_VM " lladdr 02:00:00:00:00:09 dev builds nud reachable",
		"ip neigh change " RIG_VM " lladdr 02:00:00:00:00:09 dev builds nud permanent",
		"ip link set builds down; ip link set builds up",
	};
	struct rig *rig = rig_of(state);
	struct kernel *kernel = start(rig);

	for (size_t i = 0; i < sizeof(hands) / sizeof(hands[0]); i++) {
		uint64_t wanted = kernel_figures(kernel).corrected + 1;

		print_message("# %s\n", hands[i]);
		rig_run(rig->edge_ns, "%s", hands[i]);
		rig_wait(kernel, corrected, &wanted);
		rig_run(rig->edge_ns, "ip neigh show " RIG_VM " | grep -q managed");
		rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	}
	kernel_stop(kernel);
}

/* Puts a socket that is no netlink socket in the place of one. */
static void spoil(int fd)
{
	int pair[2];

	assert_true(fd >= 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair),
			 0);
	assert_int_equal(send(pair[1], "", 1, 0), 1);
	assert_int_equal(dup3(pair[0], fd, O_CLOEXEC), fd);
	close(pair[0]);
	close(pair[1]);
}

static bool sees(struct kernel *kernel, const void *context)
{
	return kernel_figures(kernel).resyncs >= *(const uint64_t *)context &&
	       !kernel_figures(kernel).blind;
}

static void test_dispatch_when_netlink_fails_then_opened_anew(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = start(rig);
	const uint64_t once = 1;
	int fd = kernel_netlink_fd(kernel);

	spoil(fd);
	make_builds_again(rig, 1);
	assert_true(kernel_netlink_dispatch(kernel) < 0);
	assert_true(kernel_figures(kernel).blind);
	rig_wait(kernel, sees, &once);
	assert_int_not_equal(kernel_netlink_fd(kernel), fd);
	wait_change(kernel, KERNEL_CHANGE_RESTORED);
	assert_carries(rig, kernel);
	kernel_stop(kernel);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_make, rig_remove)
	const struct CMUnitTest tests[] = {
		TEST(test_expire_when_link_is_detached_then_put_back),
		TEST(test_expire_when_link_is_detached_then_sockets_stay),
		TEST(test_expire_when_program_on_our_link_is_replaced_then_put_back),
		TEST(test_expire_when_foreign_program_then_told_and_left),
		TEST(test_expire_when_interface_is_made_anew_then_program_goes_there),
		TEST(test_expire_when_first_attempt_fails_then_tried_until_it_does),
		TEST(test_expire_when_down_or_moved_then_told),
		TEST(test_expire_when_switch_is_turned_off_then_put_right),
		TEST(test_expire_when_neighbours_are_changed_by_hand_then_managed_again),
		TEST(test_dispatch_when_netlink_fails_then_opened_anew),
	};

	return cmocka_run_group_tests_name("watchful", tests, NULL, NULL);
}
